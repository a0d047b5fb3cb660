"""Trials that are done: one that is asked for again is taken over as it lies in its folder."""

import json
import logging
import shutil
from pathlib import Path

from facetrial.core.plain import write_json
from facetrial.core.provenance import package_code
from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.summary_json import read_summary

log = logging.getLogger(__name__)

DONE = "done.json"
# What trials up to 0.1 left under other names.
_CALLED_OTHERWISE_TODAY = ("gallery.png", "detection.png", "detection.svg")
_LEFT = ("summary.json", "verdicts.csv", "report.html")


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
