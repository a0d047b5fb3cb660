"""Whom an attack asks: whether it can, and the recogniser in the victim's place, as a plan describes it."""

import copy
import logging
from collections.abc import Mapping

from omegaconf import DictConfig, open_dict

from facetrial.attacks.attack import Attack
from facetrial.attacks.surrogate import Surrogate, maps_between
from facetrial.core.errors import FacetrialError
from facetrial.data.datamodule import FacesDataModule
from facetrial.recognition.embedders.factory import has_slope
from facetrial.recognition.without_slope import NEEDS_NO_SLOPE
from facetrial.runtime import started
from facetrial.runtime.plan import Settings
from facetrial.training.plan import RecognizerPlan
from facetrial.training.train import recognizer_for

log = logging.getLogger(__name__)


def check_slopes(attack: Attack, settings: Settings, choices: Mapping[str, str]) -> None:
    """Raises FacetrialError for an attack that goes by slopes where who is asked shows none; nothing is made for it.

    Args:
        attack: less its surrogate.
        settings: the whole config.
        choices: the name of the config that was chosen, by group.
    """
    asked, name = settings["embedder"], settings["attack"].get("surrogate")
    if name is not None:
        asked = started.settings_of("embedder", name, "attack.surrogate")
    if attack.method.asks_gradient and not has_slope(asked):
        raise FacetrialError(
            f"embedder={name or choices['embedder']} answers and shows no slope, by which attack={choices['attack']} "
            f"goes. {NEEDS_NO_SLOPE}."
        )


def surrogate_plan(config: DictConfig, settings: Settings) -> RecognizerPlan | None:
    """How the recogniser is made that the attack asks in the victim's place; None where it asks the victim.

    Args:
        config: the whole config.
        settings: the same, plain.

    Raises:
        FacetrialError: its embedder shows no slope.
    """
    name = settings["attack"].get("surrogate")
    if name is None:
        return None
    embedder = started.settings_of("embedder", name, "attack.surrogate")
    if not has_slope(embedder):
        raise FacetrialError(
            f"embedder={name} answers and shows no slope, by which every attack on a surrogate goes. {NEEDS_NO_SLOPE}."
        )
    if (weights := settings["surrogate"]["weights"]) is not None:
        embedder["weights"] = weights
    other = copy.deepcopy(config)
    with open_dict(other):
        other.embedder = embedder  # by which the data cuts its faces
        other.model.checkpoint = None  # which holds the victim
    return RecognizerPlan.of(other).but(defense=settings["defense"])


def make_surrogate(plan: RecognizerPlan, faces: FacesDataModule) -> Surrogate:
    """The surrogate.

    Args:
        plan: the victim's, but for the embedder and how it wants faces cut.
        faces: as the victim sees them.
    """
    log.info("The attack asks a surrogate, %s.", plan.embedder["_target_"].rpartition(".")[2])
    victim = recognizer_for(plan).freeze()
    seen = plan.make_faces().all_faces
    return Surrogate(victim, maps_between(faces.all_faces, seen), plan.embedder["size"])
