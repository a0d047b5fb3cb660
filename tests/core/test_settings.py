"""The words for what a setting may be, and what they say of values that are not it."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pytest

from facetrial.core.checked_settings import read_setting
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import (
    Count,
    ExistingFile,
    In255ths,
    NotNegative,
    Positive,
    Seed,
    Unit,
    number,
    whole,
)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Count, 3),
        (Count | None, None),
        (Positive, 3),
        (Positive, np.float32(0.5)),
        (Count, np.int64(2)),
        (Seed, 2**32 - 1),
        (Sequence[Count], (1, 2)),
        (Positive | Literal["scale"], "scale"),
        (float, 1),
        (Path, "somewhere"),
    ],
)
def test_what_is_right_is_let_through(annotation, value):
    read_setting("key", annotation, value)


@pytest.mark.parametrize(
    ("annotation", "value", "said"),
    [
        (Count, 0, "key must be a whole number from 1 on, found 0."),
        (Count, 2.0, "key must be a whole number from 1 on, found 2.0."),
        (Count, True, "key must be a whole number from 1 on, found true."),
        (Count, "3", "key must be a whole number from 1 on, found '3'."),
        (Count | None, -1, "key must be a whole number from 1 on or null, found -1."),
        (
            Annotated[int, whole(8), Unit("pixels")],
            7,
            "key must be a whole number from 8 on (pixels), found 7.",
        ),
        (Annotated[int, whole(1, 8)], 9, "key must be a whole number from 1 to 8, found 9."),
        (Positive, math.nan, "key must be a positive number, found nan."),
        (NotNegative, math.inf, "key must be a number from 0 on, found inf."),
        (Annotated[float, number("must be above 1", gt=1)], 1, "key must be above 1, found 1."),
        (float, math.nan, "key must be a number, found nan."),
        (bool, 1, "key must be true or false, found 1."),
        (str, 3, "key must be text, found 3."),
        (Literal["mean", "blur"], "max", "key must be one of mean, blur, found 'max'."),
        (Positive | Literal["scale"], "x", "key must be a positive number, or be scale, found 'x'."),
        (
            Sequence[Count],
            [1, 0],
            "key must be a list, of which each must be a whole number from 1 on, found [1, 0].",
        ),
        (ExistingFile, "/no/such", "key: there is no file /no/such."),
    ],
)
def test_what_is_wrong_is_said_with_its_range_and_unit(annotation, value, said):
    with pytest.raises(FacetrialError) as raised:
        read_setting("key", annotation, value)
    assert str(raised.value) == said


@pytest.mark.parametrize(("written", "read"), [(8, 8), (0.5, 0.5), ("8/255", 8), (" 2.5 / 255 ", 2.5)])
def test_eps_counts_255ths(written, read):
    assert read_setting("eps", In255ths, written) == read


@pytest.mark.parametrize(
    ("written", "meant"), [(0.03, "8"), (8 / 255, "8"), (0.001, "0.255"), ("0.03/255", "8")]
)
def test_eps_as_a_share_of_one_is_refused_with_what_was_meant(written, meant):
    with pytest.raises(FacetrialError, match=rf"looks like {meant}/255: write {meant}\."):
        read_setting("eps", In255ths, written)
