"""Faces as they are loaded, kept in the process for the next trial of a sweep."""

from collections.abc import Callable
from typing import Any

from hydra.utils import get_class, instantiate

from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.core.process.kept import Kept, keeps
from facetrial.core.provenance import data_files, data_root
from facetrial.data.datamodule import FacesDataModule

_KEPT: Kept[FacesDataModule] = Kept(2)  # as the victim sees them, and as a surrogate does


def faces_of(data: dict[str, Any]) -> FacesDataModule:
    """The faces that these settings describe, not loaded.

    Raises:
        FacetrialError: they have no identities.
    """
    faces = instantiate(data)
    if not isinstance(faces, FacesDataModule):
        raise FacetrialError(
            f"data is a {type(faces).__name__}, which has no identities; expected faces of people to recognise, "
            "such as data=synthetic or data=lfw."
        )
    return faces


def faces_or_kept(
    data: dict[str, Any], files: Callable[[], str | None], make: Callable[[], FacesDataModule]
) -> FacesDataModule:
    """The faces that `make` makes, not set up; in a sweep loaded, and a copy of those that an earlier trial loaded.

    Args:
        data: their settings.
        files: as by `data_files`; it is asked in a sweep alone.
        make: makes the datamodule of these settings.
    """
    name = _name(data, files) if keeps() else None
    if (kept := _KEPT.recalled(name)) is not None:
        return kept.copied()
    faces = make()
    if name is not None:
        _ = faces.all_faces
        if name == _name(data, lambda: data_files(data)):  # else some files changed while they were read
            _KEPT.keep(name, faces.copied())
    return faces


def _name(data: dict[str, Any], files: Callable[[], str | None]) -> str | None:
    """A name for all that faces come from: settings, and files by name and content; None where nobody knows it all.

    A class of the user's may go by anything.
    """
    if not get_class(data["_target_"]).__module__.startswith("facetrial."):
        return None
    if "root" not in data:
        return digest(data)
    found, root = files(), data_root(data)
    if found is None or root is None:
        return None
    # What lies there and is no person's picture is told with the faces, by its name.
    return digest(data, found, sorted(map(str, root.rglob("*"))))
