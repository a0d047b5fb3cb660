"""How attack, defence and embedder are called: the chosen config, with what the command line changed of it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit


def embedder_name(embedder: str, settings: Mapping[str, Any]) -> str:
    """The embedder's config name, and of one that is the user's which it is.

    >>> embedder_name("own", {"_target_": "my_module.MyEmbedder"})
    'own (MyEmbedder)'
    >>> embedder_name("onnx", {"weights": "models/r50.onnx"})
    'onnx (r50.onnx)'
    >>> embedder_name("http", {"url": "http://127.0.0.1:8000/faces?key=1", "encoding": "png"})
    'http (127.0.0.1:8000/faces, png)'
    >>> embedder_name("command", {"command": ["python", "tools/embed.py"], "encoding": "float32"})
    'command (embed.py, float32)'
    >>> embedder_name("callable", {"function": "my_module.embed", "takes": "uint8"})
    'callable (embed, uint8)'
    """
    which: dict[str, Callable[[], str]] = {
        "own": lambda: settings["_target_"].rpartition(".")[2],
        "onnx": lambda: Path(settings["weights"]).name,
        "http": lambda: (
            f"{urlsplit(settings['url']).netloc}{urlsplit(settings['url']).path}, {settings['encoding']}"
        ),
        "command": lambda: f"{Path(settings['command'][-1]).name}, {settings['encoding']}",
        "callable": lambda: f"{re.split('[.:]', settings['function'])[-1]}, {settings['takes']}",
    }
    return f"{embedder} ({which[embedder]()})" if embedder in which else embedder


def head_name(settings: Mapping[str, Any]) -> str:
    """The head's class in short, with the settings that decide how its people are weighed.

    >>> head_name({"_target_": "facetrial.recognition.SVMHead", "c": 1.0, "class_weight": "balanced"})
    'svm (class_weight=balanced)'
    >>> head_name({"_target_": "facetrial.recognition.GalleryHead", "scale": 24.0, "pictures": None})
    'gallery'
    """
    name = settings["_target_"].rpartition(".")[2].removesuffix("Head").lower()
    decide = {key: settings.get(key) for key in ("kernel", "c", "class_weight", "pictures")}
    usual = {"kernel": "linear", "c": 1.0}
    return _with_changes(
        name, {key: str(v) for key, v in decide.items() if v is not None and v != usual.get(key)}
    )


@dataclass(frozen=True)
class Chosen:
    """The configs of attack and defences, and what the command line changed of them.

    Attributes:
        attack: name of the attack's config.
        attack_changes: values by key below the attack: {"region": "eyes", "budget.eps": "4"}.
        defenses: names of the defences.
        defense_changes: values by key below the defences: {"jpeg.quality": "50"}.
        trained: those of the defences that train the recogniser.
    """

    attack: str
    attack_changes: Mapping[str, str]
    defenses: tuple[str, ...]
    defense_changes: Mapping[str, str]
    trained: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, attack: str, defenses: Iterable[str], overrides: Sequence[str], trained: Iterable[str] = ()
    ) -> Self:
        """What was chosen, from the overrides of a command line."""
        of_attack = [o[len("attack.") :] for o in overrides if changes_attack(o)]
        of_defense = [o.removeprefix("+").removeprefix("defense.") for o in overrides if changes_defense(o)]
        named = attack.rpartition("/")[2]  # an experiment's variant of an attack lies in a folder
        return cls(named, _by_key(of_attack), tuple(defenses), _by_key(of_defense), tuple(trained))

    @property
    def attack_name(self) -> str:
        """The attack's config, with what was changed of it, as shortly as it is clear.

        >>> Chosen.of("pgd", [], ["attack/region=eyes", "attack.budget.eps=4", "seed=1", "attack.method.step=0.11078412"]).attack_name
        'pgd (region=eyes, eps=4, step=0.1108)'
        >>> Chosen.of("defenses/pgd", [], ["attack=defenses/pgd"]).attack_name
        'pgd'
        """  # noqa: E501
        return _with_changes(self.attack, self.attack_changes)

    @property
    def defense_name(self) -> str:
        """The defences, "none" without, with what was changed of them, as shortly as it is clear.

        >>> Chosen.of("pgd", ["jpeg"], ["attack=pgd", "defense=jpeg", "defense.jpeg.quality=50"]).defense_name
        'jpeg (quality=50)'
        >>> Chosen.of("pgd", ["adv"], ["attack@defense.adv.attack=landmarks", "defense.adv.attack.budget.rms=0.2"]).defense_name
        'adv (attack=landmarks, rms=0.2)'
        """  # noqa: E501
        return _with_changes(defenses_name(self.defenses), self.defense_changes)

    def without(self, *parts: str) -> Self:
        """The same, less what was changed of some parts of the attack: "region", "adaptive"."""
        kept = {k: v for k, v in self.attack_changes.items() if re.split(r"[./@]", k)[0] not in parts}
        return replace(self, attack_changes=kept)


def defenses_name(defenses: Iterable[str]) -> str:
    """What defences are called together."""
    return "+".join(defenses) or "none"


def changes_attack(override: str) -> bool:
    """Whether an override changes a part or a setting of the attack."""
    return override.startswith(("attack.", "attack/")) and not changes_defense(override)


def changes_defense(override: str) -> bool:
    """Whether an override changes a setting of a defence, or the attack that it trains on."""
    key = override.removeprefix("+").partition("=")[0]
    return key.startswith("defense.") or "@defense." in key


def _by_key(overrides: Sequence[str]) -> dict[str, str]:
    return {key: value for key, _, value in (override.partition("=") for override in overrides)}


def _with_changes(name: str, changes: Mapping[str, str]) -> str:
    last = [re.split(r"[./]", key.partition("@")[0])[-1] for key in changes]
    words = [
        f"{short if last.count(short) == 1 else key}={_rounded(value)}"
        for short, (key, value) in zip(last, changes.items(), strict=True)
    ]
    return f"{name} ({', '.join(words)})" if words else name


def _rounded(value: str) -> str:
    """A number of many digits in four; anything else as it is."""
    return f"{float(value):.4g}" if re.fullmatch(r"-?\d*\.\d{5,}(e-?\d+)?", value) else value
