"""The pictures that a victim was trained on or enrolled with, which it takes along to its trial."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from torch import nn

from facetrial.faces.batch import FaceDataset
from facetrial.recognition.layers import base_model

_KEY = "trained_on"


@dataclass(frozen=True)
class _TrainedOn:
    """What a victim keeps. Copies of it share the pictures; a file of it holds none of them, and knows them no more.

    Attributes:
        pictures: loads them.
    """

    pictures: Callable[[], FaceDataset | None]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[type["_TrainedOn"], tuple[Callable[[], None]]]:
        return _TrainedOn, (_unknown,)


def remember(victim: nn.Module, pictures: Callable[[], FaceDataset]) -> None:
    """Has `victim`, defended or not, know what it was trained on or enrolled with, which is loaded when asked for."""
    vars(base_model(victim))[_KEY] = _TrainedOn(pictures)


def training_pictures(victim: nn.Module) -> FaceDataset | None:
    """What `victim`, defended or not, was trained on or enrolled with; None where it does not know.

    Raises:
        FacetrialError: it is of a run, and its pictures cannot be loaded any more.
    """
    known = getattr(base_model(victim), _KEY, None)
    return known.pictures() if isinstance(known, _TrainedOn) else None


def _unknown() -> None:
    """Of a victim that came from a file."""
