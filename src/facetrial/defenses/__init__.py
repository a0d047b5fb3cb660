"""What stands against attacks: training on perturbed pictures, changed pictures, votes, detectors."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.defenses.base import Defense
    from facetrial.defenses.bit_depth import BitDepth
    from facetrial.defenses.blur import GaussianBlur, MedianBlur
    from facetrial.defenses.build import defended
    from facetrial.defenses.detectors import Detector, FeatureSqueezing, GalleryDistance
    from facetrial.defenses.jpeg import JPEG
    from facetrial.defenses.occlusion import Occlusion
    from facetrial.defenses.resize_pad import RandomResizePad
    from facetrial.defenses.smoothing import Smoothing
    from facetrial.defenses.total_variation import TotalVariation
    from facetrial.defenses.trained.adversarial_training import AdversarialTraining
    from facetrial.defenses.trained.noise_training import NoiseTraining
    from facetrial.defenses.trained.overfitting_guard import OverfittingGuard
    from facetrial.defenses.transform import InputTransform, RandomTransform

__all__ = [
    "JPEG",
    "AdversarialTraining",
    "BitDepth",
    "Defense",
    "Detector",
    "FeatureSqueezing",
    "GalleryDistance",
    "GaussianBlur",
    "InputTransform",
    "MedianBlur",
    "NoiseTraining",
    "Occlusion",
    "OverfittingGuard",
    "RandomResizePad",
    "RandomTransform",
    "Smoothing",
    "TotalVariation",
    "defended",
]

export_on_demand(__name__)
