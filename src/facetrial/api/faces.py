"""Faces for trials from Python: photographs of people, or drawn ones."""

from pathlib import Path
from typing import Any, Literal

from torch import nn

from facetrial.api.callers_torch import callers_torch
from facetrial.core.errors import FacetrialError
from facetrial.data.datamodule import FacesDataModule
from facetrial.data.people_folder import PeopleFolder
from facetrial.data.synthetic import SyntheticFaces
from facetrial.landmarks.sources import Mtcnn
from facetrial.recognition.layers import base_model


@callers_torch()
def load_faces(
    folder: str | Path,
    recogniser: nn.Module | None = None,
    *,
    size: int | None = None,
    alignment: Literal["five_points", "facenet"] | None = None,
    cache: str | Path = "cache",
    **settings: Any,
) -> FacesDataModule:
    """The people in a folder, with landmarks, split within each person into pictures to train, to validate and to test.

    Faces are found and cut by MTCNN, once: what was found is kept in `cache`.

    Args:
        folder: one folder of photographs for each person; three of each are enough.
        recogniser: a victim or an embedder that says how its faces are cut, by `size` and `alignment`.
        size: side of the crops in pixels; the recogniser's own, or 112.
        alignment: how faces are cut; the recogniser's own, or "five_points".
        cache: the folder for what is computed once.
        settings: others of `facetrial.data.PeopleFolder`, such as `min_pictures` and `limit`.

    Raises:
        FacetrialError: there is no such folder, no picture in it that can be used, or a setting that is none.
    """
    size, alignment = _cut_for(recogniser, size, alignment)
    faces = PeopleFolder(root=str(folder), size=size, alignment=alignment, cache=str(cache), **settings)
    faces.all_faces.landmarks = Mtcnn().find(faces.all_faces)
    faces.setup()
    return faces


@callers_torch()
def draw_faces(
    recogniser: nn.Module | None = None,
    *,
    people: int = 12,
    pictures: int = 24,
    size: int | None = None,
    **settings: Any,
) -> FacesDataModule:
    """Drawn faces of people who do not exist, with landmarks, split as those of `load_faces`.

    What comes out on them says that a tool works, and nothing about people.

    Args:
        recogniser, size: as for `load_faces`.
        people: how many.
        pictures: of each.
        settings: others of `facetrial.data.SyntheticFaces`.
    """
    size, _ = _cut_for(recogniser, size, None)
    faces = SyntheticFaces(
        people=people, pictures=pictures, size=size, **({"pictures_min": pictures} | settings)
    )
    faces.setup()
    return faces


def _cut_for(recogniser: nn.Module | None, size: int | None, alignment: Any) -> tuple[int, Any]:
    """Size and alignment of crops: those that are given, else those that the recogniser says."""
    embedder = None if recogniser is None else getattr(base_model(recogniser), "embedder", recogniser)
    own_size, own_alignment = (getattr(embedder, name, None) for name in ("size", "alignment"))
    if recogniser is not None and size is None and own_size is None:
        raise FacetrialError(
            f"{type(embedder).__name__} does not say how its faces are cut: give `size`, and `alignment`."
        )
    return size or own_size or 112, alignment or own_alignment or "five_points"
