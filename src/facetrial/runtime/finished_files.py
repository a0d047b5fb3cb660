"""The files that a finished trial left, by their content: what is damaged, or was changed since, is known by it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facetrial.core.digests import file_digest
from facetrial.core.errors import Damaged, FacetrialError
from facetrial.core.plain import from_plain, read_json, write_json

DONE = "done.json"
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


def write_finished(folder: Path, asked: str, code: str, also: Sequence[Path] = ()) -> None:
    """Writes `done.json`, of the files of a trial that lie in its folder by now, and others that it goes by."""
    files = {path.relative_to(folder).as_posix(): file_digest(path) for path in _left(folder)}
    files |= {str(path.resolve()): file_digest(path) for path in also}
    write_json(Finished(asked, code, files), folder / DONE, checksum=True)


def set_aside(folder: Path, finished: Finished) -> None:
    """Moves the files of a finished trial into a folder `before-1`, `before-2`, … in its own, where another begins."""
    taken = (int(path.name.rpartition("-")[2]) for path in those_set_aside(folder))
    place = folder / f"before-{max(taken, default=0) + 1}"
    for name in finished.files:
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


def _left(folder: Path) -> Iterator[Path]:
    places = [*folder.glob("*"), *(path for part in _FOLDERS for path in folder.glob(f"{part}/**/*"))]
    for path in sorted(places):
        hidden = path.name.startswith(".")
        if path.suffix in _ENDINGS and path.name != DONE and not hidden and path.is_file():
            yield path


def _is(path: Path, digest: str) -> bool:
    try:
        return file_digest(path) == digest
    except OSError:
        return False
