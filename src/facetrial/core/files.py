"""Files written whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from facetrial.core.errors import FacetrialError


@contextlib.contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`, which takes its place when the block ends without an exception.

    Raises:
        FacetrialError: the folder cannot be written to.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    except OSError as error:
        raise FacetrialError(
            f"cannot write {path}: {error.strerror or error}. Choose a folder that can be written to "
            "(paths.cache, paths.models or hydra.run.dir)."
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(folder: str | Path) -> None:
    """Raises FacetrialError unless files can be written into `folder`, so that long work does not end in vain."""
    with written_whole(Path(folder) / "probe") as temporary:
        temporary.touch()
    (Path(folder) / "probe").unlink(missing_ok=True)
