"""Pictures beside their perturbed copies: what they weigh in a step of training, and how perturbing begins."""

from dataclasses import dataclass
from typing import Annotated

from facetrial.core.checked_settings import check_values
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import NotNegative, Unit, whole
from facetrial.faces.batch import Faces


@dataclass(frozen=True)
class Weights:
    """What a training step on pictures and their perturbed copies makes smaller.

    Attributes:
        clean: weight of the loss on the pictures as they are.
        perturbed: weight of the loss on the perturbed copies.
        consistency: weight of 1 - cosine similarity between the embeddings of a picture and its copy.

    Raises:
        FacetrialError: one is negative, or all are zero.
    """

    clean: NotNegative = 0.0
    perturbed: NotNegative = 1.0
    consistency: NotNegative = 0.0

    def __post_init__(self) -> None:
        check_values("defense.adv.weights", type(self).__annotations__, vars(self))
        if not any(vars(self).values()):
            raise FacetrialError("defense.adv.weights must not all be zero.")


@dataclass
class CleanAndPerturbed:
    """Pictures and their perturbed copies, in the same order."""

    clean: Faces
    perturbed: Faces
    weights: Weights

    def __len__(self) -> int:
        return len(self.clean)


@dataclass(frozen=True)
class Schedule:
    """How perturbing begins.

    Attributes:
        begin: epochs before the first perturbed picture.
        grow: epochs over which the budget then grows to its full size.
        spread: epochs over which the share of perturbed pictures then grows to its full size.

    Raises:
        FacetrialError: one is no whole number of epochs.
    """

    begin: Annotated[int, whole(0), Unit("epochs")] = 0
    grow: Annotated[int, whole(0), Unit("epochs")] = 0
    spread: Annotated[int, whole(0), Unit("epochs")] = 0

    def __post_init__(self) -> None:
        check_values("defense.adv.schedule", type(self).__annotations__, vars(self))

    def budget(self, epoch: int) -> float:
        """The part of the budget in `epoch`, counted from 0: from 0 to 1."""
        return self._part(epoch, self.grow)

    def share(self, epoch: int) -> float:
        """The part of the fraction in `epoch`: from 0 to 1."""
        return self._part(epoch, self.spread)

    def _part(self, epoch: int, over: int) -> float:
        if epoch < self.begin:
            return 0.0
        return min(1.0, (epoch - self.begin + 1) / (over + 1))

    @property
    def epochs(self) -> int:
        """How many epochs it takes until everything has its full size, that one counted."""
        return self.begin + max(self.grow, self.spread) + 1
