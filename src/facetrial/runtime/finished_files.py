"""The files that a trial left, of a finished one by their content: what is damaged, or was changed since, is known."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from facetrial.core.digests import file_digest
from facetrial.core.errors import Damaged, FacetrialError
from facetrial.core.plain import from_plain, read_json, write_json

log = logging.getLogger(__name__)

T = TypeVar("T")
DONE = "done.json"
_BEGUN = ".begun.json"
_SET_ASIDE = re.compile(r"before-\d+")
_ENDINGS = {".json", ".csv", ".html", ".png", ".svg", ".pdf"}
_FOLDERS = ("showcase", "patch", "images")


@dataclass(frozen=True)
class Finished:
    """What `done.json` says.

    Attributes:
        asked: a short name for all that decides what the trial leaves.
        code: one for this package's source.
        files: the digest of each file by its path in the run's folder; of a file elsewhere by its whole path.
    """

    asked: str
    code: str
    files: Mapping[str, str]

    def changed(self, folder: Path) -> list[str]:
        """Its files that are not there any more as they were written."""
        return [name for name, digest in self.files.items() if not _is(folder / name, digest)]


@dataclass(frozen=True)
class _Begun:
    """What a trial that is not done has kept of its beginning.

    Attributes:
        asked: as of `Finished`.
        others: files in the run's folder that were there and are no trial's, with what the system said of each.
    """

    asked: str
    others: Mapping[str, str]


def write_begun(folder: Path, asked: str) -> None:
    """Keeps which trial begins in a folder, and moves what another one left there into `before-1`, `before-2`, … in it.

    Args:
        folder: of the run.
        asked: as of `Finished`.
    """
    finished, begun = _known(read_finished, folder), _known(_read_begun, folder)
    own: set[str] = set()
    if finished is not None:
        own = set(finished.files)
    elif begun is not None:
        if begun.asked == asked:  # it goes on, or is that of the first of several processes
            return
        own = set(_own(folder, begun))
    elif (folder / "summary.json").is_file():  # of whichever trial
        own = {name for name, _ in _left(folder)}
    before = begun if finished is None else finished
    if before is not None and before.asked != asked:
        _set_aside(folder, own)
    others = {name: _mark(path) for name, path in _left(folder) if name not in own}
    write_json(_Begun(asked, others), folder / _BEGUN, checksum=True)


def write_finished(folder: Path, asked: str, code: str, also: Sequence[Path] = ()) -> None:
    """Writes `done.json`, of the files of a trial that lie in its folder by now, and others that it goes by."""
    files = {name: file_digest(folder / name) for name in _own(folder, _known(_read_begun, folder))}
    files |= {str(path.resolve()): file_digest(path) for path in also}
    write_json(Finished(asked, code, files), folder / DONE, checksum=True)
    (folder / _BEGUN).unlink(missing_ok=True)


def _set_aside(folder: Path, names: Iterable[str]) -> None:
    """Moves files of these names, of a run's folder, into a new one in it."""
    taken = (int(path.name.rpartition("-")[2]) for path in those_set_aside(folder))
    place = folder / f"before-{max(taken, default=0) + 1}"
    log.info("What another trial left in %s goes into %s.", folder, place.name)
    for name in names:
        if not Path(name).is_absolute() and (folder / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).rename(place / name)


def those_set_aside(folder: Path) -> list[Path]:
    """The folders in a run's folder that hold what trials before have left."""
    return [path for path in folder.glob("before-*") if _SET_ASIDE.fullmatch(path.name)]


def is_set_aside(path: Path) -> bool:
    """Whether a path, below a folder of runs, is of a trial that another one has set aside."""
    return any(_SET_ASIDE.fullmatch(part) for part in path.parts)


def read_finished(folder: Path) -> Finished | None:
    """What `done.json` says; None where there is none.

    Raises:
        FacetrialError: it cannot be read, or is of another version.
    """
    if not (folder / DONE).is_file():
        return None
    return from_plain(Finished, read_json(folder / DONE), folder / DONE)


def as_left(folder: Path, name: str) -> Path:
    """The path of a file in a run's folder.

    Raises:
        Damaged: it is there, but not as the trial left it.
    """
    try:
        finished = read_finished(folder)
    except Damaged:
        raise
    except FacetrialError:  # of a version that kept no digests: whoever reads the file does so strictly
        finished = None
    known = {} if finished is None else finished.files
    if name in known and (folder / name).exists() and not _is(folder / name, known[name]):
        raise Damaged(
            f"{folder / name} is damaged, or was changed after the trial had written it. Start the same trial again: "
            "its pictures are kept, and the file is made again."
        )
    return folder / name


def _read_begun(folder: Path) -> _Begun | None:
    path = folder / _BEGUN
    return from_plain(_Begun, read_json(path), path) if path.is_file() else None


def _known(read: Callable[[Path], T | None], folder: Path) -> T | None:
    """What is read; None too where it cannot be, so that nobody knows what was left."""
    try:
        return read(folder)
    except FacetrialError:
        return None


def _own(folder: Path, begun: _Begun | None) -> list[str]:
    """The files of the trial in a folder: all but those that were there before and are still as they were."""
    others = {} if begun is None else begun.others
    return [name for name, path in _left(folder) if others.get(name) != _mark(path)]


def _mark(path: Path) -> str:
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"


def _left(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files of the kinds that trials leave, with their paths in the folder."""
    places = [*folder.glob("*"), *(path for part in _FOLDERS for path in folder.glob(f"{part}/**/*"))]
    for path in sorted(places):
        hidden = path.name.startswith(".")
        if path.suffix in _ENDINGS and path.name != DONE and not hidden and path.is_file():
            yield path.relative_to(folder).as_posix(), path


def _is(path: Path, digest: str) -> bool:
    try:
        return file_digest(path) == digest
    except OSError:
        return False
