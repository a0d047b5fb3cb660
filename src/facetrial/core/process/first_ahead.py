"""Processes that Slurm starts at once: the others wait until the first has made what all of them need.

Lightning starts the other processes of one machine itself, when the first comes to where all work together. Slurm
starts them all at once, on all nodes. The first of them says by a file in the run's folder, which all can see, that it
has come there.
"""

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from facetrial.core.errors import FacetrialError
from facetrial.core.files import written_whole

log = logging.getLogger(__name__)

_STEP = ("SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT")
_EVERY = 0.5  # seconds between two looks
_AHEAD, _FAILED = "ahead", "failed"

_sign: Path | None = None  # which the first process has not put up yet


@contextlib.contextmanager
def first_ahead(folder: Path) -> Iterator[None]:
    """Lets the first process of a Slurm step begin the block; the others begin when it has `come_together`.

    They begin too when it has come to the block's end without. It changes nothing where there is one process, or
    Lightning starts the others.

    Args:
        folder: of the run, on a disk that all nodes share.

    Raises:
        FacetrialError: in the others, where the first has failed.
    """
    global _sign
    if int(os.environ.get("SLURM_NTASKS", "1")) < 2 or "SLURM_PROCID" not in os.environ:
        yield
        return
    sign = folder / f".first-{'-'.join(os.environ.get(name, '0') for name in _STEP)}"
    if os.environ["SLURM_PROCID"] != "0":
        _wait_for(sign)
        yield
        return
    _sign = sign
    try:
        yield
    except BaseException:
        _put_up(_FAILED)
        raise
    _put_up(_AHEAD)


def come_together(processes: int) -> None:
    """The first process has come to where so many work together; where it works alone, the others go on waiting."""
    if processes > 1:
        _put_up(_AHEAD)


def _put_up(word: str) -> None:
    global _sign
    if _sign is not None:
        _sign.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(_sign) as temporary:
            temporary.write_text(word)
    _sign = None


def _wait_for(sign: Path) -> None:
    log.info("Waiting for the first process of this Slurm step.")
    while not sign.is_file():
        time.sleep(_EVERY)
    if sign.read_text() == _FAILED:
        raise FacetrialError("the first process of this Slurm step failed; its output says why.")
