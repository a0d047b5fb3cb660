"""The defences that a config names, and a victim behind them."""

from collections.abc import Iterable

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.defenses.base import Defense
from facetrial.faces.batch import FaceDataset


def build_defenses(config: DictConfig) -> dict[str, Defense]:
    """The defences that `config.defense` names, in order.

    Raises:
        FacetrialError: one is named twice, one that must be the outermost not first, one that detects behind one that
            does not, or one that trains behind another that leaves pictures it cannot work on.
    """
    _check_named_once(config)
    defenses = dict(instantiate(config.defense))
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


def _check_named_once(config: DictConfig) -> None:
    """Hydra lays two defences that use one key over each other, without a word."""
    if not HydraConfig.initialized():
        return
    task = HydraConfig.get().overrides.task
    named = [o.removeprefix("defense=[").removesuffix("]") for o in task if o.startswith("defense=[")]
    names = [name.strip() for name in named[-1].split(",")] if named else []
    if len(names) > 1 and "none" in names:
        raise FacetrialError(
            f"defense=[{','.join(names)}] names none beside others; leave it out, or give defense=none."
        )
    if config.defense and len(names) > len(config.defense):  # it is emptied where none is to stand
        raise FacetrialError(
            f"defense=[{','.join(names)}] names one defence twice, or two that are settings of one; found "
            f"{', '.join(config.defense) or 'none'}. Name each once, and change it with defense.NAME.KEY=VALUE."
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
