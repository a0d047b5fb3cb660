"""Randomised smoothing and its certificates, on a victim of which everything is known in closed form."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import binomtest, norm
from torch import nn

from facetrial.checks.controls.certificates import keeps_certificates
from facetrial.core.errors import FacetrialError
from facetrial.defenses.jpeg import JPEG
from facetrial.defenses.smoothing import Smoothing
from facetrial.metrics.certified import certified_summary, left_beside
from facetrial.recognition.layers import abstains, adaptive_view, base_model, confirming
from facetrial.trial.certificate import CLASS, RADIUS, Certificate
from facetrial.trial.rows import ABSTAINED
from tests.helpers.smoothed import SIGMA, TwoSides, at_distance, smoothing


@pytest.mark.parametrize("distance", [-0.3, 0.0, 0.1, 0.35])
def test_votes_are_as_likely_as_the_closed_form_says(distance):
    victim = TwoSides()
    smoothed = smoothing().wrap_victim(victim)
    votes = smoothed.votes(at_distance(victim, distance, 4), 1000, "test")
    assert (votes.sum(1) == 1000).all()
    expected = norm.cdf(distance / SIGMA)
    assert binomtest(int(votes[:, 0].sum()), 4000, expected).pvalue > 1e-4


def test_a_picture_is_voted_on_alike_in_any_batch_and_pass():
    victim = TwoSides()
    images = at_distance(victim, 0.05, 5)
    together = smoothing().wrap_victim(victim)(images)
    alone = torch.cat([smoothing(batch=8).wrap_victim(victim)(image[None]) for image in images])
    assert torch.equal(together, alone)
    assert not torch.equal(together, smoothing(seed=1).wrap_victim(victim)(images))


def test_certified_radii_stay_below_the_distance_and_come_near_it():
    victim = TwoSides()
    images = at_distance(victim, 0.3, 3)
    columns = Certificate(100, 10_000, 0.001).columns(smoothing().wrap_victim(victim), images, ["A", "B"])
    assert columns[CLASS] == ["A"] * 3
    radii = torch.tensor(columns[RADIUS])
    assert (radii <= 0.3).all()
    assert (radii > 0.27).all()


def test_so_many_certificates_are_wrong_as_alpha_allows():
    certificate = Certificate(1, 200, alpha=0.05)
    chance = norm.cdf(0.2 / SIGMA)
    counts = np.random.default_rng(0).binomial(200, chance, 20_000)
    wrong = (certificate.radius(counts, SIGMA) > 0.2).mean()
    assert 0.02 < wrong <= 0.055


def test_where_nobody_is_likelier_nobody_is_certified():
    victim = TwoSides()
    columns = Certificate(100, 100, 0.001).columns(
        smoothing().wrap_victim(victim), at_distance(victim, 0.0, 2), ["A", "B"]
    )
    assert columns == {CLASS: [ABSTAINED] * 2, RADIUS: [0.0] * 2}
    assert Certificate(1, 100, 0.001).radius(np.array([0]), SIGMA).tolist() == [0.0]


def test_the_vote_abstains_by_the_binomial_test():
    smoothed = smoothing(n=100, alpha=0.05).wrap_victim(TwoSides())
    scores = torch.tensor([[0.50, 0.50], [0.59, 0.41], [0.61, 0.39], [1.0, 0.0]])
    expected = [binomtest(int(100 * a), 100).pvalue > 0.05 for a in scores[:, 0]]
    assert abstains(smoothed, scores).tolist() == expected == [True, True, False, False]


def test_the_adaptive_view_has_a_slope_that_votes_do_not_have():
    victim = TwoSides()
    smoothed = smoothing().wrap_victim(victim)
    images = at_distance(victim, 0.1, 2).requires_grad_(True)
    assert not smoothed(images).requires_grad
    asked = adaptive_view(smoothed)
    assert asked.forward_passes == 4
    (slope,) = torch.autograd.grad(asked(images)[:, 0].sum(), images)
    torch.testing.assert_close(slope.flatten(1), victim.normal.expand(2, -1))
    assert base_model(asked) is victim


def test_what_is_found_is_confirmed_by_votes_at_other_draws():
    victim = TwoSides()
    smoothed = smoothing(n=1000).wrap_victim(victim)
    images = at_distance(victim, 0.1, 4)
    confirmer = confirming(smoothed)
    assert confirmer.forward_passes == 1000
    scores = confirmer(images)
    assert not torch.equal(scores, smoothed(images))
    votes = int((1000 * scores[:, 0]).round().sum())
    assert binomtest(votes, 4000, norm.cdf(0.1 / SIGMA)).pvalue > 1e-4
    assert abstains(confirmer, torch.tensor([[0.5, 0.5], [0.9, 0.1]])).tolist() == [True, False]


@pytest.mark.parametrize(
    "setting", [{"sigma": 0.0}, {"sigma": -1.0}, {"n": 0}, {"alpha": 1.0}, {"samples": 0}, {"batch": 1.5}]
)
def test_senseless_settings_are_refused(setting):
    with pytest.raises(FacetrialError, match=rf"defense\.smoothing\.{next(iter(setting))}"):
        smoothing(**setting)


def test_a_certificate_needs_a_smoothed_victim():
    with pytest.raises(FacetrialError, match="defense=smoothing"):
        Certificate(10, 10, 0.1).check([JPEG(50), smoothing()])
    Certificate(10, 10, 0.1).check([smoothing()])


@pytest.mark.parametrize("n", [0, 10.5])
def test_a_certificate_needs_a_whole_number_of_copies(n):
    with pytest.raises(FacetrialError, match="certificate"):
        Certificate(10, n, 0.1)


def rows(**columns):
    return pd.DataFrame(
        {
            "file": ["a", "b", "c"],
            "identity": ["A", "A", "B"],
            CLASS: ["A", ABSTAINED, "B"],
            RADIUS: [0.3, 0.0, 0.1],
            "l2": [0.2, 0.2, 0.2],
            "predicted_attacked": ["A", "B", "A"],
        }
        | columns
    )


def test_the_summary_counts_abstentions_as_wrong():
    found = certified_summary(rows(), Certificate(100, 1000, 0.001), SIGMA)
    assert [point.value for point in found.points[:3]] == [2 / 3, 2 / 3, 1 / 3]
    assert found.abstained.value == 1 / 3
    assert found.largest == pytest.approx(SIGMA * norm.ppf(0.001**0.001))
    assert math.isclose(found.points[1].radius, SIGMA / 4)


def test_a_change_within_the_radius_that_changes_the_name_breaks_the_certificate():
    assert keeps_certificates(rows()).passed
    assert keeps_certificates(rows(predicted_attacked=[ABSTAINED, "B", "A"])).passed
    broken = keeps_certificates(rows(predicted_attacked=["B", "B", "A"]))
    assert not broken.passed
    assert "a" in broken.detail


def test_beside_certificates_an_abstention_is_no_wrong_name():
    found = rows(
        predicted_clean=["A", ABSTAINED, "A"],
        correct_clean=[True, False, False],
        smallest=[0.2, 0.4, np.inf],
        status="attacked",
    )
    left = left_beside(found, limit=1.0, goal="dodging", sizes=[0.1, 0.3, 0.5, 1.0], largest=0.3)
    assert [(point.size, point.value) for point in left] == [(0.1, 2 / 3), (0.3, 1 / 3), (0.5, 0.0)]
    assert left_beside(found, 1.0, "dodging", [1.0], largest=0.3) == ()


def test_a_copy_without_an_answer_votes_for_nobody():
    """The first person would have its vote, and certificates with it."""

    class Silent(nn.Module):
        def forward(self, images):
            return torch.tensor([[0.0, 1.0]]).where(images.amin((1, 2, 3))[:, None] > -0.02, torch.nan)

    victim = Smoothing(0.01, 50, 0.001, 8, None, 0).wrap_victim(Silent()).eval()
    images = torch.stack([torch.full((3, 4, 4), 0.5), torch.zeros(3, 4, 4)])
    votes = victim.votes(images, 50, "prediction")
    assert votes[0].tolist() == [0, 50]
    assert votes[1, 0] == 0, "none for the first person"
    assert votes[1, 1] < 40, "of some copies there is no answer"
    all_silent = Smoothing(0.5, 50, 0.001, 8, None, 0).wrap_victim(Silent()).eval()
    scores = all_silent(images)
    assert scores.eq(0).all()
    assert all_silent.abstains(scores).all()
