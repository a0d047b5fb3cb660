"""Training on perturbed pictures, the study's defence."""

from lightning import LightningDataModule

from facetrial.attacks.engine import Attack
from facetrial.data.adversarial import AdversarialFaces
from facetrial.data.module import FacesDataModule


class AdversarialTraining:
    """Mixes perturbed pictures into those that recogniser and head are trained on.

    Args:
        attack: what perturbs.
        fraction: share of the training pictures that are perturbed.
        seed: of the draws; apart from the trial's own, so that the test's noise was never trained on.
    """

    def __init__(self, attack: Attack, fraction: float, seed: int) -> None:
        self.attack = attack
        self.fraction = fraction
        self.seed = seed

    @property
    def needs_landmarks(self) -> bool:
        return self.attack.needs_landmarks

    def wrap_data(self, faces: FacesDataModule) -> LightningDataModule:
        """The datamodule to train on in place of `faces`."""
        return AdversarialFaces(faces, self.attack, self.fraction, self.seed)
