"""The landmark loss counts what is labelled alone; the rate rises and falls."""

import numpy as np
import pytest
import torch

from facetrial.landmarks.lightning_module import known_loss, rmse, warm_cosine


def test_unlabelled_points_count_for_nothing():
    found = torch.rand(4, 15, 2, requires_grad=True)
    landmarks = torch.rand(4, 15, 2)
    landmarks[1, 3:] = torch.nan
    landmarks[2] = torch.nan
    known = landmarks.isfinite()
    loss = known_loss(found, landmarks, beta=2.0)
    expected = torch.nn.functional.smooth_l1_loss(found[known], landmarks[known], beta=2.0)
    assert torch.allclose(loss, expected)
    loss.backward()
    assert (found.grad[~known] == 0).all()
    assert (found.grad[known] != 0).all()
    assert torch.allclose(rmse(found - landmarks), (found[known] - landmarks[known]).square().mean().sqrt())


def test_a_batch_without_labels_has_no_loss():
    found = torch.rand(2, 15, 2, requires_grad=True)
    loss = known_loss(found, torch.full((2, 15, 2), torch.nan), beta=2.0)
    loss.backward()
    assert loss == 0
    assert (found.grad == 0).all()


@pytest.mark.parametrize("steps", [30, 600, 5000])
def test_the_rate_rises_along_a_line_and_falls_along_a_cosine(steps):
    rates = np.array([warm_cosine(step, steps) for step in range(steps)])
    warm = min(200, steps // 3)
    cosine = 0.5 * (1 + np.cos(np.pi * np.arange(steps) / steps))
    line = np.minimum(1, np.arange(1, steps + 1) / warm)
    np.testing.assert_allclose(rates, line * np.maximum(cosine, 0.001))
    assert rates.min() > 0
    assert (np.diff(rates[warm:]) <= 0).all()


def test_a_single_step_has_a_rate():
    assert warm_cosine(0, 1) == 1.0
