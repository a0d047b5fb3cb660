"""How attack, defence and embedder are called: the chosen config, with what the command line changed of it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def embedder_name(embedder: str, settings: Mapping[str, Any]) -> str:
    """The embedder's config name, and of one that is the user's which it is.

    >>> embedder_name("own", {"_target_": "my_module.MyEmbedder"})
    'own (MyEmbedder)'
    >>> embedder_name("onnx", {"weights": "models/r50.onnx"})
    'onnx (r50.onnx)'
    """
    which = {
        "own": lambda: settings["_target_"].rpartition(".")[2],
        "onnx": lambda: Path(settings["weights"]).name,
    }
    return f"{embedder} ({which[embedder]()})" if embedder in which else embedder


def attack_name(attack: str, overrides: Sequence[str]) -> str:
    """The attack's config name, with what the command line changed of it, as shortly as it is clear.

    An experiment's variant of an attack has a folder before its name, and is called as what it varies.

    >>> attack_name("pgd", ["attack/region=eyes", "attack.budget.eps=4", "seed=1", "attack.method.step=0.11078412"])
    'pgd (region=eyes, eps=4, step=0.1108)'
    >>> attack_name("defenses/pgd", ["attack=defenses/pgd"])
    'pgd'
    """
    changes = [o.removeprefix("attack")[1:] for o in overrides if changes_attack(o)]
    return with_changes(attack.rpartition("/")[2], changes)


def defense_name(defense: str, overrides: Sequence[str]) -> str:
    """The names of the defences, with what the command line changed of them, as shortly as it is clear.

    >>> defense_name("jpeg", ["attack=pgd", "defense=jpeg", "defense.jpeg.quality=50"])
    'jpeg (quality=50)'
    >>> defense_name("adv", ["attack@defense.adv.attack=landmarks", "defense.adv.attack.budget.rms=0.2"])
    'adv (attack=landmarks, rms=0.2)'
    """
    changes = [o.removeprefix("+").removeprefix("defense.") for o in overrides if changes_defense(o)]
    return with_changes(defense, changes)


def changes_attack(override: str) -> bool:
    """Whether an override changes a part or a setting of the attack."""
    return override.startswith(("attack.", "attack/")) and not changes_defense(override)


def changes_defense(override: str) -> bool:
    """Whether an override changes a setting of a defence, or the attack that it trains on."""
    key = override.removeprefix("+").partition("=")[0]
    return key.startswith("defense.") or "@defense." in key


def with_changes(name: str, overrides: Sequence[str]) -> str:
    changed = [override.partition("=") for override in overrides]
    last = [re.split(r"[./]", key.partition("@")[0])[-1] for key, _, _ in changed]
    words = [
        f"{short if last.count(short) == 1 else key}={_rounded(value)}"
        for short, (key, _, value) in zip(last, changed, strict=True)
    ]
    return f"{name} ({', '.join(words)})" if words else name


def _rounded(value: str) -> str:
    """A number of many digits in four; anything else as it is."""
    return f"{float(value):.4g}" if re.fullmatch(r"-?\d*\.\d{5,}(e-?\d+)?", value) else value
