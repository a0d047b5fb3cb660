"""Runs of a sweep that fail: the others go on, and its end names them."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback

from facetrial.core.files import written_whole
from facetrial.runtime.started import sweep_root

log = logging.getLogger(__name__)

_FILE = "failed.json"


def write_failure(folder: Path, error: BaseException) -> None:
    """Keeps, in a run's folder, why the run failed."""
    with written_whole(folder / _FILE) as temporary:
        temporary.write_text(json.dumps({"error": type(error).__name__, "reason": str(error)}, indent=2))


def read_failure(folder: Path) -> str | None:
    """Why the run in `folder` failed at its last start, in one line; None where it did not."""
    if not (folder / _FILE).is_file():
        return None
    found = json.loads((folder / _FILE).read_text())
    reason = " ".join(found["reason"].split())
    return reason if found["error"] == "FacetrialError" else f"{found['error']}: {reason}"


def forget_failure(folder: Path) -> None:
    """Takes away what `write_failure` left, when the run starts again."""
    (folder / _FILE).unlink(missing_ok=True)


class EndWithFailures(Callback):
    """Hydra's callback that ends a sweep in which runs failed with their names, and with exit code 1.

    It goes before the callbacks that gather a sweep in the config: at the end Hydra calls the first one last.
    """

    def on_multirun_end(self, config: Any, **_: Any) -> None:
        folder = sweep_root(config)
        failed = {path.parent: read_failure(path.parent) for path in sorted(folder.rglob(_FILE))}
        for run, reason in failed.items():
            log.error("%s failed: %s", run.relative_to(folder), reason)
        if failed:
            log.error(
                "%d runs of this sweep failed; their logs in %s say more. Put the cause right and start the sweep "
                "again: what is done is kept.",
                len(failed),
                folder,
            )
            sys.exit(1)
