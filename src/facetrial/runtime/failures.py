"""Runs of a sweep that fail: the others go on, and its end names them."""

import logging
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback

from facetrial.core.errors import FacetrialError
from facetrial.core.plain import from_plain, read_json, write_json
from facetrial.runtime.started import sweep_root

log = logging.getLogger(__name__)

_FILE = "failed.json"


@dataclass(frozen=True)
class _Failure:
    error: str
    reason: str


def write_failure(folder: Path, error: BaseException) -> None:
    """Keeps, in a run's folder, why the run failed."""
    write_json({"error": type(error).__name__, "reason": str(error)}, folder / _FILE, checksum=True)


def read_failure(folder: Path) -> str | None:
    """Why the run in `folder` failed at its last start, in one line; None where it did not."""
    if not (folder / _FILE).is_file():
        return None
    try:
        found = from_plain(_Failure, read_json(folder / _FILE), folder / _FILE)
    except FacetrialError as error:
        return f"it is not known why: {error}"
    reason = " ".join(found.reason.split())
    return reason if found.error == FacetrialError.__name__ else f"{found.error}: {reason}"


def forget_failure(folder: Path) -> None:
    """Takes away what `write_failure` left, when the run starts again."""
    (folder / _FILE).unlink(missing_ok=True)


def set_apart(folder: Path, error: BaseException) -> Path | None:
    """Moves the folder of a run that failed before it had done anything to `failed` beside it; where to, if so.

    What has results, or rows to go on from, stays where the same command finds it.

    Args:
        folder: of the run, named by its command line.
        error: why it failed.
    """
    if any(not path.name.startswith(".") and path.suffix != ".log" for path in folder.iterdir()):
        return None
    write_failure(folder, error)
    place = folder.parent / "failed" / folder.name
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    return folder.rename(place)


class EndWithFailures(Callback):
    """Hydra's callback that ends a sweep in which runs failed, or that could not be gathered, with exit code 1.

    It goes before the callbacks that gather a sweep in the config: at the end Hydra calls the first one last.
    """

    def on_multirun_end(self, config: Any, **_: Any) -> None:
        folder = sweep_root(config)
        failed = {path.parent: read_failure(path.parent) for path in sorted(folder.rglob(_FILE))}
        ungathered = failed.pop(folder, None)
        for run, reason in failed.items():
            log.error("%s failed: %s", run.relative_to(folder), reason)
        if failed:
            log.error(
                "%d runs of this sweep failed; their logs in %s say more. Put the cause right and start the sweep "
                "again: what is done is kept.",
                len(failed),
                folder,
            )
        if ungathered is not None:
            log.error("What the runs say together could not all be written: %s", ungathered)
        if failed or ungathered is not None:
            sys.exit(1)
