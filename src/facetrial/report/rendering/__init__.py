"""How tables, charts and pages are laid out."""
