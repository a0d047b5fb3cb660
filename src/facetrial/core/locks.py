"""One process at a time where several need the same file made: jobs of a sweep that run side by side."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from facetrial.core.files import check_writable

log = logging.getLogger(__name__)

# What tells a process that another one of the same Trainer has started it.
_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID")


@contextlib.contextmanager
def file_lock(path: str | Path) -> Iterator[None]:
    """Holds the lock of the file at `path` while the block runs, after waiting for whoever holds it.

    The caller looks inside the block whether the file is there by now. The lock is the system's: it goes with its
    process, so that a killed one leaves nothing locked. In one process it may be taken again inside itself. The
    processes that a Trainer starts work under the lock of the first.
    """
    if any(os.environ.get(name, "0") != "0" for name in _RANKS):
        yield
        return
    path = Path(path)
    check_writable(path.parent)
    lock = FileLock(path.with_name(f".{path.name}.lock"), is_singleton=True)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("Another process is making %s: waiting for it.", path)
        lock.acquire()
    try:
        yield
    finally:
        if (
            lock.lock_counter == 1
        ):  # taken away while it is held: who waits for it sees that, and makes a new one
            with contextlib.suppress(OSError):
                Path(lock.lock_file).unlink()
        lock.release()
