"""What a setting may be: its type, its range and its unit, said once, where a constructor names its parameter.

`steps: Count` in a signature is all that there is to a setting. Text is no number, true and false are none, and nan
and inf are none that a setting may be. `core.checked_settings` holds values to it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from annotated_types import GroupedMetadata, Interval
from pydantic import AfterValidator, BeforeValidator


@dataclass(frozen=True)
class Says(GroupedMetadata):
    """What an error says of a setting, "must lie in (0, 1]", and the bounds of which it speaks."""

    text: str
    bounds: Interval = field(default_factory=Interval)

    def __iter__(self) -> Iterator[object]:
        """What pydantic holds a value to."""
        return iter(self.bounds)


@dataclass(frozen=True)
class Unit:
    """In what a setting counts: "pixels"."""

    text: str


@dataclass(frozen=True)
class Keys:
    """The settings in a part of a config that has no constructor, or more to say than its constructor's signature.

    Attributes:
        schema: a dataclass.
        beyond: whether they may be given where the constructor does not take them.
    """

    schema: type
    beyond: bool = False


class Given:
    """What the constructor of a part is handed beside its settings, so that a config need not name it."""

    def __init__(self, *names: str) -> None:
        self.names = names


def whole(least: int, most: int | None = None) -> Says:
    """Of an `int`: from `least` on, up to `most` where that is given."""
    says = f"must be a whole number from {least} {'on' if most is None else f'to {most}'}"
    return Says(f"must be {least}" if least == most else says, Interval(ge=least, le=most))


def number(says: str, **bounds: float) -> Says:
    """Of a `float`: within `bounds` (gt, ge, lt, le), of which `says` tells: "must be above 1"."""
    return Says(says, Interval(**bounds))


Count = Annotated[int, whole(1)]
Seed = Annotated[int, whole(0, 2**32 - 1)]
Number = Annotated[float, number("must be a finite number")]
Positive = Annotated[float, number("must be a positive number", gt=0)]
NotNegative = Annotated[float, number("must be a number from 0 on", ge=0)]
Share = Annotated[float, number("must lie in [0, 1]", ge=0, le=1)]
PositiveShare = Annotated[float, number("must lie in (0, 1]", gt=0, le=1)]
ShareBelowOne = Annotated[float, number("must lie in [0, 1)", ge=0, lt=1)]
InsideShare = Annotated[float, number("must lie in (0, 1)", gt=0, lt=1)]


def _is_file(path: str) -> str:
    if not Path(path).expanduser().is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _is_file_or_name(value: str) -> str:
    return _is_file(value) if "/" in value or Path(value).suffix else value


ExistingFile = Annotated[str, AfterValidator(_is_file), Says("must be the path of a file")]
FileOrName = Annotated[str, AfterValidator(_is_file_or_name), Says("must be the path of a file or a name")]


def _of_255(value: Any) -> Any:
    """8 for the text "8/255"; anything else as it is."""
    written = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*255\s*", value) if isinstance(value, str) else None
    return float(written[1]) if written else value


def _no_share(value: float) -> float:
    if value < _LEAST_OF_255:
        meant = round(255 * value) or float(f"{255 * value:.3g}")
        raise ValueError(
            f"{value:g} looks like {meant}/255: write {meant}. It counts 1/255 of a pixel's range, not shares of 1"
        )
    return value


_LEAST_OF_255 = 0.1  # what is smaller was meant as a share of 1
In255ths = Annotated[
    float,
    BeforeValidator(_of_255),
    number("must lie in (0, 255], in 1/255 of a pixel's range, or be text such as 8/255", gt=0, le=255),
    AfterValidator(_no_share),
]
