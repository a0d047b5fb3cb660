"""Short names for trials: for all that decides what one leaves, and for all that decides a picture's row."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from facetrial.core.digests import digest
from facetrial.core.provenance import file_content, package_code, users_code, without
from facetrial.data.pairs_file import Pair
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.layers import draws_at_random
from facetrial.runtime.plan import Settings
from facetrial.training.plan import RecognizerPlan

# What may differ in `data` between two trials whose rows are the same: rows are keyed by picture.
_NOT_IN_ROWS = ("limit", "batch_size", "cache")
# Of this package, what a picture's row comes from.
_DECIDE_ROWS = (
    "attacks", "core/exact_sums.py", "core/randomness.py", "data", "defenses", "faces", "landmarks", "recognition",
    "regions", "training", "trial",
)  # fmt: skip
# And what a victim's answers come from.
_DECIDE_ANSWERS = ("core/randomness.py", "data", "defenses", "faces", "recognition", "trial/held_out.py")
# What may differ between two starts of one trial. What stands in `data`, `landmarks`, `embedder` and `trainer` is told
# by recipes.
_NOT_ASKED = ("paths", "callbacks", "resume", "gate", "logger", "data", "landmarks", "embedder", "trainer")
_PLACES = ("hydra", "paths", "callbacks", "trainer", "logger")


def trial_digest(
    settings: Settings,
    plan: RecognizerPlan,
    surrogate: RecognizerPlan | None,
    choices: Mapping[str, str],
    overrides: Sequence[str],
) -> str:
    """A short name for all that decides what a trial leaves: its config and the files it names, and this code.

    No model is loaded for it: data counts by the names and contents of its files, weights by their content.

    Args:
        settings: the whole config.
        plan: of the recogniser, as the config asks for it.
        surrogate: likewise of whom the attack asks in its place; None where it asks the recogniser.
        choices: the name of the config that was chosen, by group.
        overrides: the words of the command line.
    """
    return digest(
        {
            "code": package_code(),
            "own": users_code(settings),
            "config": _with_contents(without(settings, _NOT_ASKED)),
            "loggers": sorted(settings["logger"]),
            "data": plan.data_recipe("batch_size", "cache"),
            "landmarks": plan.landmarks_recipe,
            "trainer": plan.trainer_recipe,
            "recognizer": plan.recipe,
            "choices": {
                group: choice for group, choice in choices.items() if group.partition("/")[0] not in _PLACES
            },
            "attack": sorted(o for o in overrides if o.startswith("attack")),
            "surrogate": None if surrogate is None else surrogate.recipe,
            "order": _order(settings),
        }
    )


def trial_fingerprint(
    settings: Settings,
    plan: RecognizerPlan,
    asked: list[nn.Module],
    with_landmarks: FaceDataset | None,
    pairs: Sequence[Pair] = (),
) -> str:
    """A short name for all that decides a picture's row: victim and surrogate, attack, seed, data, landmarks.

    Args:
        settings: the whole config.
        plan: of the recogniser.
        asked: the networks.
        with_landmarks: faces whose landmarks decide too.
        pairs: what is attacked, where it is pairs of pictures.
    """
    parts = ("attack", "goal", "defense", "certificate")
    about = {
        "code": package_code(*_DECIDE_ROWS),
        "own": users_code([settings[part] for part in (*parts, "embedder", "model", "data")]),
        **{part: settings[part] for part in parts},
        "order": _order(settings),
        "precision": settings["trainer"].get("precision"),  # in which steps are chosen
        "head": settings["model"]["head"],
        "seed": settings["seed"],
        "data": plan.data_recipe(*_NOT_IN_ROWS),
        "pairs": [vars(pair) for pair in pairs],
    }
    landmarks = [] if with_landmarks is None else [with_landmarks.landmarks]
    return digest(*(network.state_dict() for network in asked), about, *landmarks)


def victim_fingerprint(settings: Settings, plan: RecognizerPlan, victim: nn.Module) -> str:
    """A short name for all that decides what a victim makes of the clean pictures of its data.

    Args:
        settings: the whole config.
        plan: of the recogniser.
        victim: behind its defences.
    """
    about = {
        "code": package_code(*_DECIDE_ANSWERS),
        "own": users_code([settings[part] for part in ("defense", "embedder", "model", "data")]),
        "defense": settings["defense"],
        "order": _order(settings),
        "data": plan.data_recipe(*_NOT_IN_ROWS),
    }
    return digest(victim.state_dict(), about)


def answers_name(settings: Settings, plan: RecognizerPlan, victim: nn.Module) -> str | None:
    """A name for all that decides what a victim answers to a picture; None where nobody knows.

    One that draws may answer otherwise, and so may code of the user's.

    Args:
        settings, plan, victim: as for `victim_fingerprint`.
    """
    if draws_at_random(victim) or not plan.all_own:
        return None
    parts = [settings[part] for part in ("defense", "embedder", "model")]
    return digest(victim_fingerprint(settings, plan, victim), *parts)


def _order(settings: Settings) -> list[str]:
    """The defences in the order in which they meet a picture, of which a digest of keys and values knows nothing."""
    return list(settings["defense"])


def _with_contents(value: Any) -> Any:
    """Plain values in which what names a file is its content, so that a file that has changed counts as another."""
    if isinstance(value, dict):
        return {str(key): _with_contents(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_contents(item) for item in value]
    if isinstance(value, str):
        with contextlib.suppress(OSError):  # too long for a file's name
            return file_content(value)
    return value
