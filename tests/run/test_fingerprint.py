"""The name under which a trial keeps its rows: what decides a row changes it, and nothing else."""

import dataclasses

import pytest
import torch
from torch import nn

from facetrial.core.provenance import package_code
from facetrial.run.context import TrialContext
from facetrial.run.fingerprint import _DECIDE_ANSWERS, _DECIDE_ROWS, victim_fingerprint
from tests.helpers.coloured_dataset import dataset
from tests.helpers.configs import composed


@pytest.mark.parametrize("part", [*_DECIDE_ROWS, *_DECIDE_ANSWERS])
def test_what_decides_rows_and_answers_is_there(part):
    assert package_code(part)


def fingerprint(folder, *overrides, asked=None, faces=None):
    asked = [nn.Linear(3, 2)] if asked is None else asked
    for victim in asked:
        nn.init.constant_(victim.weight, 0.5)
        nn.init.zeros_(victim.bias)
    return TrialContext(composed(folder, "attack=pgd", *overrides), folder).fingerprint(asked, faces)


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    return fingerprint(tmp_path_factory.mktemp("usual"))


@pytest.mark.parametrize(
    "override",
    [
        "data.limit=5",
        "data.batch_size=3",
        "paths.models=elsewhere",
        "checks=thorough",
        "logger=none",
        "trainer.max_epochs=9",
        "save_images=true",
        "resume=false",
    ],
)
def test_what_changes_no_row_keeps_the_name(tmp_path, usual, override):
    assert fingerprint(tmp_path, override) == usual


@pytest.mark.parametrize(
    "override",
    [
        "seed=1",
        "attack.budget.eps=3",
        "attack.method.steps=7",
        "attack/region=eyes",
        "goal=impersonation",
        "defense=jpeg",
        "model.head.c=3",
        "data.people_seed=4",
        "data.split_seed=4",
        "trainer.precision=bf16-mixed",
    ],
)
def test_what_decides_a_row_changes_it(tmp_path, usual, override):
    assert fingerprint(tmp_path, override) != usual


def test_weights_count_bit_by_bit_and_a_surrogates_too(tmp_path, usual):
    context = TrialContext(composed(tmp_path, "attack=pgd"), tmp_path)
    other = nn.Linear(3, 2)
    nn.init.constant_(other.weight, 0.5)
    nn.init.zeros_(other.bias)
    assert context.fingerprint([other], None) == usual
    assert context.fingerprint([other, other], None) != usual
    with torch.no_grad():
        other.bias[1] = 1e-30
    assert context.fingerprint([other], None) != usual


def test_landmarks_count_where_the_attack_asks_for_them(tmp_path, usual):
    faces = dataset(4, seed=0)
    faces.landmarks[:] = 3.0
    first = fingerprint(tmp_path, faces=faces)
    moved = dataclasses.replace(faces, landmarks=faces.landmarks + 1)
    assert len({usual, first, fingerprint(tmp_path, faces=moved)}) == 3
    assert fingerprint(tmp_path, faces=dataclasses.replace(faces, files=faces.files[::-1])) == first


def victim_named(folder, *overrides, value=0.5):
    context = TrialContext(composed(folder, "attack=pgd", *overrides), folder)
    victim = nn.Linear(3, 2)
    nn.init.constant_(victim.weight, value)
    nn.init.zeros_(victim.bias)
    return victim_fingerprint(context.settings, context.plan, victim)


def test_trials_of_one_victim_share_its_validation_pictures(tmp_path):
    usual = victim_named(tmp_path)
    for override in (
        "attack.budget.eps=3",
        "seed=1",
        "goal=impersonation",
        "data.limit=5",
        "paths.cache=elsewhere",
    ):
        assert victim_named(tmp_path, override) == usual
    for override in ("defense=jpeg", "data.people_seed=4", "data.split_seed=2"):
        assert victim_named(tmp_path, override) != usual
    assert victim_named(tmp_path, value=0.4) != usual


def test_the_order_of_defences_counts(tmp_path):
    """The first of them meets the picture first: the same two the other way round are another victim."""
    orders = ("defense=[jpeg,blur]", "defense=[blur,jpeg]")
    assert fingerprint(tmp_path, orders[0]) != fingerprint(tmp_path, orders[1])
    assert victim_named(tmp_path, orders[0]) != victim_named(tmp_path, orders[1])
    trials = [TrialContext(composed(tmp_path, order), tmp_path).digest for order in orders]
    assert trials[0] != trials[1]
