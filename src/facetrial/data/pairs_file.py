"""Lists of pairs for verification, in LFW's own format (`pairs.txt`).

The first line holds the number of folds and that of pairs of each kind in a fold, separated by a tab; or the latter
alone, for one fold. Each fold lists its pairs of one person (name, number, number), then those of two (name, number,
name, number).
"""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facetrial.core.errors import FacetrialError
from facetrial.data.archives import read_file

_MOST_BYTES = 2**26  # LFW's list has 160 thousand


@dataclass(frozen=True)
class Pair:
    """Two pictures.

    Attributes:
        first: a picture's name below the folder of people, without its ending: "Ann_Lee/Ann_Lee_0001".
        second: the other's.
        same: whether both show one person.
        fold: from 0 on.
    """

    first: str
    second: str
    same: bool
    fold: int

    @property
    def people(self) -> tuple[str, str]:
        """Whom both pictures show, by their folders."""
        return self.first.split("/")[0], self.second.split("/")[0]

    @property
    def turned(self) -> "Pair":
        """The same pair, the other way round."""
        return Pair(self.second, self.first, self.same, self.fold)


def read_pairs(path: str | Path) -> list[Pair]:
    """The pairs of a list, in its order.

    Raises:
        FacetrialError: it cannot be read, is not in LFW's format, or names a pair twice.
    """
    path = Path(path).expanduser()
    try:
        text = read_file(path, _MOST_BYTES).decode(
            "utf-8-sig"
        )  # Notepad begins a file with a byte order mark
    except ValueError as error:  # as FacetrialError is, and what bytes raise that are no text
        raise FacetrialError(
            f"task.pairs={path} cannot be read: {error}. Give a list in LFW's format, such as its pairs.txt."
        ) from error
    lines = [
        (number, _fields(line)) for number, line in enumerate(text.splitlines(), start=1) if line.strip()
    ]
    folds, per_kind = _header(lines[0][1] if lines else [], path)
    if (found := len(lines) - 1) != (expected := folds * 2 * per_kind):
        raise FacetrialError(
            f"{path} begins by announcing {folds} x 2 x {per_kind} = {expected} pairs and holds {found}; is it whole?"
        )
    pairs = []
    for place, (number, fields) in enumerate(lines[1:]):
        fold, within = divmod(place, 2 * per_kind)
        pairs.append(_pair(fields, within < per_kind, fold, f"line {number} of {path}"))
    known: dict[frozenset[str], int] = {}
    for place, pair in enumerate(pairs):
        if (earlier := known.setdefault(frozenset((pair.first, pair.second)), place)) != place:
            raise FacetrialError(
                f"{path} names {pair.first} with {pair.second} twice, in lines {lines[earlier + 1][0]} and "
                f"{lines[place + 1][0]}. Each pair counts once: remove one."
            )
    return pairs


def files_of_pairs(pairs: Sequence[Pair], files: Mapping[str, Path]) -> dict[str, str]:
    """The file of each picture that pairs name: name without ending → key of `files`.

    Args:
        pairs: as `read_pairs` gives them.
        files: all pictures below the folder of people, by their names.

    Raises:
        FacetrialError: some are not there, or there twice with different endings.
    """
    by_stem: dict[str, list[str]] = defaultdict(list)
    for file in files:
        by_stem[file.rsplit(".", 1)[0]].append(file)
    named = sorted({name for pair in pairs for name in (pair.first, pair.second)})
    if missing := [name for name in named if name not in by_stem]:
        raise FacetrialError(
            f"{len(missing)} of the {len(named)} pictures that task.pairs names are not below data.root, such as "
            f"{missing[0]}. Give the folder that the list was made for, with all of its people."
        )
    if twice := [by_stem[name] for name in named if len(by_stem[name]) > 1]:
        raise FacetrialError(
            f"task.pairs names pictures without their ending; {' and '.join(twice[0])} differ in it alone. Remove one."
        )
    return {name: by_stem[name][0] for name in named}


def _fields(line: str) -> list[str]:
    # Names may hold blanks where tabs part the columns; spreadsheets add tabs at the ends of lines.
    line = line.strip()
    fields = line.split("\t") if "\t" in line else line.split()
    return [field.strip() for field in fields]


def _is_number(field: str) -> bool:
    """Whether `int` takes it: "²" is a digit too, and nobody has a picture of twenty digits."""
    return field.isascii() and field.isdigit() and len(field) < 19


def _header(fields: list[str], path: Path) -> tuple[int, int]:
    numbers = [int(field) for field in fields if _is_number(field)]
    if len(numbers) != len(fields) or len(numbers) not in (1, 2) or min(numbers) < 1:
        raise FacetrialError(
            f"{path} is not a list of pairs in LFW's format: its first line must hold the number of folds and that of "
            f"pairs of each kind in a fold, such as 10<tab>300; found {' '.join(fields)[:60]!r}."
        )
    return (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])


def _pair(fields: list[str], same: bool, fold: int, where: str) -> Pair:
    numbers = fields[1:] if same else fields[1::2]
    if len(fields) != (3 if same else 4) or not all(map(_is_number, numbers)):
        expected = (
            "of one person: name, number, number" if same else "of two people: name, number, name, number"
        )
        raise FacetrialError(f"{where}: expected a pair {expected}; found {' '.join(fields)[:80]!r}.")
    first, second = (fields[0], fields[0]) if same else (fields[0], fields[2])
    if same and int(numbers[0]) == int(numbers[1]):
        raise FacetrialError(
            f"{where}: a picture cannot be compared with itself, found {' '.join(fields)!r}."
        )
    if not same and first == second:
        raise FacetrialError(f"{where}: expected a pair of two people, found {first!r} twice.")
    return Pair(_picture(first, numbers[0]), _picture(second, numbers[1]), same, fold)


def _picture(name: str, number: str) -> str:
    name = unicodedata.normalize("NFC", name)
    return f"{name}/{name}_{int(number):04d}"
