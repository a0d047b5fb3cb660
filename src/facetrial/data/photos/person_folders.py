"""The picture files of people as they lie on a disk: a folder of people, in it a folder of pictures for each."""

import logging
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from facetrial.core.errors import FacetrialError
from facetrial.data.photos.image_files import SUFFIXES, UNREAD_SUFFIXES, begins_as_picture

log = logging.getLogger(__name__)

SMALLEST_SPLIT = 3  # pictures of a person: one each to train, to validate and to test
_UNREAD = "of a kind that is not read: save it as JPEG"
_LOOSE = "in no person's folder: make a folder for each person"
_DEEPER = "in a folder below a person's: move it up"
_NAMELESS = "a picture whose name does not end as a picture's: rename it"
_NOWHERE = "a link to a file that is not there"


def is_a_persons(path: Path) -> bool:
    """Whether a path is a picture in a person's folder, not one that a system or a viewer put there."""
    hidden = path.name.startswith(".") or path.parent.name.startswith((".", "__"))
    return path.suffix.lower() in SUFFIXES and not hidden and path.is_file()


def person(file: str) -> str:
    """The folder of a file's name below the folder of people."""
    return file.split("/", 1)[0]


def pictures_of_people(folder: Path, min_pictures: int) -> dict[str, Path]:
    """Picture files, sorted, of all people with at least `min_pictures`, by their name below `folder`.

    Names are in Unicode's composed form, whatever the file system keeps: an accent changes no random draw.

    Raises:
        FacetrialError: no folder with pictures, none with enough, or a name that is not Unicode, or is another's.
    """
    people: dict[str, dict[str, Path]] = {}
    for path in sorted(_in_folders(folder)):
        if is_a_persons(path):
            try:
                name = unicodedata.normalize("NFC", f"{path.parent.name}/{path.name}")
                name.encode()
            except UnicodeEncodeError as error:
                raise FacetrialError(f"the name of {str(path)!r} is not Unicode. Rename it.") from error
            if (other := people.setdefault(person(name), {}).setdefault(name, path)) != path:
                raise FacetrialError(
                    f"{other} and {path} differ only in how an accent is written, and would be one picture. Rename one."
                )
    if not people:
        raise FacetrialError(
            f"no pictures in {folder}: expected one folder for each person with files ending in "
            f"{', '.join(sorted(SUFFIXES))}. {_what_lies_there(folder)}Give the right data.root."
        )
    enough = {name: found for name, found in people.items() if len(found) >= min_pictures}
    if not enough:
        raise FacetrialError(
            f"none of the {len(people)} people in {folder} has {min_pictures} pictures; the most is "
            f"{max(map(len, people.values()))}. {_what_lies_there(folder)}{more_pictures(min_pictures)}"
        )
    return {file: path for name in sorted(enough) for file, path in sorted(enough[name].items())}


def more_pictures(min_pictures: int) -> str:
    """What to do where nobody has so many pictures."""
    lower = "" if min_pictures <= SMALLEST_SPLIT else "lower data.min_pictures, "
    return f"Add pictures of them, {lower}or give another data.root."


def unused_pictures(folder: Path) -> dict[str, str]:
    """Files below `folder` that are pictures and cannot be anyone's: name → reason.

    They are of a kind that is not read, such as a phone's HEIC, or called as none is, do not lie in a person's folder,
    or are links to what is not there.
    """
    found = {}
    for pattern, place in (("*/*", None), ("*", _LOOSE), ("*/*/*", _DEEPER)):
        for path in sorted(folder.glob(pattern)):
            parts = path.relative_to(folder).parts
            hidden = any(part.startswith((".", "__")) for part in parts)
            if not hidden and (reason := _why_unused(path, place)):
                found["/".join(parts).encode("utf-8", "backslashreplace").decode()] = reason
    return found


def _why_unused(path: Path, place: str | None) -> str | None:
    """Why a path is no picture of a person's: by itself, or by its `place`; None where it is one, or no picture."""
    suffix = path.suffix.lower()
    named = suffix in SUFFIXES | UNREAD_SUFFIXES
    if not path.is_file():
        return _NOWHERE if named and path.is_symlink() and not path.exists() else None
    if place is not None:
        return place if named else None
    if named:
        return _UNREAD if suffix in UNREAD_SUFFIXES else None
    return _NAMELESS if begins_as_picture(path) else None


def _what_lies_there(folder: Path) -> str:
    """What a folder without enough pictures holds instead, as a sentence; "" where it holds nothing of use."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for file, reason in unused_pictures(folder).items():
        by_reason[reason].append(file)
    found = [f"{len(files)} {reason} (such as {files[0]})" for reason, files in by_reason.items()]
    return f"Pictures that are there: {'; '.join(found)}. " if found else ""


def copies(files: Sequence[str], digests: Sequence[str]) -> dict[str, str]:
    """Why a picture is left out because another file holds the same: file → reason.

    The first of one person's copies stays. Copies in two people's folders all go: whose face it is, is not known.

    Args:
        files: names, sorted.
        digests: of each file's content; "" is not known.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for file, digest in zip(files, digests, strict=True):
        if digest:
            alike[digest].append(file)
    reasons: dict[str, str] = {}
    for same in alike.values():
        if len({person(file) for file in same}) > 1:
            reasons |= {file: f"in the folders of several people: {', '.join(same)}" for file in same}
        else:
            reasons |= {file: f"a copy of {same[0]}" for file in same[1:]}
    return reasons


def shown_names(folders: list[str]) -> list[str]:
    """People's names as one writes them, or the folders' where two people would then share a name.

    It warns of folders that may be one person's: a recogniser that takes one for the other counts as mistaken.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for folder in folders:
        alike[" ".join(folder.replace("_", " ").casefold().split())].append(folder)
    if twins := [" and ".join(map(repr, same)) for same in alike.values() if len(same) > 1]:
        log.warning(
            "%d name(s) have several folders, which differ in capitals and blanks alone and count as different people: "
            "%s. If they are one person's, put their pictures into one.",
            len(twins), some(twins),
        )  # fmt: skip
    names = [folder.replace("_", " ") for folder in folders]
    return names if len(set(names)) == len(names) else folders


def some(items: Sequence[str], shown: int = 5) -> str:
    """The first few of a list, and how many more there are."""
    return ", ".join(items[:shown]) + (f" and {len(items) - shown} more" if len(items) > shown else "")


def _in_folders(folder: Path) -> Iterator[Path]:
    """What lies in the folders in `folder`.

    Raises:
        FacetrialError: one that may not be looked into: its person would be missing without a word.
    """
    for inner in folder.glob("*/"):
        try:
            yield from inner.iterdir()
        except OSError as error:
            if inner.name.startswith((".", "__", "lost+found")):  # a system's
                continue
            raise FacetrialError(
                f"cannot look into {inner}: {error.strerror}. Allow it, or take it out of {folder}."
            ) from error
