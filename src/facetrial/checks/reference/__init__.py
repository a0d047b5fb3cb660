"""A second attack, whose code shares nothing with the methods on trial."""
