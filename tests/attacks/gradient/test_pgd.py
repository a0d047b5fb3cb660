"""Projected gradient steps: where they start, smoothed slopes, and settings that make no sense."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD, smoothed
from facetrial.attacks.losses import Margin
from facetrial.core.errors import FacetrialError
from facetrial.regions.regions import Everywhere
from tests.helpers.victims import Linear, known_faces


def test_restarts_and_seeds_start_elsewhere():
    faces, victim = known_faces(4), Linear()
    faces.identities = victim(faces.images).argmax(1)
    starts = []

    class Starts(PGD):
        def initialise(self, active, problem):
            super().initialise(active, problem)
            starts.extend(zip(active.restart.tolist(), active.rows.tolist(), active.current, strict=True))

    for seed in (0, 1):
        Attack(Everywhere(), Linf(0.5), Starts(Margin(), 2, 0.5, restarts=3))(victim, faces, seed=seed)
    assert len(starts) == 24
    for first in range(24):
        for second in range(first):
            assert not torch.equal(starts[first][2], starts[second][2])


def test_steps_that_decay_are_shorter_by_a_share_each():
    faces, victim = known_faces(3), Linear()
    faces.images = faces.images * 0.2 + 0.4  # far from the ends of the range
    lengths = []

    class Lengths(PGD):
        def update(self, active, problem, found):
            before = active.current
            super().update(active, problem, found)
            lengths.append((active.current - before).abs().amax((1, 2, 3)))

    method = Lengths(Margin(), 5, 0.2, random_start=False, early_stop=False, decay=True)
    Attack(Everywhere(), Linf(10), method)(victim, faces, seed=0)
    expected = 0.2 * 10 / 255 * torch.tensor([1.0, 0.8, 0.6, 0.4, 0.2])
    torch.testing.assert_close(torch.stack(lengths), expected[:, None].expand(5, 3), rtol=1e-4, atol=1e-7)


def test_smoothed_keeps_the_sum_and_spreads_a_point():
    point = torch.zeros(1, 3, 21, 21)
    point[..., 10, 10] = 1
    spread = smoothed(point, 7)
    torch.testing.assert_close(spread.sum((2, 3)), torch.ones(1, 3))
    assert spread.amax() < 0.3
    assert (spread[0, 0] > 0).sum() == 49


@pytest.mark.parametrize(
    ("key", "value"),
    [("step", 0), ("momentum", -1), ("di_prob", 1.5), ("min_scale", 0), ("ti_kernel", 4)],
)
def test_settings(key, value):
    with pytest.raises(FacetrialError, match=rf"attack\.method\.{key}.*found {value}"):
        PGD(Margin(), **({"steps": 2, "step": 0.5} | {key: value}))
