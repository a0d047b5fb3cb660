"""Facetrial puts a face recogniser on trial: attacks it, defends it, and returns a verdict."""

from importlib.metadata import version

from facetrial.api import attack
from facetrial.attacks.engine import Attack
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim

__all__ = ["Attack", "GalleryHead", "Victim", "attack"]
__version__ = version("facetrial")
