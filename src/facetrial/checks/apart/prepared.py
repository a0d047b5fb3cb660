"""Whether the pictures of the trial were prepared as those were that the recogniser learned from."""

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from scipy import stats
from torch import Tensor
from torch.nn import functional as F

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.settings import Count, Share, Unit
from facetrial.recognition.layers import base_model, layers, scores_of
from facetrial.recognition.without_slope import keeps_answers

_BY_CHANCE = 0.001  # that a change which helps nobody gains as much


def _enlarged(images: Tensor, by: float) -> Tensor:
    """The middle of pictures, larger; smaller ones on their own edge."""
    maps = images.new_tensor([[1 / by, 0.0, 0.0], [0.0, 1 / by, 0.0]]).expand(len(images), 2, 3)
    grid = F.affine_grid(maps, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


# What undoes a slip in loading pictures, by what the slip was.
_CHANGES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "with red and blue exchanged": lambda images: images.flip(1),
    "upside down": lambda images: images.flip(2),
    "mirrored": lambda images: images.flip(3),
    "turned by a quarter to the left": lambda images: images.rot90(1, (2, 3)),
    "turned by a quarter to the right": lambda images: images.rot90(-1, (2, 3)),
    "with rows for columns": lambda images: images.transpose(2, 3),
    "twice as bright": lambda images: 2 * images,
    "half as bright": lambda images: images / 2,
    "a fifth of the range brighter": lambda images: images + 0.2,
    "a fifth of the range darker": lambda images: images - 0.2,
    "halfway to white": lambda images: 0.5 + images / 2,
    "a quarter larger": lambda images: _enlarged(images, 1.25),
    "a fifth smaller": lambda images: _enlarged(images, 0.8),
}


class AlikePrepared(Check):
    """The recogniser does not know the pictures of the trial better when they are changed as no loader should have to.

    Pictures that are loaded otherwise for the trial than for training, by OpenCV, turned, in half of the range, cut
    with another margin, are still recognised in part, and what is told of them is told of other pictures. Some are
    changed in ways that undo such a slip: where one has far more recognised, it is what happened to them.

    It is left out of pairs, and where nearly all are recognised as they are.

    Args:
        pictures: how many are looked at.
        least: share of pictures, net, that a change has to gain.
    """

    def __init__(self, pictures: Count = 64, least: Annotated[Share, Unit("of pictures")] = 0.1) -> None:
        self.pictures = pictures
        self.least = least

    def __call__(self, evidence: Evidence) -> Outcome:
        if evidence.of_pairs:
            return does_not_apply("pairs are judged and nobody is named")
        if keeps_answers(evidence.victim):
            return does_not_apply(
                "the recogniser's answers are kept: it is asked about no picture that need not be"
            )
        batch, victim = (
            evidence.batch(chosen := evidence.some(self.pictures, evidence.rows["file"])),
            base_model(evidence.victim),
        )

        def known(rows: Tensor, images: Tensor) -> Tensor:
            return scores_of(victim, images.clamp(0.0, 1.0)).argmax(1) == batch.identities[rows]

        everyone = torch.arange(len(batch), device=evidence.device)
        if layers(evidence.victim):
            before = known(everyone, batch.images)
        else:
            told = evidence.by_file.loc[[evidence.faces.files[i] for i in chosen], "correct_clean"]
            before = torch.tensor(told.to_numpy(dtype=bool), device=evidence.device)
        missed, right = everyone[~before], everyone[before]
        detail = f"{len(right)} of {len(batch)} clean pictures are recognised"
        if len(missed) <= self.least * len(batch):
            return does_not_apply(f"{detail} as they are: no change could gain much")
        square = batch.images.shape[2] == batch.images.shape[3]
        best, most = "", 0
        for what, change in _CHANGES.items():
            if not square and ("quarter to" in what or "columns" in what):
                continue
            gained = int(known(missed, change(batch.images[missed])).sum())
            if gained <= max(most, self.least * len(batch)):
                continue
            lost = int((~known(right, change(batch.images[right]))).sum()) if len(right) else 0
            by_chance = stats.binom.sf(gained - 1, gained + lost, 0.5)
            if gained - lost > max(most, self.least * len(batch)) and by_chance < _BY_CHANCE:
                best, most = what, gained - lost
        if not best:
            return passed(
                f"{detail}, and no more when they are turned, exchanged, brighter, darker, larger or smaller"
            )
        return failed(
            f"{detail}, and {len(right) + most} when they are shown {best}",
            "prepare the pictures of the trial as those that the recogniser learned from: look how both are loaded "
            "(OpenCV gives BGR), turned, scaled to [0, 1] and cut",
        )
