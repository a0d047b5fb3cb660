"""Whether the victim says of a picture what it says of it in company."""

import torch
from torch import Tensor

from facetrial.attacks.objective import scores_of
from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed


class SameAlone(Check):
    """A picture's scores are the same alone, in a batch, and when they are asked for again.

    They are not where batch-norm takes its statistics from the batch, or dropout draws, whatever mode a layer says that
    it is in. Both make every gradient and every verdict depend on what else was in the batch.

    Args:
        pictures: how many make the batch.
        tolerance: largest difference, as a share of the spread of a picture's scores; convolutions round
            differently in another batch, on some devices by a thousandth.
    """

    def __init__(self, pictures: int = 4, tolerance: float = 0.01) -> None:
        self.pictures = pictures
        self.tolerance = tolerance

    def __call__(self, evidence: Evidence) -> Outcome:
        images = evidence.images(evidence.some(self.pictures))
        together = scores_of(evidence.victim, images)
        off = self._off(together, scores_of(evidence.victim, images))
        if off > self.tolerance:
            return self._failed(f"asked again, scores differ by {off:.3g} of their spread")
        try:
            alone = torch.cat([scores_of(evidence.victim, image[None]) for image in images])
        except (ValueError, RuntimeError) as error:
            return self._failed(f"a picture cannot be shown alone ({error})")
        off = self._off(together, alone)
        if off > self.tolerance:
            return self._failed(f"alone, scores differ from those in a batch by {off:.3g} of their spread")
        return passed(f"{len(images)} pictures: the same scores alone, together and asked again")

    def _off(self, first: Tensor, second: Tensor) -> float:
        spread = (first.amax(1) - first.amin(1)).clamp(min=1e-12)
        return float(((first - second).abs().amax(1) / spread).max())

    def _failed(self, detail: str) -> Outcome:
        return failed(
            detail,
            "put batch-norm on its running statistics and switch dropout off (F.dropout draws unless it is told "
            "training=self.training; BatchNorm needs track_running_stats=True)",
        )
