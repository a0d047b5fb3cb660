"""Names that parts of this package had up to version 0.1, for checkpoints and configs that were written with them."""

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from facetrial.core.errors import FacetrialError

log = logging.getLogger(__name__)

# Modules that configs, or code of users, named; and the package that exports today what they held.
_PACKAGES = {
    "attacks.budgets": "attacks",
    "attacks.engine": "attacks",
    "attacks.goals": "attacks",
    "attacks.losses": "attacks",
    "attacks.methods.apgd": "attacks",
    "attacks.methods.best_of": "attacks",
    "attacks.methods.bisection": "attacks",
    "attacks.methods.carlini_wagner": "attacks",
    "attacks.methods.ddn": "attacks",
    "attacks.methods.draws": "attacks",
    "attacks.methods.few_pixels": "attacks",
    "attacks.methods.fmn": "attacks",
    "attacks.methods.hop_skip_jump": "attacks",
    "attacks.methods.method": "attacks",
    "attacks.methods.one_after_another": "attacks",
    "attacks.methods.patch": "attacks",
    "attacks.methods.pgd": "attacks",
    "attacks.methods.square": "attacks",
    "attacks.methods.universal": "attacks",
    "attacks.methods.walk": "attacks",
    "data.augmentation": "data",
    "data.faces": "faces",
    "data.folder": "data",
    "data.keypoints": "data",
    "data.lfw": "data",
    "data.synthetic": "data",
    "defenses.adversarial_training": "defenses",
    "defenses.bit_depth": "defenses",
    "defenses.blur": "defenses",
    "defenses.defense": "defenses",
    "defenses.detection": "defenses",
    "defenses.jpeg": "defenses",
    "defenses.noise_training": "defenses",
    "defenses.occlusion": "defenses",
    "defenses.overfitting": "defenses",
    "defenses.resize_pad": "defenses",
    "defenses.smoothing": "defenses",
    "defenses.total_variation": "defenses",
    "errors": "core",
    "evaluation.calibration": "run",
    "evaluation.certificate": "trial",
    "evaluation.checks.adaptive": "checks",
    "evaluation.checks.alone": "checks",
    "evaluation.checks.black_box": "checks",
    "evaluation.checks.budget": "checks",
    "evaluation.checks.certificates": "checks",
    "evaluation.checks.check": "checks",
    "evaluation.checks.deterministic": "checks",
    "evaluation.checks.fitted_apart": "checks",
    "evaluation.checks.frozen": "checks",
    "evaluation.checks.more_steps": "checks",
    "evaluation.checks.picture_range": "checks",
    "evaluation.checks.recognises": "checks",
    "evaluation.checks.rounding": "checks",
    "evaluation.checks.rows": "checks",
    "evaluation.checks.slopes": "checks",
    "evaluation.checks.standardised": "checks",
    "evaluation.checks.unbounded": "checks",
    "evaluation.pair_run": "run",
    "evaluation.physical.path": "trial",
    "evaluation.physical.sending": "trial",
    "evaluation.run": "run",
    "evaluation.sweep": "sweep",
    "failures": "runtime",
    "landmarks.network": "landmarks",
    "landmarks.regions": "regions",
    "landmarks.shapes": "regions",
    "landmarks.sources": "landmarks",
    "landmarks.training": "landmarks",
    "loggers": "runtime",
    "randomness": "core",
    "recognition.inception_resnet_v1": "recognition",
    "recognition.losses": "training",
    "recognition.mobilefacenet": "recognition",
    "recognition.onnx_embedder": "recognition",
    "recognition.small": "recognition",
    "recognition.svm_head": "recognition",
    "recognition.training": "training",
}
# What was renamed besides: by its name under the package of today.
_RENAMED: dict[str, str] = {
    "attacks.Found": "attacks.MethodResult",
    "attacks.Slope": "attacks.LossGradient",
    "attacks.Walk": "attacks.IterativeAttack",
    "attacks.Walkers": "attacks.ActiveSet",
    "run.hold_pair_trial": "run.run_pair_trial",
    "run.hold_trial": "run.run_trial",
}
# Settings that were renamed, of what `_target_` names today.
_KEYS: dict[str, dict[str, str]] = {}
for _method in ("APGD", "PGD", "TargetedAPGD"):
    _KEYS[f"facetrial.attacks.{_method}"] = {"leave": "early_stop"}
_KEYS["facetrial.attacks.PGD"] |= {"diversity": "di_prob", "kernel": "ti_kernel", "smallest": "min_scale"}


def new_target(target: str) -> str:
    """The name that a class or function has today.

    >>> new_target("facetrial.attacks.methods.pgd.PGD")
    'facetrial.attacks.PGD'
    >>> new_target("my_module.PGD")
    'my_module.PGD'
    """
    module, _, name = target.removeprefix("facetrial.").rpartition(".")
    if not target.startswith("facetrial.") or module not in _PACKAGES:
        return target
    found = f"{_PACKAGES[module]}.{name}"
    return f"facetrial.{_RENAMED.get(found, found)}"


def with_new_names(values: Any) -> Any:
    """Plain values as a config of today would hold them: what `_target_` names, and its settings."""
    if isinstance(values, Mapping):
        made = {key: with_new_names(value) for key, value in values.items()}
        if isinstance(target := made.get("_target_"), str):
            made["_target_"] = new_target(target)
            keys = _KEYS.get(made["_target_"], {})
            made = {keys.get(key, key): value for key, value in made.items()}
        return made
    return [with_new_names(value) for value in values] if isinstance(values, list) else values


def use_new_targets(config: Any, place: str = "") -> None:
    """Puts today's names into a composed config, in place, and warns of each old one.

    Args:
        config: the whole, or what lies at `place` in it; what is no config is left alone.
        place: "attack.method", "" for the whole.

    Raises:
        FacetrialError: a setting has the name that it had before.
    """
    if not OmegaConf.is_config(config):
        return
    for key in list(config) if isinstance(config, DictConfig) else range(len(config)):
        if OmegaConf.is_missing(config, key) or OmegaConf.is_interpolation(config, key):
            continue
        value = config[key]
        if OmegaConf.is_config(value):
            inner = f"[{key}]" if isinstance(key, int) else f".{key}"
            use_new_targets(value, f"{place}{inner}".removeprefix("."))
        elif key == "_target_" and isinstance(value, str) and (new := new_target(value)) != value:
            log.warning("_target_: %s is called %s now; the old name will not be read for ever.", value, new)
            with open_dict(config):
                config[key] = new
    if isinstance(config, DictConfig) and isinstance(target := config.get("_target_"), str):
        for old, new in _KEYS.get(target, {}).items():
            if old in config:
                below = f"{place}." if place else ""
                raise FacetrialError(f"{below}{old} is called {below}{new} now; rename it.")


def renamed_keys(words: Sequence[str]) -> list[str]:
    """A sentence for each word of a command line that may set a key by the name that it had before.

    A method of a user's may have such a key: to be asked only once Hydra has said that there is none.
    """
    renamed = {old: new for keys in _KEYS.values() for old, new in keys.items()}
    pattern = rf"[+~]*([\w.@/]*\bmethods?\.(?:\w+\.)?)({'|'.join(renamed)})(?:=|$)"
    found = filter(None, (re.match(pattern, word) for word in words))
    return [
        f"{at}{old} is called {at}{renamed[old]} now; rename it." for at, old in (m.groups() for m in found)
    ]


def serve_old_modules() -> None:
    """From now on, modules that are gone can be imported by the names that they had.

    What is taken out of one is what its package exports today, with a warning that gives the new name.
    """
    root = Path(__file__).parents[1]
    parents = {module.rpartition(".")[0] for module in _PACKAGES} - {""}
    for module in parents | _PACKAGES.keys():
        place = root.joinpath(*module.split("."))
        if not (place.is_dir() or place.with_suffix(".py").is_file()):
            gone = _Gone(f"facetrial.{module}", "What is called otherwise today.")
            gone.__path__ = []  # nothing else lies in it
            sys.modules.setdefault(gone.__name__, gone)


class _Gone(ModuleType):
    def __getattr__(self, name: str) -> Any:
        old = f"{self.__name__}.{name}"
        package, _, today = new_target(old).rpartition(".")
        if name.startswith("__") or new_target(old) == old or not hasattr(import_module(package), today):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        log.warning("%s is called %s.%s now; the old name will not be read for ever.", old, package, today)
        self.__dict__[name] = getattr(import_module(package), today)  # the next time it is there
        return self.__dict__[name]
