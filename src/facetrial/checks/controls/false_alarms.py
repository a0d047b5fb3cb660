"""Whether a detector flags as many clean pictures as it says."""

import math

import numpy as np
import torch
from scipy import stats

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.settings import Count
from facetrial.data.splits import evenly_over_people
from facetrial.defenses.detectors import Detector
from facetrial.faces.batch import FaceDataset, pictures_a_batch
from facetrial.recognition.layers import Defended, layers
from facetrial.recognition.victim import whole_float32
from facetrial.recognition.without_slope import keeps_answers

_ROUNDING = 1  # pictures whose suspicion lies on the threshold, and beside it in another batch
_BY_CHANCE = 1e-4  # that some of the pictures on which a threshold was set are flagged so often, or so seldom


class FalseAlarms(Check):
    """A detector flags the share of validation pictures that its `false_alarms` allow, neither more nor less.

    Its threshold is one of their suspicions. One that was set on other pictures (those trained on, tested or
    perturbed), for another network, or at the wrong end flags too many, and pictures count as caught that any picture
    is, or too few, and the detector seems to be worth nothing.

    It is left out where no detector is the outermost defence, where there are no validation pictures, and where answers
    are kept.

    Args:
        pictures: how many validation pictures are shown at most, evenly over people.
    """

    def __init__(self, pictures: Count = 256) -> None:
        self.pictures = pictures

    def __call__(self, evidence: Evidence) -> Outcome:
        outermost = next(iter(layers(evidence.victim)), None)
        detector = getattr(outermost, "defense", None)
        if outermost is None or not isinstance(detector, Detector):
            return does_not_apply("no detector is the outermost defence")
        held = evidence.validation_faces
        if held is None or len(held) == 0 or evidence.of_pairs or keeps_answers(evidence.victim):
            return does_not_apply("there are no validation pictures to show to the detector")
        found = self._suspicions(outermost, held, evidence.device)
        whole, shown = len(held), int(np.isfinite(found).sum())
        flagged = int((found > 1).sum())
        above = max(whole - math.ceil((whole + 1) * (1 - detector.false_alarms)), 0)
        drawn = stats.hypergeom(whole, above, shown)
        chance = min(drawn.cdf(flagged + _ROUNDING), drawn.sf(flagged - _ROUNDING - 1))
        detail = (
            f"{flagged} of {shown} validation pictures are flagged by {type(detector).__name__}, which allows for "
            f"{above} of {whole}"
        )
        if chance >= _BY_CHANCE:
            return passed(detail)
        return failed(
            detail,
            "set the threshold on clean validation pictures, which nothing was trained on, of this very victim, at the "
            "quantile that false_alarms says",
        )

    @torch.no_grad()
    @whole_float32()  # as pictures are flagged
    def _suspicions(self, detecting: Defended, held: FaceDataset, device: torch.device) -> np.ndarray:
        chosen = held.subset(evenly_over_people(held.identities, self.pictures, 0))
        found = [
            detecting.suspicion(batch.images) for batch in chosen.batches(pictures_a_batch(device), device)
        ]
        return np.concatenate([part.cpu().numpy() for part in found if part is not None])
