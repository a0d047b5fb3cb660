"""Facetrial puts a face recogniser on trial: attacks it, defends it, and returns a verdict."""

from importlib.metadata import version

__version__ = version("facetrial")
