"""Weights that somebody published: what is known of them, and how they come here."""
