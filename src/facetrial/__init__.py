"""Facetrial puts a face recogniser on trial: attacks it, defends it, and returns a verdict."""

from importlib.metadata import version

from facetrial.api import attack
from facetrial.attacks.engine import Attack

__all__ = ["Attack", "attack"]
__version__ = version("facetrial")
