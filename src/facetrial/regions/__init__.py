"""Where an attack may change a picture: masks made from landmarks, and things that are worn."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.regions.regions import Discs, Ears, Everywhere, Region, Scattered
    from facetrial.regions.wearables import Glasses, HatBand, Sticker

__all__ = ["Discs", "Ears", "Everywhere", "Glasses", "HatBand", "Region", "Scattered", "Sticker"]

export_on_demand(__name__)
