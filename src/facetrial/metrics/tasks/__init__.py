"""What the same rows say of identification, verification, the open set and pairs."""
