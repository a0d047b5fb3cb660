"""What a recogniser without slopes may say of a picture: a vector, scores of people, or that it finds nobody."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from facetrial.core.errors import FacetrialError, visible

_SHOWN = 60  # letters of a reply, in a message


@dataclass(frozen=True)
class Form:
    """What all replies of a recogniser have in common.

    Attributes:
        dimension: numbers in each.
        people: whom they are the scores of, by name and in order; None of vectors.
    """

    dimension: int
    people: tuple[str, ...] | None = None


def replies_of(given: Any, count: int, who: str) -> list[Any]:
    """What was said of each of `count` pictures: a list, of an array or tensor (count, D) its rows.

    Raises:
        FacetrialError: it is none, or of another number of pictures.
    """
    if isinstance(given, Tensor):
        given = given.detach().cpu().numpy()
    if isinstance(given, np.ndarray) and given.ndim != 2:
        raise FacetrialError(
            f"{who} gave an array of shape {given.shape}; expected ({count}, D), a row a picture."
        )
    if not isinstance(given, np.ndarray | list | tuple):
        raise FacetrialError(f"{who} gave {_shown(given)}; expected a list with an answer for each picture.")
    if len(given) != count:
        raise FacetrialError(
            f"{who} gave {len(given)} answers for {count} pictures; expected one each, in order."
        )
    return list(given)


def form_of(reply: Any, who: str) -> Form:
    """The form that all other replies must have, of one that is not None."""
    if isinstance(reply, Mapping):
        if len(reply) < 2 or not all(isinstance(name, str) for name in reply):
            raise FacetrialError(
                f"{who} gave scores of {len(reply)} people; expected a score of each of at least two, by their names."
            )
        return Form(len(reply), tuple(sorted(reply)))
    return Form(len(_numbers(reply, who)))


def vector_of(reply: Any, form: Form, who: str) -> np.ndarray:
    """A reply as float32 (D,): a vector, or scores in the order of `form.people`; NaN where nobody was found.

    Raises:
        FacetrialError: it is of another form, holds what is no finite number, or has no direction.
    """
    if reply is None:
        return np.full(form.dimension, np.nan, np.float32)
    if form.people is not None:
        if not isinstance(reply, Mapping):
            raise FacetrialError(f"{who} gave scores of people before, and now {_shown(reply)}.")
        if other := sorted(set(map(str, reply)) ^ set(form.people)):
            raise FacetrialError(
                f"{who} scored {len(form.people)} people before and {len(reply)} now; they differ in "
                f"{visible(', '.join(other[:3]))}. It must score the same people each time. If it knows others by now, "
                "say so by another embedder.version."
            )
        return _numbers([reply[name] for name in form.people], who)
    vector = _numbers(reply, who)
    if len(vector) != form.dimension:
        raise FacetrialError(
            f"{who} gave a vector of {len(vector)} numbers; expected {form.dimension}, as before or as "
            "embedder.dimension says. If it is another network by now, say so by another embedder.version."
        )
    if not vector.any():
        raise FacetrialError(
            f"{who} gave a vector of zeros, which has no direction; give null where it finds nobody."
        )
    return vector


def _numbers(reply: Any, who: str) -> np.ndarray:
    if isinstance(reply, Tensor):
        reply = reply.detach().cpu().numpy()
    if isinstance(reply, np.ndarray):
        plain = reply.ndim == 1 and reply.dtype.kind in "fiu"
    else:
        plain = isinstance(reply, list | tuple) and all(_is_number(value) for value in reply)
    if not plain or len(reply) == 0:
        raise FacetrialError(
            f"{who} gave {_shown(reply)} for a picture; expected a list of numbers, scores by the names of people, or "
            "null where it finds nobody."
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused
        numbers = np.asarray(reply, np.float64).astype(np.float32)
    if not np.isfinite(numbers).all():
        raise FacetrialError(
            f"{who} gave numbers that are not finite (NaN or infinite), or too large for float32."
        )
    return numbers


def _is_number(value: Any) -> bool:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return False
    try:
        float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False
    return not isinstance(value, complex | np.complexfloating)


def _shown(reply: Any) -> str:
    if reply is None or (isinstance(reply, float) and not math.isfinite(reply)):
        return "nothing" if reply is None else str(reply)
    if isinstance(reply, np.ndarray):
        return f"{reply.dtype} of shape {reply.shape}"
    text = visible(str(reply))
    return f"{type(reply).__name__} {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"
