"""One process at a time where several need the same file made: jobs of a sweep that run side by side."""

import contextlib
import errno
import functools
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from facetrial.core.files import check_writable

log = logging.getLogger(__name__)

# What a file system says that knows no locks.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
# What tells a process that another one of the same Trainer has started it.
_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID")


@contextlib.contextmanager
def file_lock(path: str | Path) -> Iterator[None]:
    """Holds the lock of the file at `path` while the block runs, after waiting for whoever holds it.

    The caller looks inside the block whether the file is there by now. The lock is the system's: it goes with its
    process, so that a killed one leaves nothing locked. In one process it may be taken again inside itself. The
    processes that a Trainer starts work under the lock of the first. Where a file system knows no locks, as some over a
    network do not, nobody waits: files are whole there too, but two processes may make the same one.
    """
    if any(os.environ.get(name, "0") != "0" for name in _RANKS):
        yield
        return
    path = Path(path)
    check_writable(path.parent)
    lock = FileLock(path.with_name(f".{path.name}.lock"), is_singleton=True)
    held = _acquired(lock, path)
    try:
        yield
    finally:
        if not held or lock.lock_counter == 1:
            # Taken away while it is held: who waits for it sees that, and makes a new one.
            with contextlib.suppress(OSError):
                Path(lock.lock_file).unlink()
        lock.release()


def _acquired(lock: BaseFileLock, path: Path) -> bool:
    """Waits until the lock is held; False where the file system has none."""
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            log.info("Another process is making %s: waiting for it.", path)
            lock.acquire()
    except OSError as error:
        if isinstance(error, Timeout) or error.errno not in _NO_LOCKS:
            raise
        _say_without_locks(path.parent, str(error.strerror))
        return False
    return True


@functools.cache  # once for each
def _say_without_locks(folder: Path, reason: str) -> None:
    log.warning("Files in %s cannot be locked (%s): let one process at a time work there.", folder, reason)
