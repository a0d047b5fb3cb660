"""Trials that are done: one that is asked for again is taken over as it lies in its folder."""

import contextlib
import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from facetrial.core.plain import write_json
from facetrial.core.provenance import (
    data_recipe,
    file_content,
    package_code,
    trainer_recipe,
    users_code,
    without,
)
from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.summary_json import read_summary
from facetrial.training.checkpoint import landmarks_recipe, recipe

log = logging.getLogger(__name__)

DONE = "done.json"
# What trials up to 0.1 left under other names.
_CALLED_OTHERWISE_TODAY = ("gallery.png", "detection.png", "detection.svg")
_LEFT = ("summary.json", "verdicts.csv", "report.html")
# What may differ between two starts of one trial. What stands in `data`, `landmarks` and `trainer` is told by recipes.
_NOT_ASKED = ("paths", "callbacks", "resume", "logger", "data", "landmarks", "trainer")
_PLACES = ("hydra", "paths", "callbacks", "trainer", "logger")


def trial_digest(config: DictConfig) -> str:
    """A short name for all that decides what a trial leaves: its config and the files it names, and this code.

    Nothing is loaded for it: data counts by the names and sizes of its files, weights by their content.
    """
    plain = OmegaConf.to_container(config, resolve=True)
    about = {
        "code": package_code(),
        "own": users_code(plain),
        "config": _with_contents(without(plain, _NOT_ASKED)),
        "loggers": sorted(plain["logger"]),
        "data": data_recipe(plain["data"], ("batch_size", "cache")),
        "landmarks": landmarks_recipe(config),
        "trainer": trainer_recipe(config),
        "recognizer": recipe(config),
        "choices": {
            group: choice
            for group, choice in HydraConfig.get().runtime.choices.items()
            if group.partition("/")[0] not in _PLACES
        },
        "attack": sorted(o for o in HydraConfig.get().overrides.task if o.startswith("attack")),
    }
    return hashlib.blake2b(json.dumps(about, sort_keys=True, default=str).encode(), digest_size=8).hexdigest()


def finished_before(folder: Path, asked: str) -> TrialSummary | None:
    """The summary of the trial in `folder` where it is the one that is asked for, and whole; None where it is not."""
    try:
        found = json.loads((folder / DONE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if lost := [name for name in _LEFT if not (folder / name).is_file()]:
        log.warning("The finished trial in %s lacks %s; it is run again.", folder, ", ".join(lost))
        return None
    if found.get("asked") != asked:
        if found.get("code") == package_code():
            why = "another config, or files or code of yours that have changed"
        else:
            why = "another version of this code"
        log.warning("The finished trial in %s was made by %s; it is run again.", folder, why)
        return None
    summary = read_summary(folder / "summary.json")
    log.info("Taken over: %s holds this trial, whole. resume=false repeats it.", folder)
    return summary


def begin(folder: Path) -> None:
    """Takes away what says that a trial was done, before another one writes into its folder."""
    for name in (DONE, "summary.json", *_CALLED_OTHERWISE_TODAY):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "gallery", ignore_errors=True)  # the showcase of today


def finish(folder: Path, asked: str) -> None:
    """Marks the trial in `folder` as done: the last that is written of it."""
    write_json({"asked": asked, "code": package_code()}, folder / DONE)


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
