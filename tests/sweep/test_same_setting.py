"""Which trials differ in nothing but what is compared, and how the others are told apart."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest

from facetrial.metrics.names import Chosen
from facetrial.sweep.runs import Run, finished_runs
from facetrial.sweep.same_setting import setting, titles
from tests.helpers.made_up import about, made_up_rows, made_up_summary


@pytest.fixture
def summary():
    rows = made_up_rows({"A": 6, "B": 6}, attacked=0.5)
    parts = {
        "budget": {"_target_": "facetrial.attacks.Linf", "eps": 8.0},
        "region": {"landmarks": ["nose"]},
        "method": {"steps": 10, "shape": {"landmarks": ["nose"]}},
    }
    made = made_up_summary(
        rows, about(attack="pgd", attack_changes={"region": "nose", "budget.eps": "8"}), {"A": 9, "B": 9}
    )
    return replace(made, attack_parts=parts)


def changed(summary, place, value):
    key, *folders = place.split(".")
    if not folders:
        return replace(summary, **{key: value})
    parts = copy.deepcopy(summary.attack_parts)
    *folders, last = folders
    inner = parts
    for folder in folders:
        inner = inner[folder]
    inner[last] = value
    return replace(summary, attack_parts=parts)


def of(summary, *overrides, **parts):
    (run,) = finished_runs([Run(Path("0"), overrides, summary)])
    return setting(run, **parts)


@pytest.mark.parametrize("place", ["attack_parts.region", "attack_parts.method.shape"])
def test_the_region_is_part_of_it_where_it_is_not_what_is_compared(summary, place):
    other = changed(summary, place, {"landmarks": ["mouth"]})
    assert of(other) != of(summary)
    assert of(other, region=False) == of(summary, region=False)


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
    assert of(changed(summary, place, value), region=region) != of(summary, region=region)


def test_figures_and_training_pictures_are_no_setting(summary):
    other = replace(summary, robust_accuracy=summary.clean_accuracy, seconds=99.0, n=1)
    assert of(other) == of(summary)


def test_titles_say_what_differs_and_no_more(summary):
    def told(*summaries, region=False):
        return titles(finished_runs([Run(Path("0"), (), one) for one in summaries]), region)

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


def test_what_a_defence_is_set_to_and_what_else_was_started_with_are_part_of_it(summary):
    """Two qualities of JPEG in one sweep are two atlases."""
    words = ["attack=pgd", "defense=jpeg", "defense.jpeg.quality=30"]
    thirty = replace(summary, chosen=Chosen.of("pgd", ["jpeg"], words))
    ninety = replace(summary, chosen=Chosen.of("pgd", ["jpeg"], [*words[:2], "defense.jpeg.quality=90"]))
    assert of(thirty, region=False) != of(ninety, region=False)
    usual = of(summary, "seed=1", "data.split_seed=2", "embedder.weights=a")
    assert of(summary, "seed=1", "data.split_seed=2", "data.train_pictures=5", "embedder.weights=a") == usual
    for word in ("data.split_seed=3", "embedder.weights=b", "trainer.max_epochs=1", "model.head.c=3"):
        key = word.partition("=")[0]
        others = [o for o in ("data.split_seed=2", "embedder.weights=a") if not o.startswith(key)]
        assert of(summary, "seed=1", *others, word) != usual
    assert of(summary, "model.head.c=3", head=False) == of(summary, "model.head.c=4", head=False)


def test_titles_tell_what_else_runs_were_started_with_where_it_sets_them_apart(summary):
    words = [("data.min_pictures=40", f"data.split_seed={seed}") for seed in (1, 2)]
    runs = finished_runs([Run(Path(str(number)), said, summary) for number, said in enumerate(words)])
    assert titles(runs) == [
        f"pgd (region=nose, eps=8) / none, seed 0, data.split_seed={seed}" for seed in (1, 2)
    ]
