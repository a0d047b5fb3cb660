"""What files of models and runs may have called: parts of this package, unless whoever loads them says otherwise.

A config names by `_target_` what is to be called. In a file from elsewhere that could be anything.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hydra.utils import get_object

from facetrial.core.errors import FacetrialError
from facetrial.runtime.started import config_folder

_CALLED, _PATH = "_target_", "path"
_CLASS_OF = "hydra.utils.get_class"  # whose `path` is imported


def check_known_parts(config: Any, file: Path) -> None:
    """Passes plain config whose parts are among those that this package's own configs name.

    Args:
        config: dicts, lists and values, not resolved.
        file: that it is of.

    Raises:
        FacetrialError: it names another.
    """
    if others := sorted(
        {name for name in _named(config) if name not in known_parts() or _calls_others(name)}
    ):
        raise FacetrialError(
            f"{file} calls {', '.join(others[:3])}, which this package's configs do not, or which runs or asks what "
            "the file names: a file from elsewhere could have anything called by that. If it is your own, or you know "
            "what this does, give own_code=True."
        )


def _calls_others(name: str) -> bool:
    """Whether what is of this package runs what its settings name, or sends pictures where they say."""
    return bool(getattr(get_object(name), "calls_others", False)) if name.startswith("facetrial.") else False


@cache
def known_parts() -> frozenset[str]:
    """What this package's configs name by `_target_`, or by the `path` of a class."""
    texts = [file.read_text(encoding="utf-8") for file in config_folder().rglob("*.yaml")]
    return frozenset(
        name for text in texts for name in re.findall(rf"\b(?:{_CALLED}|{_PATH}): *([\w.]+)", text)
    )


def _named(config: Any) -> Iterator[str]:
    if isinstance(config, dict):
        if (called := config.get(_CALLED)) is not None:
            yield str(called)
            if called == _CLASS_OF:
                yield str(config.get(_PATH))
        for value in config.values():
            yield from _named(value)
    elif isinstance(config, list):
        for value in config:
            yield from _named(value)
