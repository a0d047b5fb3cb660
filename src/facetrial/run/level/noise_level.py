"""A calibrated noise level, found once for a victim and kept."""

import logging
from pathlib import Path

from hydra.utils import instantiate

from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.core.locks import file_lock
from facetrial.core.plain import from_plain, read_json, write_json
from facetrial.core.provenance import package_code, users_code
from facetrial.metrics.parts import NoiseLevel
from facetrial.runtime.plan import Settings, class_name
from facetrial.training.plan import RecognizerPlan
from facetrial.training.train import recognizer_for

log = logging.getLogger(__name__)

# Of this package, what a level comes from beside the victim.
_DECIDE = (
    "attacks", "core/exact_sums.py", "core/randomness.py", "faces/head.py", "regions", "run/level/calibration.py",
)  # fmt: skip


def noise_level_of(rule: Settings, plan: RecognizerPlan) -> NoiseLevel:
    """The level that a rule finds; it is kept beside the victim's checkpoint.

    Args:
        rule: settings of a `StudyRule`.
        plan: of the victim without defences, so that every defence is tried at the same level.
    """
    seed = plan.data["split_seed"]
    victim = recognizer_for(plan).freeze()
    code = [package_code(*_DECIDE), users_code(rule)]
    name = digest([rule, plan.path.name, plan.landmarks_recipe, seed, code], size=6)
    kept = Path(plan.paths["models"]).expanduser() / f"noise-level-{name}.json"
    with file_lock(kept):
        if (level := _kept(kept)) is None:
            log.info("Finding the noise level on validation pictures …")
            faces = plan.make_faces(with_landmarks=True).validation_faces
            level = instantiate(rule).find(victim, faces, seed)
            write_json(level, kept, checksum=True)
    log.info("Noise level: RMS %.3f (%s)", level.rms, kept)
    return level


def check_takes_level(attack: Settings) -> None:
    """Raises FacetrialError unless a noise level is a size for the budget of an attack."""
    if "rms" not in attack["budget"]:
        raise FacetrialError(
            f"calibration finds a noise level, an RMS, and the attack's budget is {class_name(attack['budget'])}. Give "
            "attack/budget=rms, or leave calibration out."
        )


def _kept(path: Path) -> NoiseLevel | None:
    """The level in a file; None where it is to be found, for there is none, or a damaged one."""
    if not path.is_file():
        return None
    try:
        return from_plain(NoiseLevel, read_json(path), path)
    except FacetrialError as error:
        log.warning("%s The level is found again.", error)
        return None


def at_level(attack: Settings, rms: float) -> Settings:
    """The settings of an attack, with the level in its budget."""
    return attack | {"budget": attack["budget"] | {"rms": rms}}


def trained_at(defense: Settings, rms: float) -> Settings:
    """The settings of a defence, with the level in the budget of the attack that it trains on, where it is of RMS."""
    attack = defense.get("attack") or {}
    if "rms" not in (attack.get("budget") or {}):
        return defense
    return defense | {"attack": at_level(attack, rms)}
