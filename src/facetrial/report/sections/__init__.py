"""The parts of a page, each from its figures."""
