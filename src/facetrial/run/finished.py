"""Trials that are done: one that is asked for again is taken over as it lies in its folder."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from facetrial.core.errors import FacetrialError
from facetrial.core.provenance import package_code
from facetrial.data.photos.person_folders import some
from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.summary_json import read_summary
from facetrial.report.gate import forget_gate
from facetrial.runtime.finished_files import DONE, read_finished, write_begun, write_finished

log = logging.getLogger(__name__)

# What trials up to 0.1 left under other names.
_CALLED_OTHERWISE_TODAY = ("gallery.png", "detection.png", "detection.svg")


def finished_before(folder: Path, asked: str) -> TrialSummary | None:
    """The summary of the trial in `folder` where it is the one that is asked for, and whole; None where it is not."""
    try:
        found = read_finished(folder)
    except FacetrialError as error:
        log.warning(
            "The trial in %s is run again: another version of this code finished it, or it is damaged. %s",
            folder,
            error,
        )
        return None
    if found is None:
        return None
    if found.asked != asked:
        if found.code == package_code():
            why = "another config, or files or code of yours that have changed"
        else:
            why = "another version of this code"
        log.warning("The finished trial in %s was made by %s; it is run again.", folder, why)
        return None
    if changed := found.changed(folder):
        lost = [name if not (folder / name).exists() else f"{name} as it was written" for name in changed]
        log.warning("The finished trial in %s lacks %s; it is run again.", folder, some(lost))
        return None
    summary = read_summary(folder / "summary.json")
    log.info("Taken over: %s holds this trial, whole. resume=false repeats it.", folder)
    return summary


def begin(folder: Path, asked: str) -> None:
    """Takes away what says that a trial was done, before another one writes into its folder.

    What a trial of another config or code has left, done or cut short, goes into a folder `before-1`, `before-2`, … in
    it, so that none of it is taken for this one's.

    Args:
        folder: of the run.
        asked: as for `finish`.
    """
    write_begun(folder, asked)
    for name in (DONE, "summary.json", *_CALLED_OTHERWISE_TODAY):
        (folder / name).unlink(missing_ok=True)
    forget_gate(folder)
    shutil.rmtree(folder / "gallery", ignore_errors=True)  # the showcase of today


def finish(folder: Path, asked: str, also_read: Sequence[Path] = ()) -> None:
    """Marks the trial in `folder` as done: the last that is written of it.

    Args:
        folder: of the run.
        asked: a short name for all that decides the trial and that its config tells.
        also_read: files that decide it too, and that the config does not name.
    """
    write_finished(folder, asked, package_code(), also_read)
