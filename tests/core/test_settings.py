"""The words for what a setting may be, and what they say of values that are not it."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pytest
import torch

from facetrial.attacks import Linf
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import (
    Count,
    ExistingFile,
    In255ths,
    NotNegative,
    Positive,
    Seed,
    Unit,
    checked,
    is_described,
    number,
    parameters,
    read_setting,
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
        (Annotated[whole(8), Unit("pixels")], 7, "key must be a whole number from 8 on (pixels), found 7."),
        (whole(1, 8), 9, "key must be a whole number from 1 to 8, found 9."),
        (Positive, math.nan, "key must be a positive number, found nan."),
        (NotNegative, math.inf, "key must be a number from 0 on, found inf."),
        (number("must be above 1", gt=1), 1, "key must be above 1, found 1."),
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
    ("written", "meant"), [(0.03, "8"), (8 / 255, "8"), (0.001, "0.255"), ("0.03/255", "0.00765")]
)
def test_eps_as_a_share_of_one_is_refused_with_what_was_meant(written, meant):
    if isinstance(written, str):
        meant = "0.00765"
    with pytest.raises(FacetrialError, match=rf"looks like {meant}/255: write {meant}\."):
        read_setting("eps", In255ths, written)


def test_linf_takes_numbers_and_fractions_of_255(caplog):
    assert Linf(8).limit == Linf("8/255").limit == 8 / 255
    assert not caplog.records
    assert Linf(0.5).limit == 0.5 / 255
    assert "no 8-bit file can hold" in caplog.text
    with pytest.raises(FacetrialError, match="attack.budget.eps: 0.03 looks like 8/255: write 8"):
        Linf(0.03)


class Base:
    @checked("part")
    def __init__(self, tensor: torch.Tensor, count: Count = 3) -> None:
        self.count = count


class Derived(Base):
    def __init__(self, width: Positive, **settings) -> None:
        super().__init__(None, **settings)


def test_a_constructor_that_is_checked_names_place_and_key():
    assert Base(torch.zeros(2), 5).count == 5
    with pytest.raises(FacetrialError, match=r"^part\.count must be a whole number"):
        Base(None, count=0)
    with pytest.raises(FacetrialError, match=r"^part\.count"):
        Derived(1.0, count=True)


def test_parameters_of_a_class_that_hands_names_on_are_those_behind_it_too():
    assert parameters(Derived) == ({"width": Positive, "tensor": torch.Tensor, "count": Count}, True)
    assert parameters(Base)[1] is False


def test_a_tensor_cannot_be_described():
    assert not is_described(torch.Tensor | None)
    assert is_described(Count | None)
