"""Figures beside the headline that were made wrong: `recounted` must tell each by its name, and pass the sound."""

import importlib
from dataclasses import replace

import numpy as np
import pytest

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.metrics import flagging as flags
from facetrial.metrics import summary as summaries
from facetrial.metrics.parts import Outcome
from facetrial.regions.regions import Everywhere
from facetrial.statistics.intervals import wilson
from tests.planted.trials import counted_anew, rows_with, trial

curves = importlib.import_module(
    "facetrial.metrics.security_curve"
)  # the package has a function of that name


@pytest.fixture(scope="module")
def smallest():
    return trial(attack=Attack(Everywhere(), Linf(64), FMN(10)), budget_settings=None)


def curve_of(found):
    return curves.security_curve(found.rows, "linf", 64 / 255, "dodging")


def test_a_sound_curve_passes(smallest, tmp_path):
    assert counted_anew(tmp_path, smallest, curve=curve_of(smallest)).passed


def test_an_area_up_to_half_of_the_limit(smallest, tmp_path, monkeypatch):
    mean = curves.mean_over_people
    monkeypatch.setattr(
        curves, "mean_over_people", lambda sizes, people: mean(np.minimum(2 * sizes, 1), people)
    )
    outcome = counted_anew(tmp_path, smallest, curve=curve_of(smallest))
    assert outcome.detail.startswith("curve.area says")


@pytest.mark.parametrize(
    "changed",
    [
        lambda median, sizes, people: median(sizes**2, people),
        lambda median, sizes, people: median(sizes[1:], people[1:]),
        lambda median, sizes, people: replace(median(sizes, people), value=float(sizes.mean())),
    ],
)
def test_a_median_of_something_else(changed, smallest, tmp_path, monkeypatch):
    median = curves.median_over_people
    monkeypatch.setattr(curves, "median_over_people", lambda *of: changed(median, *of))
    outcome = counted_anew(tmp_path, smallest, curve=curve_of(smallest))
    assert outcome.detail.startswith("curve.median says")


@pytest.fixture(scope="module")
def flagged():
    found, drawn = trial(), np.random.default_rng(0)
    for version, least in (("clean", 0.3), ("attacked", 0.6), ("8bit", 0.5)):
        suspicion = drawn.uniform(least, least + 0.9, len(found.rows)).round(1)
        found = rows_with(found, **{f"suspicion_{version}": suspicion, f"flagged_{version}": suspicion > 1})
    return found


def test_sound_flags_pass(flagged, tmp_path):
    told = flags.flagging_summary(flagged.rows, "dodging")
    assert counted_anew(tmp_path, flagged, flagging=told).passed


def test_an_area_of_flags_that_is_turned_round(flagged, tmp_path, monkeypatch):
    area = flags.auroc_over_people
    monkeypatch.setattr(flags, "auroc_over_people", lambda clean, under, people: area(under, clean, people))
    told = flags.flagging_summary(flagged.rows, "dodging")
    assert "flagging.auroc says" in counted_anew(tmp_path, flagged, flagging=told).detail


@pytest.mark.parametrize("name", ["undetected_success", "caught_8bit"])
def test_flags_of_another_version(name, flagged, tmp_path):
    told = flags.flagging_summary(flagged.rows, "dodging")
    outcome = counted_anew(tmp_path, flagged, flagging=replace(told, **{name: told.false_alarms}))
    assert f"flagging.{name} says" in outcome.detail


def of_few_people(tmp_path) -> Outcome:
    """Half of the people are never recognised under attack, and the others always."""
    found = trial()
    right = found.rows["identity"].isin(["Person 0", "Person 1", "Person 2"])
    named = {
        f"predicted_{version}": found.rows["identity"].where(right, "x") for version in ("attacked", "8bit")
    }
    return counted_anew(tmp_path, rows_with(found, **named, correct_attacked=right, correct_8bit=right))


def test_intervals_that_know_of_people_pass(tmp_path):
    assert of_few_people(tmp_path).passed


@pytest.mark.parametrize(
    "changed",
    [
        lambda rate, hits, people: wilson(int(hits.sum()), len(hits)),
        lambda rate, hits, people: rate(hits, np.arange(len(hits))),
    ],
)
def test_intervals_that_know_nothing_of_people(changed, tmp_path, monkeypatch):
    rate = summaries.rate_over_people
    monkeypatch.setattr(summaries, "rate_over_people", lambda *of: changed(rate, *of))
    outcome = of_few_people(tmp_path)
    assert "robust_accuracy's interval takes pictures of one person as independent" in outcome.detail
