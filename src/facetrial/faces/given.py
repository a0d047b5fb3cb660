"""What a caller says of pictures: whom they show, landmarks, names. It is taken as the package has it, or refused."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from facetrial.core.errors import FacetrialError
from facetrial.faces.landmark_names import NUM_LANDMARKS


def as_identities(given: Tensor | np.ndarray | Sequence[int], count: int, people: int) -> Tensor:
    """The number of the class of each picture, int64 (N,), on the CPU.

    Args:
        given: N integers of any type.
        count: N.
        people: how many classes there are.

    Raises:
        FacetrialError: another shape, no integers, or a number that no class has.
    """
    found = _as_array("identities", given)
    if found.shape != (count,):
        raise FacetrialError(
            f"identities must have one number for each of {count} pictures, shape ({count},), found "
            f"{_described(given, found)}. Of columns (N, 1) give identities.flatten(), of one-hot rows "
            "identities.argmax(1)."
        )
    if found.dtype.kind not in "iu":
        raise FacetrialError(
            f"identities must be whole numbers, the class of each picture, found {_described(given, found)}. Convert "
            "with identities.long()."
        )
    if len(strangers := np.flatnonzero((found < 0) | (found >= people))):
        raise FacetrialError(
            f"identities must be numbers from 0 to {people - 1}, since the victim scores {people} people; found "
            f"{found[strangers[0]]} for picture {strangers[0]}."
        )
    return torch.from_numpy(found.astype(np.int64))


def as_landmarks(given: Tensor | np.ndarray, count: int) -> Tensor:
    """Landmarks float32 (N, 15, 2), or (N, 5, 2) of MTCNN's five, on the CPU.

    Args:
        given: numbers of any type, (x, y) in pixels; NaN = unknown.
        count: N.

    Raises:
        FacetrialError: another shape, no numbers, or infinite ones.
    """
    found = _as_array("landmarks", given)
    expected = (count, NUM_LANDMARKS, 2)
    if found.shape not in (expected, (count, 5, 2)) or found.dtype.kind not in "iuf":
        raise FacetrialError(
            f"landmarks must be numbers of shape {expected}, or {(count, 5, 2)} of MTCNN's five, (x, y) in pixels of "
            f"each picture, found {_described(given, found)}."
        )
    landmarks = torch.as_tensor(found.astype(np.float64)).float()
    if landmarks.isinf().any():
        raise FacetrialError("landmarks must be finite, or NaN where they are unknown; found infinite ones.")
    return landmarks


def as_files(given: Sequence | None, count: int) -> list[str]:
    """The pictures' names; "0", "1", … where none are given.

    Args:
        given: N names, each another: what is drawn for a picture depends on its name.
        count: N.

    Raises:
        FacetrialError: another number of names, or one that several pictures have.
    """
    return [str(i) for i in range(count)] if given is None else _different("files", given, count, "pictures")


def as_names(given: Sequence, people: int) -> list[str]:
    """The people's names.

    Args:
        given: a name for each class, each another.
        people: how many classes there are.

    Raises:
        FacetrialError: another number of names, or one that several people have.
    """
    return _different("names", given, people, "people that the victim scores")


def _different(what: str, given: Sequence, count: int, of: str) -> list[str]:
    if isinstance(given, str | bytes):
        raise FacetrialError(f"{what} must be a list with a name for each of {count} {of}, found text.")
    try:
        found = [str(name) for name in given]
    except TypeError as error:
        raise FacetrialError(
            f"{what} must be a list with a name for each of {count} {of}, found {type(given).__name__}."
        ) from error
    if len(found) != count:
        raise FacetrialError(f"{what} must have a name for each of {count} {of}, found {len(found)}.")
    if twice := [name for name, times in Counter(found).items() if times > 1]:
        raise FacetrialError(
            f"{what} must all be different, found {twice[0]!r} {found.count(twice[0])} times; {len(set(found))} of "
            f"{count} differ."
        )
    return found


def _as_array(what: str, given: Any) -> np.ndarray:
    try:
        return given.detach().cpu().numpy() if isinstance(given, Tensor) else np.asarray(given)
    except Exception as error:  # lists of unequal length, types that NumPy does not have: each its own
        found = f"a tensor of {given.dtype}" if isinstance(given, Tensor) else f"a {type(given).__name__}"
        raise FacetrialError(
            f"{what} must be a tensor, an array or a list of numbers, found {found} ({error})."
        ) from error


def _described(given: Any, found: np.ndarray) -> str:
    if found.dtype.kind == "O":
        return f"a {type(given).__name__} that is not of numbers"
    return f"{found.dtype} of shape {found.shape}"
