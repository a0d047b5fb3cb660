"""Training pictures with Gaussian noise, which may leave [0, 1]."""

from collections.abc import Iterator
from typing import Any

from facetrial.core.checked_settings import checked
from facetrial.core.randomness import Draws
from facetrial.core.settings import Count, Positive, Seed
from facetrial.defenses.trained.adversarial_batches import CleanAndPerturbed
from facetrial.defenses.trained.wrapped_data import TrainingFaces, WrappedFaces
from facetrial.faces.batch import Faces
from facetrial.recognition.victim import Victim


class NoisyFaces(WrappedFaces):
    """The faces of another datamodule, with noise on each training picture, drawn anew every epoch.

    Args:
        faces: the datamodule that is wrapped.
        sigma: standard deviation of the noise, in units of [0, 1].
        copies: noisy copies of each picture that the head is fitted on, in the place of the picture.
        seed: of the noise.
    """

    @checked("defense.noise")
    def __init__(self, faces: TrainingFaces, sigma: Positive, copies: Count, seed: Seed) -> None:
        super().__init__(faces)
        self.sigma = sigma
        self.copies = copies
        self.seed = seed

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        batch = super().on_after_batch_transfer(batch, dataloader_idx)
        if self.trainer is None or not self.trainer.training:
            return batch
        draw = self.copies + self.trainer.current_epoch
        if isinstance(batch, CleanAndPerturbed):  # the same noise on both
            return CleanAndPerturbed(
                self.noisy(batch.clean, draw), self.noisy(batch.perturbed, draw), batch.weights
            )
        return self.noisy(batch, draw)

    def noisy(self, batch: Faces, draw: int) -> Faces:
        """The batch with the noise of (seed, picture, draw)."""
        noise = Draws(self.seed, batch.pictures, draw).normal(
            tuple(batch.images.shape[1:]), "noise in training"
        )
        return batch.with_images(batch.images + self.sigma * noise)

    def head_batches(self, victim: Victim | None = None) -> Iterator[Faces]:
        for batch in self.faces.head_batches(victim):
            for copy in range(self.copies):
                yield self.noisy(batch, copy)
