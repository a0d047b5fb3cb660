"""Training on perturbed pictures, the study's defence."""

from lightning import LightningDataModule

from facetrial.attacks.engine import Attack
from facetrial.data.adversarial import AdversarialFaces
from facetrial.defenses.defense import Defense


class AdversarialTraining(Defense):
    """Mixes perturbed pictures into those that recogniser and head are trained on.

    Args:
        attack: what perturbs.
        fraction: share of the training pictures that are perturbed.
        seed: of the draws. A picture's noise depends on the picture too, so that no test picture meets noise
            that was trained on.
    """

    trains = True

    def __init__(self, attack: Attack, fraction: float, seed: int) -> None:
        self.attack = attack
        self.fraction = fraction
        self.seed = seed

    @property
    def needs_landmarks(self) -> bool:
        return self.attack.needs_landmarks

    def wrap_data(self, faces: LightningDataModule) -> LightningDataModule:
        return AdversarialFaces(faces, self.attack, self.fraction, self.seed)
