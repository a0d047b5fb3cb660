"""Verification and open set counted anew; faults of both are planted in tests/planted/test_tasks.py."""

import numpy as np
import pytest

import facetrial
from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.checks.of_budget import Referee
from facetrial.regions.regions import Everywhere
from facetrial.run.results import TrialOutcome
from facetrial.trial.embedding_shards import EmbeddingShards


def tasks_of(victim=None, checks=None):
    faces = facetrial.draw_faces(people=6, pictures=8, size=32)
    victim = victim or facetrial.enrol(facetrial.load_embedder("small"), faces)
    given = {"referee": Referee()} if checks is None else checks
    attack = Attack(Everywhere(), RMS(0.05), Gaussian())
    return facetrial.evaluate(victim, faces, attack, checks=given).summary.checks or {}


def test_it_does_not_apply_to_a_victim_that_shows_no_embeddings():
    outcome = tasks_of(lambda images: images.flatten(1)[:, :6])["tasks"]
    assert outcome.passed is None
    assert "no embeddings" in outcome.detail


def test_a_figure_that_is_right_passes_and_says_how_many_were_counted():
    outcome = tasks_of()["tasks"]
    assert outcome.passed
    assert outcome.detail.startswith("6 figures of verification")


def test_where_no_check_is_asked_for_none_is_made():
    assert tasks_of(checks={}) == {}


def test_a_picture_without_an_answer_is_left_out(monkeypatch):
    read = EmbeddingShards.read

    def none(shards, files):
        found = read(shards, files)
        found["attacked"][0] = np.nan
        return found

    monkeypatch.setattr(EmbeddingShards, "read", none)
    assert tasks_of()["tasks"].passed is None


@pytest.mark.parametrize("checks", [{}, {"referee": None}])
def test_another_check_stands_beside_those_that_were_asked_for(checks):
    outcome = TrialOutcome(rows=None, checks=checks, speed=(1.0, None), weak_on_purpose=None)
    assert list(outcome.with_check("tasks", lambda: "told").checks) == [
        *checks,
        *(["tasks"] if checks else []),
    ]
