"""The landmark loss counts what is labelled alone; the rate rises and falls."""

import torch

from facetrial.landmarks.lightning_module import known_loss, rmse


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
