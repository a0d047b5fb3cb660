"""Training on noisy pictures, so that smoothing has a recogniser that bears its noise."""

from typing import Annotated

from facetrial.core.checked_settings import checked
from facetrial.core.settings import Count, Positive, Seed, Unit, whole
from facetrial.defenses.base import Defense
from facetrial.defenses.trained.noisy_data import NoisyFaces
from facetrial.defenses.trained.wrapped_data import TrainingFaces


class NoiseTraining(Defense):
    """Gaussian noise on every training picture, not clipped (Cohen et al., ICML 2019).

    Args:
        sigma: standard deviation, in units of [0, 1].
        copies: noisy copies of each picture that the head is fitted on, in the place of the clean one.
        seed: of the noise.
        all_layers: whether every block of the embedder is trained, unless `model.trainable` names some.
        epochs: of training, in the place of `trainer.max_epochs`; None leaves it at that.
    """

    trains = True
    place_in_training = 2

    @checked("defense.noise")
    def __init__(
        self,
        sigma: Annotated[Positive, Unit("in units of [0, 1]")],
        copies: Count,
        seed: Seed,
        all_layers: bool = True,
        epochs: Annotated[int, whole(0), Unit("epochs")] | None = None,
    ) -> None:
        self.sigma = sigma
        self.copies = copies
        self.seed = seed
        self.all_layers = all_layers
        self.epochs = epochs

    def wrap_data(self, faces: TrainingFaces) -> TrainingFaces:
        return NoisyFaces(faces, self.sigma, self.copies, self.seed)
