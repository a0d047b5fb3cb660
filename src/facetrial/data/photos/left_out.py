"""Which photographs are left out, and what is said of those that are, and of those that are used all the same."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from facetrial.core.errors import FacetrialError
from facetrial.data.photos.detection import Detections
from facetrial.data.photos.person_folders import copies, more_pictures, person, some

log = logging.getLogger(__name__)

NO_FACE = "no face was found"


def reasons_left_out(
    files: Sequence[str], digests: Sequence[str], detections: Detections, without_face: bool
) -> dict[str, str]:
    """File → reason, for each picture that cannot be used: damaged, a copy of another, or without a face.

    Args:
        files: names below the folder of people.
        digests: of their content.
        detections: a face of each.
        without_face: whether a picture in which no face was found is used all the same.
    """
    repeated = copies(files, digests)
    reasons = {}
    for file, problem, found in zip(files, detections.problems, detections.found, strict=True):
        if reason := problem or repeated.get(file):
            reasons[file] = reason
        elif not found and not without_face:
            reasons[file] = NO_FACE
    return reasons


def report_left_out(
    folder: Path, reasons: Mapping[str, str], unused: Mapping[str, str], refuse: bool
) -> None:
    """Warns of the pictures below `folder` that cannot be used.

    Args:
        folder: of people.
        reasons: file → reason.
        unused: of files that are no person's pictures, as `unused_pictures` finds them.
        refuse: whether `reasons` end the run.

    Raises:
        FacetrialError: there are some, and `refuse` is set.
    """
    if reasons and refuse:
        raise FacetrialError(
            f"{len(reasons)} picture(s) below {folder} cannot be used: {_listed(reasons)}. Put them right or "
            "remove them, or leave them out with data.on_bad_picture=skip."
        )
    if every := {**reasons, **unused}:
        log.warning("%d picture(s) cannot be used and are left out: %s", len(every), _listed(every))


def _listed(reasons: Mapping[str, str]) -> str:
    return some([f"{file} ({why})" for file, why in reasons.items()])


def people_left_out(folder: Path, files: Iterable[str], counts: Counter, min_pictures: int) -> list[str]:
    """Folders of people who have too few usable pictures, of which it warns.

    Args:
        folder: of people.
        files: all pictures, usable or not.
        counts: usable pictures of each person.
        min_pictures: the least number.

    Raises:
        FacetrialError: nobody has enough.
    """
    lost = sorted({person(file) for file in files if counts[person(file)] < min_pictures})
    if not any(count >= min_pictures for count in counts.values()):
        raise FacetrialError(
            f"nobody below {folder} has {min_pictures} usable pictures; the most is "
            f"{max(counts.values(), default=0)}. What was left out is said above, with the reason. "
            f"{more_pictures(min_pictures)}"
        )
    if lost:
        log.warning("%d people have too few usable pictures and are left out: %s", len(lost), some(lost))
    return lost


def report_faces(pictures: int, no_face: Sequence[str], several_faces: Mapping[str, int], taken: str) -> None:
    """Warns of pictures without a face, and of those with several, of which the one that is `taken` counts."""
    if no_face:
        log.warning(
            "In %d of %d pictures no face was found; they are cut where LFW's faces lie on average: %s",
            len(no_face), pictures, some(no_face),
        )  # fmt: skip
    if several_faces:
        listed = some([f"{file} ({count})" for file, count in several_faces.items()])
        log.warning(
            "%d of %d pictures have several faces; the %s is taken for the person: %s",
            len(several_faces), pictures, taken, listed,
        )  # fmt: skip
