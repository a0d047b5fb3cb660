"""Drawn faces: what a picture depends on, and what it is."""

import dataclasses

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.data.rendering.renderer import render

SIZE = 64


@pytest.mark.parametrize("rows", [[3], [17, 2, 40], list(range(5, 38))])
def test_a_picture_does_not_depend_on_its_batch(portraits, rows):
    rows = torch.tensor(rows)
    again = render(0, rows // 8, rows % 8, SIZE)
    for field in dataclasses.fields(again):
        assert torch.equal(getattr(again, field.name), getattr(portraits, field.name)[rows]), field.name


def test_a_picture_does_not_depend_on_the_number_of_threads(portraits):
    threads = torch.get_num_threads()
    torch.set_num_threads(3 - min(threads, 2))
    try:
        again = render(0, torch.arange(8).repeat_interleave(8), torch.arange(8).repeat(8), SIZE)
        assert torch.get_num_threads() == 3 - min(threads, 2)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(again.images, portraits.images)


def test_seed_person_and_picture_each_matter():
    person, picture = torch.tensor([1, 2, 1]), torch.tensor([0, 0, 1])
    first, second = render(0, person, picture, SIZE).images, render(1, person, picture, SIZE).images
    for one, other in ((first[0], first[1]), (first[0], first[2]), (first[0], second[0])):
        assert (one - other).abs().mean() > 0.02


def test_images_are_faces_in_range(portraits):
    assert portraits.images.shape == (64, 3, SIZE, SIZE)
    assert portraits.images.dtype == torch.float32
    assert portraits.images.min() >= 0
    assert portraits.images.max() <= 1
    assert (portraits.images.flatten(1).std(1) > 0.05).all()


def test_landmarks_and_ears_are_known_and_in_the_picture():
    drawn = render(5, torch.arange(300), torch.zeros(300, dtype=torch.int64), 32)
    assert (drawn.landmarks > 0).all()
    assert (drawn.landmarks < 31).all()
    assert (drawn.ears > -1).all()
    assert (drawn.ears < 32).all()


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(FacetrialError, match="at least 32"):
        render(0, torch.tensor([0]), torch.tensor([0]), 16)
    with pytest.raises(FacetrialError, match="one shape"):
        render(0, torch.tensor([0, 1]), torch.tensor([0]), 64)
