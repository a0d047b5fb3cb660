"""Features are drawn where their landmarks are."""

import dataclasses

import torch

from facetrial.data.rendering.identities import draw_people
from facetrial.data.rendering.renderer import render
from facetrial.faces.landmark_names import LEFT_EYE, MOUTH, RIGHT_EYE
from tests.helpers.drawn import at


def brightness(images: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Brightness (B, K) at the pixels nearest to points (B, K, 2)."""
    x, y = points.round().long().unbind(-1)
    rows = torch.arange(len(images))[:, None]
    return images.mean(1)[rows, y, x]


def test_pupils_lie_at_the_eyes_centres():
    drawn = render(2, torch.arange(40), torch.arange(40), 112)
    for eye, inner, outer in (
        (LEFT_EYE, at("left_eye_inner_corner"), at("left_eye_outer_corner")),
        (RIGHT_EYE, at("right_eye_inner_corner"), at("right_eye_outer_corner")),
    ):
        centre, corners = drawn.landmarks[:, eye], drawn.landmarks[:, [inner, outer]]
        whites = centre[:, None] * 0.38 + corners * 0.62
        at_centre = brightness(drawn.images, centre[:, None])[:, 0]
        assert (at_centre < brightness(drawn.images, whites).amin(1)).float().mean() > 0.95


def where_colour_shows(monkeypatch, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """How much the colour of a part shows in each pixel, (B, H, W), and the landmarks, of 30 people."""
    pictures = []
    for value in (0.2, 0.7):

        def painted(seed, numbers, value=value):
            people = draw_people(seed, numbers)
            return dataclasses.replace(people, **{part: torch.full_like(getattr(people, part), value)})

        monkeypatch.setattr("facetrial.data.rendering.renderer.draw_people", painted)
        pictures.append(render(2, torch.arange(30), torch.arange(30), 112))
    return (pictures[0].images - pictures[1].images).abs().amax(1), pictures[0].landmarks


def test_mouth_landmarks_are_the_ends_of_the_lips(monkeypatch):
    shows, landmarks = where_colour_shows(monkeypatch, "lips")
    left, right, top, bottom = landmarks[:, list(MOUTH)].unbind(1)
    across = (left - right) / (left - right).norm(dim=1, keepdim=True)
    for number in range(30):
        y, x = (shows[number] > 0.1).nonzero().unbind(1)
        pixels = torch.stack([x, y], dim=1).float()
        along = pixels @ across[number]
        # Lips taper: their last pixel with much colour lies a little before the corner.
        assert -1.0 < left[number] @ across[number] - along.max() < 3.0
        assert -1.0 < along.min() - right[number] @ across[number] < 3.0
        for point in (top, bottom):
            nearest = (pixels - point[number]).norm(dim=1).min()
            assert nearest < 1.5
            outward = (point[number] - (top + bottom)[number] / 2) * 0.5
            beyond = point[number] + outward / outward.norm() * 2.5
            assert shows[number][beyond[1].round().long(), beyond[0].round().long()] < 0.1


def test_irises_lie_around_the_eye_centres(monkeypatch):
    shows, landmarks = where_colour_shows(monkeypatch, "iris")
    y, x = torch.meshgrid(torch.arange(112.0), torch.arange(112.0), indexing="ij")
    middle = (landmarks[:, LEFT_EYE, 0] + landmarks[:, RIGHT_EYE, 0]) / 2
    for eye, side in ((LEFT_EYE, 1.0), (RIGHT_EYE, -1.0)):
        weight = shows * (side * (x - middle[:, None, None]) > 0)
        centre = torch.stack([(weight * axis).sum((1, 2)) / weight.sum((1, 2)) for axis in (x, y)], dim=1)
        away = (centre - landmarks[:, eye]).norm(dim=1)
        assert away.median() < 0.7  # the lids hide more of the iris above than below
        assert away.max() < 2.0
