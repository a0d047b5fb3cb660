"""Facetrial puts a face recogniser on trial: attacks it, defends it, and returns a verdict."""
