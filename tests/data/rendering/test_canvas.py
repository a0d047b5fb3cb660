"""Shapes with soft edges: areas and colours in closed form."""

import math

import pytest
import torch

from facetrial.data.rendering.canvas import Canvas, falloff, smooth_step
from facetrial.data.rendering.face_model import Frame

SIZE = 80


def frame(scale: float, angle: float = 0.0) -> Frame:
    """A plane in the middle of a picture, `scale` pixels a unit, turned by `angle`."""
    middle = torch.full((1, 2), (SIZE - 1) / 2)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return Frame(middle, scale * turn[None])


@pytest.fixture
def canvas() -> Canvas:
    return Canvas(torch.full((1, 3, SIZE, SIZE), 0.25))


@pytest.mark.parametrize("angle", [0.0, 0.7])
def test_coverage_adds_up_to_the_area_of_a_shape(canvas, angle):
    patch = canvas.whole(frame(20.0, angle))
    disc = patch.inside(patch.x.square().add(patch.y.square()).sqrt() - 1.2)
    assert disc.sum() == pytest.approx(math.pi * 24.0**2, rel=0.005)
    box = patch.inside(torch.maximum(patch.x.abs() - 1.0, patch.y.abs() - 0.5))
    assert box.sum() == pytest.approx(40 * 20, rel=0.01)
    line = patch.line(patch.y, 0.1)
    assert line[:, :, SIZE // 2].sum() == pytest.approx(4 / math.cos(angle), rel=0.05)


def test_an_ellipse_is_one_on_its_rim(canvas):
    patch = canvas.whole(frame(1.0))
    squared = patch.ellipse(0.5, -0.5, 20.0, 8.0)
    row, left = int((SIZE - 1) / 2), int((SIZE - 1) / 2 + 0.5)
    assert squared[0, row, left] == 0.0
    assert squared[0, row, left + 20] == pytest.approx(1.0)
    assert squared[0, row + 8, left] == pytest.approx(1.0)


def test_paint_lays_a_colour_over_as_far_as_it_covers(canvas):
    patch = canvas.whole(frame(20.0))
    coverage = torch.zeros(1, SIZE, SIZE)
    coverage[0, :10], coverage[0, 10:20] = 1.0, 0.5
    patch.paint(coverage, torch.tensor([[0.75, 0.25, 0.05]]))
    assert canvas.image[0, :, 5, 5].tolist() == pytest.approx([0.75, 0.25, 0.05])
    assert canvas.image[0, :, 15, 5].tolist() == pytest.approx([0.5, 0.25, 0.15])
    assert canvas.image[0, :, 30, 5].tolist() == [0.25] * 3
    patch.shade(torch.full((1, SIZE, SIZE), 0.2))
    assert canvas.image[0, :, 30, 5].tolist() == pytest.approx([0.3] * 3)


@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_a_window_holds_its_rectangle_and_is_the_same_part_of_the_whole(canvas, angle):
    place = frame(20.0, angle)
    corners = [torch.tensor([value]) for value in (-0.5, 0.9, -0.2, 0.4)]
    window, whole = canvas.around(place, *corners), canvas.whole(place)
    assert torch.equal(window.x, whole.x[:, *window.window])
    assert torch.equal(window.y, whole.y[:, *window.window])
    inside = (whole.x >= -0.5) & (whole.x <= 0.9) & (whole.y >= -0.2) & (whole.y <= 0.4)
    outside = inside.clone()
    outside[:, *window.window] = False
    assert inside.any()
    assert not outside.any()
    window.paint(torch.ones_like(window.x), torch.ones(1, 3))
    assert (canvas.image == 1.0).all(1).sum() == window.x.numel() < SIZE**2


def test_ramps_are_smooth_and_end():
    values = torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0])
    assert smooth_step(values, 0.0, 1.0).tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert smooth_step(torch.tensor([0.25]), 0.0, 1.0).item() == pytest.approx(3 / 16 - 2 / 64)
    assert falloff(torch.tensor([0.0, 0.5, 1.0, 4.0])).tolist() == [1.0, 0.25, 0.0, 0.0]
