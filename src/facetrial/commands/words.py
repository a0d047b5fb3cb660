"""What is wrong with a command line that Hydra cannot read: a sentence for each word, where Hydra's tell too little."""

import difflib
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from facetrial.runtime.old_names import renamed_keys
from facetrial.runtime.started import config_folder

_MOST_RUNS = 8  # of a sweep that are looked at
# What `facetrial photo` and `facetrial verify` call settings.
_OPTIONS = {"people": "data.root", "eps": "attack.budget.eps", "face": "data.face"}
_HYDRAS = "run"  # an option of Hydra's, beside a group of that name
_SETTING = re.compile(r"([\w./-]+)(@[\w.]*)?=(.*)", re.DOTALL)


def misread(config: str, words: Sequence[str]) -> list[str]:
    """A sentence for each word that has no meaning; none where this cannot tell.

    Args:
        config: "evaluate" or "train".
        words: of a command line, which Hydra has refused.
    """
    folders = [config_folder(), *_own_folders(words)]
    return (
        renamed_keys(words)
        or list(_no_settings(words, folders))
        or list(_no_options(words, folders))
        or list(_no_keys(config, words, folders))
    )


def _own_folders(words: Sequence[str]) -> Iterator[Path]:
    """Folders with configs of the user's."""
    for word, following in itertools.pairwise([*words, ""]):
        if word in ("--config-dir", "-cd"):
            yield Path(following)
        elif word.startswith("--config-dir="):
            yield Path(word.partition("=")[2])


def _no_settings(words: Sequence[str], folders: Sequence[Path]) -> Iterator[str]:
    """Sentences on options of other commands, and on blanks within a setting."""
    for word, following, third in zip(words, [*words[1:], ""], [*words[2:], "", ""], strict=False):
        name, _, value = word.lstrip("-").partition("=")
        key = _OPTIONS.get(name, name)
        if word.startswith("--") and name != _HYDRAS and (key != name or _is_group(name, folders)):
            yield f"{word}: settings have no dashes; write {key}={value or following}."
        elif following == "=" and third:
            yield f"{word} = {third}: settings have no blanks; write {word}={third}."


def _is_group(name: str, folders: Sequence[Path]) -> bool:
    return bool(name) and any((folder / name).is_dir() for folder in folders)


def _settings(words: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Name, package ("@…", or nothing) and value of each word that sets what is there already."""
    for word in words:
        if (found := _SETTING.fullmatch(word)) and not word.startswith(("-", "hydra")):
            yield found[1], found[2] or "", found[3]


def _options_of(value: str) -> list[str]:
    """What is chosen by the value of a group: "jpeg,[blur,adv]" -> jpeg, blur, adv."""
    return [option.strip("'\" ") for option in re.split(r"[\[\],]+", value) if option.strip("'\" ")]


def _no_options(words: Sequence[str], folders: Sequence[Path]) -> Iterator[str]:
    """Sentences on configs that a group has not."""
    for group, package, value in _settings(words):
        if not _is_group(group, folders) or "(" in value:  # choice(pgd,fgsm), which Hydra reads
            continue
        places = [folder / group for folder in folders]
        files = [(place, file) for place in places for file in place.rglob("*.yaml")]
        known = sorted({file.relative_to(place).with_suffix("").as_posix() for place, file in files})
        for option in _options_of(value):
            near = difflib.get_close_matches(option, known, 1)
            if option not in (*known, "null") and near:
                yield f"{group}{package}={option}: there is none of that name. Did you mean {near[0]}?"


def _no_keys(config: str, words: Sequence[str], folders: Sequence[Path]) -> Iterator[str]:
    """Sentences on keys that the chosen configs have not; of a sweep, of its first runs."""
    settings = list(_settings(words))
    choices = [
        [f"{name}{package}={option}" for option in (value.split(",") if "[" not in value else [value])]
        for name, package, value in settings
        if package or _is_group(name, folders)
    ]
    added = {re.split(r"[.@=]", word.lstrip("+"))[0] for word in words if word.startswith("+")}
    keys = [
        name
        for name, package, _ in settings
        if not package and not _is_group(name, folders) and name.split(".")[0] not in added
    ]
    told = set()
    for chosen in itertools.islice(itertools.product(*choices), _MOST_RUNS):
        if (composed := _composed(config, chosen, folders[1:])) is None:
            continue
        for name in keys:
            if name not in told and (sentence := _no_key(composed, name, chosen)):
                told.add(name)
                yield sentence


def _composed(config: str, words: Sequence[str], own: Sequence[Path]) -> DictConfig | None:
    search = (
        [f"hydra.searchpath=[{','.join(repr(f'file://{path.absolute()}') for path in own)}]"] if own else []
    )
    try:
        with initialize_config_dir(str(config_folder()), version_base="1.3"):
            return compose(config, [*words, *search])
    except (HydraException, OmegaConfBaseException):
        return None


def _no_key(config: DictConfig, name: str, chosen: Sequence[str]) -> str | None:
    node: Any = config
    place = ""
    for part in name.split("."):
        if not isinstance(node, DictConfig):
            return None
        if part not in node:
            known = sorted(str(key) for key in node if not str(key).startswith("_"))
            rest = name.removeprefix(f"{place}{part}")
            alike = difflib.get_close_matches(part, known, 1, 0.8) or difflib.get_close_matches(part, known)
            near = [f"{place}{key}{rest}" for key in alike]
            meant = f"Did you mean {' or '.join(sorted(near))}?" if near else _listed(place, known)
            beside = f" with {' '.join(chosen)}" if chosen else ""
            return f"{name} is no setting{beside}. {meant}"
        node, place = node._get_node(part), f"{place}{part}."
    return None


def _listed(place: str, keys: Sequence[str]) -> str:
    listed = [f"{place}{key}" for key in keys]
    return f"There {'is' if len(listed) == 1 else 'are'} {', '.join(listed) or 'none'}."
