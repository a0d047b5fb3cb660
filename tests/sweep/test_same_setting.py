"""Which trials differ in nothing but what is compared, and how the others are told apart."""

import copy
from pathlib import Path

import pytest

from facetrial.metrics.summary import summarise
from facetrial.sweep.runs import Run
from facetrial.sweep.same_setting import setting, titles, without_region
from tests.helpers.made_up import CHECKS, about, made_up_rows


@pytest.fixture
def summary():
    rows = made_up_rows({"A": 6, "B": 6}, attacked=0.5)
    parts = {
        "budget": {"_target_": "facetrial.attacks.Linf", "eps": 8.0},
        "region": {"landmarks": ["nose"]},
        "method": {"steps": 10, "shape": {"landmarks": ["nose"]}},
    }
    made = summarise(rows, about(attack="pgd (region=nose, eps=8)"), {"A": 9, "B": 9}, CHECKS)
    return made | {"attack_parts": parts}


def changed(summary, place, value):
    other = copy.deepcopy(summary)
    *folders, last = place.split(".")
    inner = other
    for folder in folders:
        inner = inner[folder]
    inner[last] = value
    return other


@pytest.mark.parametrize("place", ["attack_parts.region", "attack_parts.method.shape"])
def test_the_region_is_part_of_it_where_it_is_not_what_is_compared(summary, place):
    other = changed(summary, place, {"landmarks": ["mouth"]})
    assert setting(other) != setting(summary)
    assert setting(other, region=False) == setting(summary, region=False)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("attack_parts.budget.eps", 4.0),
        ("attack_parts.method.steps", 20),
        ("defense", "jpeg"),
        ("seed", 1),
        ("embedder", "another"),
        ("goal", "impersonation"),
        ("limit", 50),
        ("data", "folder"),
    ],
)
@pytest.mark.parametrize("region", [False, True])
def test_anything_else_is_another_setting(summary, place, value, region):
    assert setting(changed(summary, place, value), region) != setting(summary, region)


def test_figures_and_training_pictures_are_no_setting(summary):
    other = changed(summary, "robust_accuracy", None) | {"class_size": {"train_pictures": 5}, "seconds": 99.0}
    assert setting(other) == setting(summary)


def test_titles_say_what_differs_and_no_more(summary):
    def told(*summaries, region=False):
        return titles([Run(Path("0"), (), one) for one in summaries], region)

    assert told(summary) == ["pgd (eps=8) / none, seed 0"]
    assert told(summary, region=True) == ["pgd (region=nose, eps=8) / none, seed 0"]
    assert told(summary, changed(summary, "embedder", "small")) == [
        "pgd (eps=8) / none, seed 0, inception_resnet_v1",
        "pgd (eps=8) / none, seed 0, small",
    ]
    assert told(summary, changed(summary, "limit", 50))[1] == "pgd (eps=8) / none, seed 0, limit 50"
    assert told(summary, changed(summary, "attack_parts.budget.eps", 4.0)) == [
        "pgd (eps=8) / none, seed 0, eps=8.0",
        "pgd (eps=8) / none, seed 0, eps=4.0",
    ]


@pytest.mark.parametrize(
    ("attack", "left"),
    [
        ("pgd (eps=4, region=eyes)", "pgd (eps=4)"),
        ("pgd (region=eyes)", "pgd"),
        ("pgd", "pgd"),
        ("pgd (steps=3)", "pgd (steps=3)"),
    ],
)
def test_a_name_without_its_region(attack, left):
    assert without_region(attack) == left
