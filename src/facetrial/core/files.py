"""Files written whole or not at all, and the seal by which those that only we read are known to be whole.

A seal is the last line of a file: a checksum of all before it. It comes into place with its file, at once, so that a
kill leaves none without the other, and goes where its file goes. Readers of zip files, arrays and PNG do not mind it.
"""

import contextlib
import errno
import functools
import hashlib
import io
import logging
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from facetrial.core.errors import Damaged, FacetrialError

try:
    import fcntl
except ImportError:  # a system without these locks: what a killed process was writing stays there
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

T = TypeVar("T")
_WRITING = ".being-written-"
_SEAL = b"\n# facetrial: blake2b of all above "
_SEAL_LENGTH = len(_SEAL) + 33  # with 32 letters and the end of the line
_ZIP_END, _ZIP_END_LENGTH = b"PK\x05\x06", 22  # without a comment
# What a system says where it will not take more, whoever asks.
_NO_MORE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


@contextlib.contextmanager
def written_whole(path: str | Path, seal: bool = False) -> Iterator[Path]:
    """Yields a temporary path beside `path`, which takes its place when the block ends without an exception.

    It is on the disk by then. What processes that were killed were writing in the same folder is swept up.

    Args:
        path: the file, replaced whole.
        seal: whether a seal is set at its end, for `read_sealed`.

    Raises:
        FacetrialError: the folder cannot be written to, or takes no more.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        held = _new_temporary(path)
    except OSError as error:
        raise FacetrialError(
            f"cannot write {path}: {error.strerror or error}. Choose a folder that can be written to "
            "(paths.cache, paths.models or hydra.run.dir)."
        ) from error
    temporary = Path(held.name)
    try:
        yield temporary
        if seal:
            with temporary.open("r+b") as file:
                file.write(_SEAL + _digest(file) + b"\n")
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.fsync(held.fileno())
        if fcntl is None:
            held.close()  # Windows moves no open file
        os.replace(temporary, path)
        _keep_name(path.parent)
    except Exception as error:
        if (reason := why_not_written(error)) is None:
            raise
        raise FacetrialError(
            f"cannot write {path}: {reason}. Nothing half-written was left there, and what is done is kept. Make room, "
            "or choose another folder (paths.cache, paths.models or hydra.run.dir), and start again."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
        held.close()


def why_not_written(error: BaseException | None) -> str | None:
    """What the system said where it took no more, in an exception or in what led to it; None where it was another."""
    while error is not None and not isinstance(error, FacetrialError):
        if isinstance(error, OSError) and error.errno in _NO_MORE:
            return error.strerror
        error = error.__cause__ or error.__context__  # torch has exceptions of its own for what a file said
    return None


def check_writable(folder: str | Path) -> None:
    """Raises FacetrialError unless files can be written into `folder`, so that long work does not end in vain."""
    probe = Path(folder) / f".facetrial-probe-{os.getpid()}"  # no name of a user's file
    with written_whole(probe) as temporary:
        temporary.write_bytes(bytes(1 << 16))  # a full disk takes an empty file
    probe.unlink(missing_ok=True)


def check_seal(path: Path, zipped: bool = False) -> None:
    """Raises unless a file is as `written_whole` sealed it.

    Args:
        path: the file.
        zipped: whether it is a zip file, as NumPy's and torch's are: one from before there were seals then goes by the
            checksums of its parts.

    Raises:
        Damaged: it is not as it was written.
        FileNotFoundError: it is not there.
    """
    with _readable(path) as file:
        _check(file, path, zipped)


def read_sealed(path: Path, zipped: bool = False) -> bytes:
    """What was sealed in a file; arguments and exceptions are those of `check_seal`."""
    with _readable(path) as file:
        content = io.BytesIO(file.read())
    return content.getvalue()[: _check(content, path, zipped)]


def recalled(path: Path, read: Callable[[bytes], T], zipped: bool = False) -> T | None:
    """What `read` makes of a sealed file's content; None where it has to be made again.

    That is where it is not there, or damaged: then it is removed, with a word in the log.

    Args:
        path: the file.
        read: gets what was sealed.
        zipped: as for `check_seal`.
    """
    try:
        content = read_sealed(path, zipped)
        try:
            return read(content)
        except MemoryError:
            raise
        except Exception as error:  # each format has types of its own for what it cannot read
            raise Damaged(f"{path} cannot be read: {type(error).__name__}, {error}.") from error
    except FileNotFoundError:
        return None
    except Damaged as error:
        log.warning("%s What it held is made again.", error)
        with contextlib.suppress(OSError):
            path.unlink()
        return None


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FacetrialError(f"cannot read {path}: {error.strerror or error}.") from error


def _check(file: BinaryIO, path: Path, zipped: bool) -> int:
    """The length of what was sealed; raises Damaged where it is not as it was written."""
    whole = file.seek(0, os.SEEK_END)
    length = max(whole - _SEAL_LENGTH, 0)
    file.seek(length)
    seal = file.read()
    if not seal.startswith(_SEAL):
        if zipped and _is_whole_zip(file):
            return whole
        raise Damaged(f"{path} is damaged, cut short, or of another version: it ends without its checksum.")
    file.seek(0)
    if seal != _SEAL + _digest(file, length) + b"\n":
        raise Damaged(f"{path} is damaged: it does not agree with its checksum.")
    return length


def _is_whole_zip(file: BinaryIO) -> bool:
    try:
        file.seek(-_ZIP_END_LENGTH, os.SEEK_END)
        if not file.read().startswith(_ZIP_END):
            return False
        with zipfile.ZipFile(file) as parts:
            return parts.testzip() is None
    except Exception:  # zipfile has many for what it cannot read
        return False


def _digest(file: BinaryIO, size: int | None = None) -> bytes:
    """The checksum, in letters, of the next `size` bytes, by default of all that follow."""
    found, left = hashlib.blake2b(digest_size=16), sys.maxsize if size is None else size
    while piece := file.read(min(1 << 20, left)):
        found.update(piece)
        left -= len(piece)
    return found.hexdigest().encode()


def _new_temporary(path: Path) -> Any:
    """A new file beside `path`, open, and locked until it is closed."""
    start = f".{path.stem[:40]}{_WRITING}"
    while True:
        held = tempfile.NamedTemporaryFile(  # noqa: SIM115
            dir=path.parent, prefix=start, suffix=path.suffix, delete=False
        )
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system that knows no locks
                fcntl.flock(held, fcntl.LOCK_EX)
        if os.fstat(held.fileno()).st_nlink:
            return held
        held.close()  # swept up before it was locked


@functools.cache
def _sweep(folder: Path) -> None:
    """Removes what killed processes were writing in a folder: nobody holds its lock any more. Once a process."""
    for path in folder.glob(f".*{_WRITING}*"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


def _keep_name(folder: Path) -> None:
    """Has a folder's new names on the disk, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
