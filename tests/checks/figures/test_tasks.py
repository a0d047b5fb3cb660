"""Figures of tasks that are sound pass; those that were made wrong are told, each by its name."""

import re

import numpy as np
import pytest
import torch

from facetrial.checks.figures.tasks import tasks_recounted
from facetrial.metrics.tasks import identification, open_set, thresholds, verification
from facetrial.metrics.tasks.open_set import split_known
from facetrial.metrics.tasks.score_histogram import ScoreCounts
from facetrial.metrics.tasks.summary import tasks_summary
from facetrial.trial.verdicts import own_margins
from tests.helpers.embedded import embedded_trial


@pytest.fixture(scope="module")
def made():
    """A trial whose rows have the margins that the head makes of its embeddings."""
    rows, embeddings, held_out, victim, names = embedded_trial()
    people = torch.tensor(rows["identity"].map(names.index).to_numpy(copy=True))
    margins = {
        f"margin_{version}": own_margins(victim.head(torch.tensor(found)), people).numpy()
        for version, found in embeddings.items()
    }
    return rows.assign(**margins), embeddings, held_out, victim, names


def asked(made, told=None):
    """What is said of tasks that were computed from `told`, or from what the trial has."""
    tasks = tasks_summary(*(told or made), split_seed=0, trained_on_all=True)
    rows, embeddings, held_out, victim, names = made
    return tasks_recounted(tasks, rows, embeddings, held_out, victim, names, split_known(len(names), 0))


def test_what_is_sound_passes(made):
    outcome = asked(made)
    assert outcome.passed, outcome
    assert outcome.detail.startswith("ranks, pairs, strangers of")


def test_without_embeddings_ranks_alone_are_counted(made):
    rows, _, _, victim, names = made
    tasks = tasks_summary(rows, None, None, victim, names, split_seed=0, trained_on_all=True)
    known = split_known(len(names), 0)
    assert tasks_recounted(tasks, rows, None, None, victim, names, known).passed is None


def ranks_of_clean_pictures(monkeypatch):
    shares = identification._shares
    monkeypatch.setattr(
        identification, "_shares", lambda rows, n: dict.fromkeys(shares(rows, n), shares(rows, n)["clean"])
    )


def ten_times_the_false_accepts(monkeypatch):
    edge_at = ScoreCounts.edge_at
    monkeypatch.setattr(ScoreCounts, "edge_at", lambda counts, far: edge_at(counts, 10 * far))


def an_area_that_is_turned_round(monkeypatch):
    area = ScoreCounts.area
    monkeypatch.setattr(ScoreCounts, "area", lambda counts: 1 - area(counts))


def impostors_for_genuine_pairs(monkeypatch):
    accepted_at = verification.accepted_at
    monkeypatch.setattr(
        verification, "accepted_at", lambda found, grid, edge, kind: accepted_at(found, grid, edge, 1)
    )


def refused_pairs_alone(monkeypatch):
    monkeypatch.setattr(
        ScoreCounts, "equal_error_rate", lambda counts: float(1 - counts.rates()[0][counts.edge_at(0.3)])
    )


def strangers_at_the_other_tail(monkeypatch):
    monkeypatch.setattr(
        thresholds, "strictest", lambda strengths, weights, rate: float(np.quantile(strengths, rate))
    )


def the_next_person_of_the_gallery(monkeypatch):
    nearest = open_set._nearest

    def next_one(embeddings, gallery):
        strengths, places = nearest(embeddings, gallery)
        return strengths, (places + 1) % len(gallery)

    monkeypatch.setattr(open_set, "_nearest", next_one)


@pytest.mark.parametrize(
    ("planted", "says"),
    [
        (ranks_of_clean_pictures, r"top1 \(attacked\) says|rank5 \(attacked\) says"),
        (ten_times_the_false_accepts, "at the threshold for a false accept rate of"),
        (an_area_that_is_turned_round, r"auroc \(clean\) says"),
        (impostors_for_genuine_pairs, r"tar at 0\.01 \(clean\) says"),
        (refused_pairs_alone, r"eer \(.*\) says"),
        (strangers_at_the_other_tail, "of the strangers pass"),
        (the_next_person_of_the_gallery, "identified at"),
    ],
)
def test_what_is_wrong_is_told(planted, says, made, monkeypatch):
    planted(monkeypatch)
    outcome = asked(made)
    assert outcome.passed is False, outcome
    assert re.search(says, outcome.detail), outcome


@pytest.mark.parametrize("version", ["clean", "attacked"])
def test_embeddings_of_other_pictures_are_told(version, made):
    rows, embeddings, *rest = made
    other = rows, embeddings | {version: np.roll(embeddings[version], 3, 0)}, *rest
    assert asked(made, other).passed is False
    outcome = asked(other)
    assert f"embeddings ({version}) of" in outcome.detail, outcome
