"""Recipes: what decides a trained model, as plain values, so that a checkpoint is never used for another config."""

import ast
import contextlib
import hashlib
import inspect
import os
import sysconfig
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hydra.utils import get_class, get_object

from facetrial.core.digests import digest, file_digest
from facetrial.core.errors import FacetrialError
from facetrial.core.plain import from_plain, read_json, write_json
from facetrial.core.version import VERSION

_ROOT = Path(__file__).parents[1]  # of this package
_CONTENT = ", content "
_MOMENT = 2.0  # seconds, the coarsest time that a file system keeps


def data_recipe(data: dict[str, Any], leave_out: tuple[str, ...], files: str | None = None) -> dict[str, Any]:
    """What of a data config decides a model: its settings, and its files by name and content, wherever they lie.

    Args:
        data: its settings.
        leave_out: those that decide nothing, beside `root` and `privacy`, and those that are as they were before there
            were such settings, which the class of the data says (`before_there_was`): older recipes do not have them.
        files: its `data_files`, where they are known; they are looked up otherwise.
    """
    before = getattr(get_class(data["_target_"]), "before_there_was", ())
    as_before = [key for key, value in before if data.get(key) == value]
    made_by = without(data, ("root", "privacy", *as_before, *leave_out))
    files = data_files(data) if files is None else files
    return made_by if files is None else made_by | {"files": files}


def data_files(data: dict[str, Any]) -> str | None:
    """The files of data by their names and contents, as a short name; None where it has none.

    A class of data with files of its own lists them in `source_files(root)`. They are read once: what they hold is
    remembered in the folder that `data` names as its `cache`.
    """
    list_files, root = getattr(get_class(data["_target_"]), "source_files", None), data_root(data)
    if root is None or list_files is None:
        return None
    found = {path.relative_to(root).as_posix(): path for path in list_files(root)}
    cache = data.get("cache")
    name = digest(str(root.resolve()), size=6)
    remembered = None if cache is None else Path(cache).expanduser() / "contents" / f"{name}.json"
    contents = dict(zip(found, contents_of(list(found.values()), remembered), strict=True))
    sizes = sorted(f"{name} {path.stat().st_size}" for name, path in found.items())
    # By sizes alone, as up to 0.1, they begin: `files_known_today` goes by it.
    return f"{len(found)} files, {digest(sizes, size=6)}{_CONTENT}{digest(sorted(contents.items()))}"


def data_root(data: dict[str, Any]) -> Path | None:
    """The folder of data: `root`, or where its class says that it lies where none is given (`usual_root`)."""
    if data.get("root") is not None:
        return Path(data["root"]).expanduser()
    usual_root = getattr(get_class(data["_target_"]), "usual_root", None)
    return None if usual_root is None else usual_root()


def files_known_today(made_by: Any, asked: Any) -> Any:
    """A recipe in which files that 0.1 knew by names and sizes alone are known by their contents too.

    Args:
        made_by: the recipe, plain values.
        asked: the same of today: where names and sizes agree, the contents are taken from it.
    """
    if isinstance(made_by, dict) and isinstance(asked, dict):
        return {key: files_known_today(value, asked.get(key)) for key, value in made_by.items()}
    old = isinstance(made_by, str) and isinstance(asked, str) and asked.startswith(f"{made_by}{_CONTENT}")
    return asked if old else made_by


@dataclass(frozen=True)
class _Remembered:
    """Of each file, by its path, what the system says of it, and the name of its content."""

    files: Mapping[str, tuple[str, str]]


def contents_of(paths: Sequence[Path], remembered: Path | None = None) -> list[str]:
    """A name for what each file holds, "" where it cannot be read.

    A file whose size, times and number on its disk are those of before is not read again.

    Args:
        paths: the files.
        remembered: a file that keeps what was found; None keeps nothing.
    """
    known: Mapping[str, tuple[str, str]] = {}
    if remembered is not None:
        with contextlib.suppress(FacetrialError):  # not there, or damaged: all are read
            known = from_plain(_Remembered, read_json(remembered), remembered).files
    found: dict[str, tuple[str, str]] = {}

    def content(path: Path) -> str:
        place, now = str(path.absolute()), time.time()
        try:
            status = path.stat()
            mark = _mark(status)
            if place in known and known[place][0] == mark:
                found[place] = known[place]
                return known[place][1]
            name = file_digest(path)
            # What was changed a moment ago may be changed again without another time.
            if max(status.st_mtime, status.st_ctime) < now - _MOMENT and _mark(path.stat()) == mark:
                found[place] = (mark, name)
            return name
        except OSError:
            return ""

    with ThreadPoolExecutor() as executor:
        names = list(executor.map(content, paths))
    if remembered is not None and found != known:
        # Of a cache that cannot be written to, whoever needs it says so.
        with contextlib.suppress(FacetrialError):
            write_json(_Remembered(found), remembered, checksum=True)
    return names


def settled_mark(path: Path) -> str | None:
    """What the system says of a file as it is: another where its content may be another.

    None where there is no such file, or it was changed a moment ago, so that it may change again without another time.
    """
    now = time.time()
    try:
        status = path.stat()
    except OSError:
        return None
    settled = max(status.st_mtime, status.st_ctime) < now - _MOMENT
    return f"{path.absolute()} {_mark(status)}" if settled else None


def _mark(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def without(part: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """A dict less some keys."""
    return {key: value for key, value in part.items() if key not in keys}


def file_content(file: str | None) -> str | None:
    """What a file holds, as a short name: the same wherever it lies. What names no file stays as it is."""
    if file is None or not Path(file).expanduser().is_file():
        return file
    with Path(file).expanduser().open("rb") as opened:
        return f"content {hashlib.file_digest(opened, 'blake2b').hexdigest()[:16]}"


@cache
def package_code(*parts: str) -> str:
    """A name for the source of this package, or of these files and folders of it.

    Configs do not count, which lie in the package only where it was installed: a trial's stand in its digest.

    Raises:
        FileNotFoundError: a part is no file, nor a folder that holds any: it was moved, and what calls this was not
            told.
    """
    found = {path for part in parts or (".",) for path in _sources(_ROOT / part)}
    files = sorted(path for path in found if not path.is_relative_to(_ROOT / "conf"))
    return digest(
        VERSION,
        (piece for path in files for piece in (path.relative_to(_ROOT).as_posix(), path.read_bytes())),
    )


@cache
def what_code_does(*parts: str) -> str:
    """A name for what the code in these files and folders of this package does, the same for every Python.

    Layout, comments, docstrings, what errors say and where files lie count for nothing.

    Raises:
        FileNotFoundError: as `package_code`.
    """
    files = {path for part in parts for path in _sources(_ROOT / part) if path.suffix == ".py"}
    return digest(sorted(digest(_does(ast.parse(path.read_bytes()))) for path in files))


def _does(piece: Any) -> Any:
    """A piece of a syntax tree as plain values. What is empty is left out: a newer Python has more that may be."""
    if isinstance(piece, ast.Raise):
        return "raise"
    if isinstance(piece, ast.AST):
        fields = {name: _does(value) for name, value in ast.iter_fields(piece)}
        return [
            type(piece).__name__,
            {name: value for name, value in fields.items() if value not in (None, [])},
        ]
    if isinstance(piece, list):
        return [_does(item) for item in piece if not _does_nothing(item)]
    return None if piece is None else repr(piece)


def _does_nothing(statement: Any) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _sources(part: Path) -> list[Path]:
    found = [path for path in (part, *part.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    if not found:  # a folder that was moved may leave its __pycache__
        raise FileNotFoundError(f"there is no source at {part}; expected a file or folder of this package.")
    return found


def users_code(values: Any) -> dict[str, str]:
    """For each `_target_` in plain values that is the user's own, what its module's file holds, as a short name.

    A module of the user's is one that was not installed with others and is not of this package. What it imports in
    turn is not looked at.
    """
    return {target: content for target in targets_in(values) if (content := _code_of(target)) is not None}


def targets_in(values: Any) -> set[str]:
    """All that plain values name with `_target_`."""
    if isinstance(values, dict):
        own = {values["_target_"]} if isinstance(values.get("_target_"), str) else set()
        return own.union(*map(targets_in, values.values()))
    return set().union(*map(targets_in, values)) if isinstance(values, list) else set()


def _code_of(target: str) -> str | None:
    if target.startswith("facetrial."):
        return None
    with contextlib.suppress(Exception):  # whoever makes it says what is wrong with it
        source = inspect.getsourcefile(get_object(target))
        installed = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")]
        if source and not any(Path(source).resolve().is_relative_to(folder) for folder in installed):
            return file_content(source)
    return None
