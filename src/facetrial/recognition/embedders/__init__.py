"""Networks from a face to an embedding, and what brings them in."""
