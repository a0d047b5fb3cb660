"""The study's table, person by person."""
