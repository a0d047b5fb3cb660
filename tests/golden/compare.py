"""Whether two runs of `trials.py` on one machine found the same, to the bit.

    python tests/golden/compare.py OLD NEW
    python tests/golden/compare.py OLD NEW --renamed FILE

Every table is compared as it is written, and every JSON file value for value, but for what is timed, and for settings
of the attack that OLD did not have and that are null in NEW. FILE holds the names that were changed on purpose as
JSON, `{"old": "new"}`: whole keys, columns, values and names of files of OLD; "parent.key" is a key below that parent
only, "folder/" a folder. `renamed_since_0.1.json` beside this script holds those since version 0.1.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Started as a script, this finds its neighbour without the package around it.
sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.golden.trials import read_table, trials_in, written

# What hangs on the machine and its load.
TIMED = {"seconds", "images_per_second", "train_seconds", "answers_per_second", "versions", "steps_chosen_by"}
# What summaries and rows have gained since 0.1: no difference where OLD is without.
GAINED = {
    "weak_on_purpose", "head", "chosen", "class_size", "found_again", "noise_level", "schema", "reached", "l1",
    "picture_digest", "trained", "planned", "over_people",
}  # fmt: skip
SETTINGS = "attack_parts"
ABOUT_THE_CODE = {"done.json"}  # holds a digest of it


@dataclass
class Comparison:
    """What differs, each with its place, and how much was compared."""

    renamed: Mapping[str, str]
    differences: list[str] = field(default_factory=list)
    trials: int = 0
    rows: int = 0
    figures: int = 0

    def name(self, old: Any) -> Any:
        """What a key, a column or a value of OLD is called in NEW."""
        return self.renamed.get(old, old) if isinstance(old, str) else old

    def differ(self, place: str, old: Any, new: Any) -> None:
        self.differences.append(f"{place}: {old!r} became {new!r}")

    def same_names(self, place: str, old: list[str], new: list[str]) -> list[str]:
        """Those that both have, of OLD's names as they are called in NEW."""
        self.differences += [f"{place}: {name} is missing in NEW" for name in old if name not in new]
        self.differences += [f"{place}: {name} is missing in OLD" for name in new if name not in old]
        return [name for name in old if name in new]

    def tables(self, place: str, old: Path, new: Path) -> None:
        old_columns, old_rows = read_table(old)
        new_columns, new_rows = read_table(new)
        old_columns = [self.name(column) for column in old_columns]
        if old_columns != [column for column in new_columns if column in old_columns or column not in GAINED]:
            self.differ(f"{place} columns", old_columns, new_columns)
        if len(old_rows) != len(new_rows):
            self.differ(f"{place} number of rows", len(old_rows), len(new_rows))
        both = [column for column in old_columns if column in new_columns and column not in TIMED]
        for number, (before, after) in enumerate(zip(old_rows, new_rows, strict=False), start=1):
            before = {self.name(column): self.name(value) for column, value in before.items()}
            for column in both:
                if before[column] != after[column]:
                    self.differ(f"{place} row {number} {column}", before[column], after[column])
            self.rows += 1

    def values(self, place: str, old: Any, new: Any) -> None:
        """Two values from JSON files, or all that they hold."""
        if isinstance(old, dict) and isinstance(new, dict):
            parent = place.rpartition(" ")[2]
            old = {
                self.renamed.get(f"{parent}.{key}", self.name(key)): value
                for key, value in old.items()
                if key not in TIMED
            }
            new = {
                key: value
                for key, value in new.items()
                if key not in TIMED
                and (key in old or key not in GAINED)
                and not (SETTINGS in place.split() and value is None and key not in old)
            }
            for key in self.same_names(place, list(old), list(new)):
                self.values(f"{place} {key}", old[key], new[key])
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for number, (before, after) in enumerate(zip(old, new, strict=True)):
                self.values(f"{place} {number}", before, after)
        else:
            self.figures += 1
            # By how they are written, 1 is not 1.0, 0.0 is not -0.0, and two floats are the same only to the bit.
            if repr(self.name(old)) != repr(new):
                self.differ(place, self.name(old), new)

    def folders(self, trial: str, old: Path, new: Path) -> None:
        """All results of a trial."""
        before = {self.name_of_file(path.relative_to(old)): path for path in written(old)}
        after = {path.relative_to(new).as_posix(): path for path in written(new)}
        for name in self.same_names(trial, list(before), list(after)):
            place = f"{trial}/{name}"
            if name.endswith(".csv"):
                self.tables(place, before[name], after[name])
            elif name.endswith(".json") and name not in ABOUT_THE_CODE:
                self.values(
                    place, *(json.loads(path.read_text("utf-8")) for path in (before[name], after[name]))
                )
        self.trials += 1

    def name_of_file(self, path: Path) -> str:
        """The folders that a file lies in and the words of its name, which hyphens join, as they are called in NEW."""
        folders = [self.renamed.get(f"{folder}/", folder).rstrip("/") for folder in path.parts[:-1]]
        return "/".join([*folders, "-".join(map(self.name, self.name(path.name).split("-")))])


def compare(old: Path, new: Path, renamed: Mapping[str, str]) -> Comparison:
    """Compares all trials below `old` and `new`; a trial that is missing on either side is a difference."""
    found = Comparison(renamed)
    found.differences += list(nothing_run({"OLD": old, "NEW": new}))
    for trial in found.same_names("trials", trials_in(old), trials_in(new)):
        missing = [folder for folder in (old / trial, new / trial) if not any(written(folder))]
        found.differences += [f"{folder} holds no results" for folder in missing]
        if not missing:
            found.folders(trial, old / trial, new / trial)
    return found


def nothing_run(folders: Mapping[str, Path]) -> Iterator[str]:
    for name, folder in folders.items():
        if not trials_in(folder):
            yield f"{name} = {folder} holds no trials, or trials.py did not end there"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    parser.add_argument("--renamed", type=Path, metavar="FILE", help='JSON: {"old name": "new name"}')
    arguments = parser.parse_args()
    renamed = json.loads(arguments.renamed.read_text(encoding="utf-8")) if arguments.renamed else {}
    found = compare(arguments.old, arguments.new, renamed)
    print(*found.differences, sep="\n", end="\n" if found.differences else "")
    verdict = f"{len(found.differences)} differences" if found.differences else "equal"
    print(f"{verdict}: {found.trials} trials, {found.rows} rows and {found.figures} figures compared")
    sys.exit(bool(found.differences))


if __name__ == "__main__":
    main()
