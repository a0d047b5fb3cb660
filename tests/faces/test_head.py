"""Heads: points where a camera sees them, what is bent around them, and landmarks that are unknown."""

import math

import pytest
import torch

from facetrial.faces.head import MOUTH_DOWN, NOSE_AHEAD, NOSE_DOWN, Head, known_mean
from facetrial.faces.landmark_names import LEFT_EYE, MOUTH, NOSE_TIP, RIGHT_EYE

POINTS = torch.tensor([[1.2, 0.3, -1.4], [-0.9, -0.3, -0.2], [0.0, -0.8, 0.1], [0.2, 0.9, 0.3]])


def rotation(yaw: float, roll: float) -> torch.Tensor:
    """(3, 2): from the head to a camera far away, as its pictures have x to the right and y down."""
    turn = torch.tensor([[math.cos(yaw), 0.0], [0.0, 1.0], [math.sin(yaw), 0.0]])
    lean = torch.tensor([[math.cos(roll), math.sin(roll)], [-math.sin(roll), math.cos(roll)]])
    return turn @ lean


def seen(yaw: float, roll: float = 0.0, unit: float = 40.0) -> torch.Tensor:
    """Landmarks (1, 15, 2) of the mean head."""
    points = torch.zeros(15, 3)
    points[LEFT_EYE, 0], points[RIGHT_EYE, 0] = 0.5, -0.5
    points[list(MOUTH)] = torch.tensor([0.0, MOUTH_DOWN, 0.0])
    points[NOSE_TIP] = torch.tensor([0.0, NOSE_DOWN, NOSE_AHEAD])
    return (points @ rotation(yaw, roll) * unit + torch.tensor([100.0, 90.0]))[None]


@pytest.mark.parametrize("yaw", [-1.0, -0.4, 0.0, 0.2, 0.7])
@pytest.mark.parametrize("roll", [-0.5, 0.0, 0.3])
def test_points_lie_where_a_camera_sees_them(yaw, roll):
    head = Head.of(seen(yaw, roll))
    expected = POINTS @ rotation(yaw, roll) * 40 + torch.tensor([100.0, 90.0])
    torch.testing.assert_close(head.pixels(POINTS), expected[None], rtol=0, atol=1e-2)
    assert float(head.turn) == pytest.approx(math.tan(yaw), abs=1e-4)


@pytest.mark.parametrize(("before", "bend"), [(0.0, 0.0), (0.3, 0.0), (0.2, 0.35), (0.1, 1.0)])
@pytest.mark.parametrize("yaw", [-0.4, 0.0, 0.3])
def test_a_surface_is_found_again_from_where_it_is_seen(before, bend, yaw):
    head = Head.of(seen(yaw, 0.2))
    x, y = torch.tensor([-0.9, -0.4, 0.0, 0.7, 1.0]), torch.tensor([-1.0, 0.2, 0.6, -0.3, 0.9])
    places = head.pixels(torch.stack([x, y, before - bend * x**2 / 2], dim=1))
    steps = torch.linspace(0, 1, 2001)[:, None] * x
    arcs = (1 + (bend * steps) ** 2).sqrt().mean(0) * x
    torch.testing.assert_close(
        head.surface(places, before, bend), torch.stack([arcs, y], dim=1)[None], rtol=0, atol=2e-3
    )


def test_nothing_of_a_surface_is_seen_beyond_its_edge():
    head = Head.of(seen(0.7))
    edge = 1 / math.tan(0.7)  # there the surface runs along the line of sight
    at_edge = head.pixels(torch.tensor([[edge, 0.0, -(edge**2) / 2]]))
    away = torch.tensor([[0.5, 0.0]])
    assert head.surface(at_edge - away, 0.0, 1.0).isfinite().all()
    assert head.surface(at_edge + away, 0.0, 1.0)[..., 0].isnan().all()


def test_of_a_nod_that_the_nose_shows_a_part_is_believed():
    landmarks = seen(0.0)
    landmarks[0, NOSE_TIP, 1] += 8  # of 20 pixels that it stands out
    behind = Head.of(landmarks).pixels(torch.tensor([[0.0, 0.0, -1.0]]))[0, 0, 1] - 90
    assert -16 < float(behind) < 0
    assert float(Head.of(landmarks).turn) == 0


def test_landmarks_that_are_unknown():
    landmarks = seen(0.4).repeat(4, 1, 1)
    landmarks[0, NOSE_TIP] = torch.nan
    landmarks[1, list(MOUTH)] = torch.nan
    landmarks[2, list(MOUTH)[:3]] = torch.nan
    landmarks[3, LEFT_EYE] = torch.nan
    head = Head.of(landmarks)
    assert head.turn[0] == 0
    assert head.ahead[0].eq(0).all()
    torch.testing.assert_close(head.down[1], torch.tensor([0.0, 40 * math.cos(0.4)]))
    torch.testing.assert_close(head.down[2], head.down[0])
    assert head.pixels(POINTS).isfinite().flatten(1).all(1).tolist() == [True, True, True, False]
    assert head.surface(torch.rand(5, 2))[3].isnan().all()


def test_the_mean_of_known_points():
    points = torch.tensor([[[1.0, 2.0], [torch.nan, 7.0], [3.0, 6.0]], [[torch.nan, torch.nan]] * 3])
    assert known_mean(points)[0].tolist() == [2.0, 4.0]
    assert known_mean(points)[1].isnan().all()
