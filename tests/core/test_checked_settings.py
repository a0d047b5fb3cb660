"""Constructors whose arguments are held to their annotations, and what is known of a constructor."""

from dataclasses import dataclass
from typing import NamedTuple

import pytest
import torch

from facetrial.core.checked_settings import checked, is_described, parameters, required
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, Positive


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


@checked("part")
@dataclass(frozen=True)
class Settings:
    first: Count
    second: Positive = 1.0


def test_a_dataclass_can_be_checked_too():
    assert Settings(2) == Settings(2, second=1.0)
    with pytest.raises(FacetrialError, match=r"^part\.first must be a whole number"):
        Settings(1.5)
    with pytest.raises(FacetrialError, match=r"^part\.second must be a positive number"):
        Settings(1, 0)


def test_what_has_no_default_is_required():
    assert required(Base) == ["tensor"]
    assert required(Derived) == ["width"]
    assert required(Settings) == ["first"]
    assert required(Nothing) == []


class Nothing:
    pass


class Pair(NamedTuple):
    first: int
    second: int


def test_a_class_without_a_constructor_takes_nothing_but_what_its_new_may_take():
    assert parameters(Nothing) == ({}, False)
    assert parameters(Pair) == ({}, True)


def test_a_tensor_cannot_be_described():
    assert not is_described(torch.Tensor | None)
    assert is_described(Count | None)
