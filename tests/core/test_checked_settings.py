"""Constructors whose arguments are held to their annotations, and what is known of a constructor."""

import json
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
import torch

from facetrial.attacks import PGD, Area, Attack, Gaussian, Linf, Margin
from facetrial.core.checked_settings import (
    checked,
    in_python,
    is_described,
    kept_settings,
    parameters,
    required,
)
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, Positive
from facetrial.regions import Discs, Everywhere


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


def test_an_object_says_what_it_was_made_with_as_a_config_does():
    settings = kept_settings(Attack(Discs("mouth"), Linf(4), PGD(Margin(), steps=3, step=0.5)))
    assert settings["_target_"] == "facetrial.attacks.Attack"
    assert settings["budget"] == {"_target_": "facetrial.attacks.Linf", "eps": 4.0}
    assert settings["method"]["loss"] == {"_target_": "facetrial.attacks.Margin"}
    assert settings["method"]["steps"] == 3
    assert settings["region"]["landmarks"] == [11, 12, 13, 14]
    assert settings["surrogate"] is None
    assert kept_settings(Derived(torch.zeros(1), count=2))["_target_"] == f"{__name__}.Derived"


class OwnLoss(Margin):
    pass


def test_an_object_of_a_class_derived_from_one_of_this_package_says_it_too():
    settings = kept_settings(PGD(OwnLoss(), steps=np.int64(3), step=np.float32(0.5)))
    assert settings["loss"] == {"_target_": f"{__name__}.OwnLoss"}
    assert (settings["steps"], settings["step"]) == (3, 0.5)
    assert json.dumps(settings)
    assert in_python(PGD(OwnLoss(), steps=3, step=0.5)) == "PGD(loss=OwnLoss(), steps=3, step=0.5)"


def test_an_object_in_python_leaves_out_what_is_as_by_default():
    assert in_python(PGD(Margin(), steps=3, step=0.5)) == "PGD(loss=Margin(), steps=3, step=0.5)"
    assert in_python(PGD(Margin(), steps=3, step=0.5, momentum=1.0)).endswith("step=0.5, momentum=1.0)")
    attack = Attack(Everywhere(), Area(0.1), Gaussian(), adaptive=False)
    assert repr(attack) == (
        "Attack(region=Everywhere(), budget=Area(area=0.1), method=Gaussian(), goal=Dodging(), adaptive=False)"
    )
