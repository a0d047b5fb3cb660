"""Which defences stand together, and a victim behind them."""

from collections.abc import Iterable

from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.defenses.base import Defense
from facetrial.faces.batch import FaceDataset


def check_defenses(defenses: dict[str, Defense]) -> dict[str, Defense]:
    """These defences, which stand in order, as they are.

    Raises:
        FacetrialError: one that must be the outermost is not first, one that detects is behind one that does not, or
            one that trains behind another that leaves pictures it cannot work on.
    """
    if any(defense.detects for defense in defenses.values()):
        _check_detectors(defenses)
    _check_training(defenses)
    for place, (name, defense) in enumerate(defenses.items()):
        if defense.outermost and place:
            raise FacetrialError(
                f"defense=[{','.join(defenses)}]: {name} must be named first, since nothing may stand in front of it; "
                f"give defense=[{','.join([name, *(other for other in defenses if other != name)])}]."
            )
    return defenses


def _check_detectors(defenses: dict[str, Defense]) -> None:
    named = f"defense=[{','.join(defenses)}]"
    detectors = [name for name, defense in defenses.items() if defense.detects]
    if alone := [name for name, defense in defenses.items() if defense.outermost]:
        raise FacetrialError(
            f"{named}: {detectors[0]} looks at embeddings, and votes such as those of {alone[0]} have none; put them "
            "on trial one at a time."
        )
    if list(defenses)[: len(detectors)] != detectors:
        rest = [name for name in defenses if name not in detectors]
        raise FacetrialError(
            f"{named}: {', '.join(detectors)} must be named first, for what detects sees the picture as it came; give "
            f"defense=[{','.join([*detectors, *rest])}]."
        )


def _check_training(defenses: dict[str, Defense]) -> None:
    named = f"defense=[{','.join(defenses)}]"
    training = [name for name, defense in defenses.items() if defense.trains]
    pairing = [name for name in training if defenses[name].place_in_training == 1]
    if len(pairing) > 1:
        raise FacetrialError(
            f"{named}: {' and '.join(pairing)} each pair a picture with a perturbed copy; train with one of them at a "
            "time."
        )
    ordered = sorted(training, key=lambda name: defenses[name].place_in_training)
    if ordered != training:
        rest = [name for name in defenses if name not in training]
        raise FacetrialError(
            f"{named}: of what trains, first come those that perturb pictures, then those that pair each with a "
            "perturbed copy (trades, consistent), then noise, which leaves [0, 1]; give "
            f"defense=[{','.join([*rest, *ordered])}]."
        )


def defended(victim: nn.Module, defenses: Iterable[Defense], faces: FaceDataset | None = None) -> nn.Module:
    """`victim` behind the defences, frozen and in eval mode; the first of them meets the picture first.

    Args:
        victim: identity scores (B, C) from images.
        defenses: in order.
        faces: as for `Defense.wrap_victim`.
    """
    for defense in reversed(list(defenses)):
        victim = defense.wrap_victim(victim, faces)
    return victim.eval().requires_grad_(False)
