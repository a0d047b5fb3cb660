"""The head's surface: an ellipsoid that pixels look at, and a background in colours running into each other."""

import math
from dataclasses import replace

import pytest
import torch

from facetrial.data.rendering.canvas import Canvas
from facetrial.data.rendering.conditions import draw_conditions
from facetrial.data.rendering.face_model import HEAD_DEPTH, Camera, FaceModel
from facetrial.data.rendering.head import HeadSurface, draw_background
from facetrial.data.rendering.identities import draw_people

SIZE = 96


@pytest.fixture(scope="module")
def faces():
    numbers = torch.arange(6)
    return FaceModel(draw_people(0, numbers), Camera(draw_conditions(0, numbers, numbers), SIZE))


def surface_of(face):
    canvas = Canvas(torch.zeros(len(face.people.eye_x), 3, SIZE, SIZE))
    patch = canvas.whole(face.camera.facing())
    return patch, HeadSurface(patch, face)


def test_pixels_on_the_head_show_points_of_the_ellipsoid_that_project_there(faces):
    patch, surface = surface_of(faces)
    width, height = (side[:, None, None] for side in (faces.people.head_width, faces.people.head_height))
    form = (surface.x / width) ** 2 + (surface.y / height) ** 2 + (surface.z / HEAD_DEPTH) ** 2
    points = torch.stack([surface.x, surface.y, surface.z], dim=1).flatten(2)
    seen = (faces.camera.rotation @ points).unflatten(2, (SIZE, SIZE))
    middle = (patch.x / width).square() + (patch.y / height).square() < 0.5
    assert middle.any((1, 2)).all()
    torch.testing.assert_close(form[middle], torch.ones_like(form[middle]), atol=1e-4, rtol=0)
    torch.testing.assert_close(seen[:, 0], patch.x, atol=1e-4, rtol=0)
    torch.testing.assert_close(seen[:, 1], patch.y, atol=1e-4, rtol=0)
    assert (seen[:, 2][middle] > 0).all()  # the side that faces the camera


def test_the_outline_is_negative_inside_and_positive_outside(faces):
    patch, surface = surface_of(faces)
    centre = (patch.x.square() + patch.y.square()).flatten(1).argmin(1)
    assert (surface.outline.flatten(1).gather(1, centre[:, None]) < -0.3).all()
    corners = surface.outline[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners > 0).all()
    inside = surface.outline < 0
    area = inside.sum((1, 2)) / faces.camera.pixels_per_unit.square()
    ellipse = math.pi * faces.people.head_width * faces.people.head_height
    assert (area / ellipse > 0.75).all()
    assert (area / ellipse < 1.15).all()


def test_the_side_of_a_head_begins_at_the_middle_of_the_face():
    numbers = torch.zeros(1, dtype=torch.int64)
    people, conditions = draw_people(0, numbers), draw_conditions(0, numbers, numbers)
    front = replace(conditions, **{name: torch.zeros(1) for name in ("yaw", "pitch", "roll")})
    patch, surface = surface_of(FaceModel(people, Camera(front, SIZE)))
    seen = surface.z > 1e-3
    assert seen.float().mean() > 0.2
    torch.testing.assert_close(
        surface.aside[seen], (patch.x.abs() / people.head_width)[seen], atol=1e-4, rtol=0
    )


def test_a_background_is_one_colour_running_into_another():
    numbers = torch.zeros(1, dtype=torch.int64)
    conditions = draw_conditions(0, numbers, numbers)
    conditions = replace(
        conditions,
        light_x=torch.zeros(1),
        background=torch.full((1, 3), 0.8),
        background_far=torch.full((1, 3), 0.5),
    )
    canvas = Canvas(torch.zeros(1, 3, 101, 101))
    draw_background(canvas, conditions)
    assert canvas.image[0, 0].max() == canvas.image[0, 0, 40, 50] == pytest.approx(0.8)
    y = 1.0
    glow = min(1.0, 0.5 * 1.0 + 0.4 * (y + 0.2) ** 2)
    assert canvas.image[0, 0, 100, 100] == pytest.approx(0.8 + glow * (0.4 - 0.8), abs=1e-5)
    torch.testing.assert_close(canvas.image, canvas.image.flip(3))
