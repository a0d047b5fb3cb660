"""Faces that the project draws itself, of invented people with exact landmarks."""
