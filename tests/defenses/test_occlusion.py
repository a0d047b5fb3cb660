"""Covers over the parts of a face, and the vote of what is left."""

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.defenses.occlusion import Occlusion, covers_of
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.layers import adaptive_view
from tests.helpers.faces import MEAN_FACE

SIZE = 96


class FooledByWhite(nn.Module):
    """Knows a picture by its mean, unless pure white is to be seen anywhere."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1), requires_grad=False)
        self.eval()

    def forward(self, images):
        bright = images.mean((1, 2, 3))
        white = (images > 0.999).flatten(1).any(1).float()
        return torch.stack([bright, 1 - bright, 2 * white], dim=1) * self.weight


def faces(landmarks=MEAN_FACE):
    count = 3
    return FaceDataset(
        pixels=np.zeros((count, SIZE, SIZE, 3), np.uint8),
        rows=np.arange(count),
        identities=np.arange(count),
        files=["a", "b", "c"],
        names=["A", "B", "C"],
        landmarks=np.broadcast_to(landmarks.numpy(), (count, 15, 2)).astype(np.float32),
        boxes=np.zeros((count, 4), np.float32),
        five_points=np.zeros((count, 5, 2), np.float32),
    )


def two_pictures():
    return torch.stack([torch.full((3, SIZE, SIZE), 0.3), torch.full((3, SIZE, SIZE), 0.8)])


def with_patch(images, landmark, side=5):
    x, y = MEAN_FACE[landmark].round().int().tolist()
    images = images.clone()
    images[:, :, y - side : y + side, x - side : x + side] = 1.0
    return images


@pytest.mark.parametrize("landmark", [0, 6, 10, 14])
@pytest.mark.parametrize("fill", ["mean", "blur"])
def test_a_patch_on_one_part_is_voted_down(landmark, fill):
    core = FooledByWhite()
    victim = Occlusion(fill=fill).wrap_victim(core, faces())
    images = two_pictures()
    patched = with_patch(images, landmark)
    assert core(patched).argmax(1).tolist() == [2, 2]
    assert victim(images).argmax(1).tolist() == [1, 0]
    assert victim(patched).argmax(1).tolist() == [1, 0]


def test_patches_on_several_parts_win():
    victim = Occlusion().wrap_victim(FooledByWhite(), faces())
    patched = with_patch(with_patch(with_patch(two_pictures(), 0), 10), 14)
    assert victim(patched).argmax(1).tolist() == [2, 2]


def test_a_picture_is_scored_alike_in_any_batch():
    victim = Occlusion().wrap_victim(FooledByWhite(), faces())
    images = torch.cat([two_pictures(), with_patch(two_pictures(), 10)])
    together = victim(images)
    torch.testing.assert_close(torch.cat([victim(image[None]) for image in images]), together)


def test_the_adaptive_view_has_a_slope_in_all_of_the_face():
    victim = Occlusion().wrap_victim(FooledByWhite(), faces())
    images = two_pictures().requires_grad_(True)
    asked = adaptive_view(victim)
    (slope,) = torch.autograd.grad(asked(images)[:, 0].sum(), images)
    assert (slope > 0).all()
    assert asked.forward_passes == len(victim.covers)


def test_covers_hide_the_parts_and_no_two_hide_the_same():
    covers = covers_of(MEAN_FACE, SIZE, SIZE)[:, 0].bool()
    for x, y in MEAN_FACE.round().int().tolist():
        assert covers[:, y, x].any()
    areas = covers.float().mean((1, 2))
    assert (areas > 0.02).all()
    assert (areas < 0.35).all()
    assert covers_of(MEAN_FACE, SIZE, SIZE, widen=0.5).sum() > covers.sum()


@pytest.mark.parametrize("setting", [{"fill": "black"}, {"widen": -1}])
def test_senseless_settings_are_refused(setting):
    with pytest.raises(FacetrialError, match=rf"defense\.occlusion\.{next(iter(setting))}"):
        Occlusion(**setting)


def test_it_needs_pictures_with_landmarks():
    with pytest.raises(FacetrialError, match="clean pictures"):
        Occlusion().wrap_victim(FooledByWhite())
    with pytest.raises(FacetrialError, match="landmarks"):
        Occlusion().wrap_victim(FooledByWhite(), faces(torch.full((15, 2), torch.nan)))


class ByPlaces(nn.Module):
    """Five answers that hang on the brightest of the picture's parts."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 75, generator=torch.Generator().manual_seed(1)), False)

    def forward(self, images):
        return (nn.functional.adaptive_avg_pool2d(images, 5).flatten(1) ** 3) @ self.weight.T


@torch.no_grad()
def _one_by_one(victim, images):
    """Double masking as the paper writes it: a picture and a second cover at a time."""
    answers = victim.victim(victim.shown(images)).unflatten(0, (len(victim.covers), -1)).argmax(-1)
    winners = []
    for row, image in enumerate(images):
        own = answers[:, row].tolist()
        winner = min(own, key=lambda answer: (-own.count(answer), answer))
        for place, answer in enumerate(own):
            both = torch.maximum(victim.covers, victim.covers[place])
            again = victim.victim(victim._covered(image[None], both[:, None])).argmax(1)
            if answer != winner and (again == answer).all():
                winner = answer
                break
        winners.append(winner)
    return torch.tensor(winners)


@pytest.mark.parametrize("at_once", [1, 64])
def test_second_covers_decide_as_one_by_one(at_once, monkeypatch):
    monkeypatch.setattr("facetrial.defenses.occlusion.pictures_a_batch", lambda device: 6 * at_once)
    victim = Occlusion().wrap_victim(ByPlaces(), faces()).eval()
    parts = torch.rand(200, 3, 5, 5, generator=torch.Generator().manual_seed(0)) ** 8
    images = nn.functional.interpolate(parts, (SIZE, SIZE))
    answers = victim.victim(victim.shown(images)).unflatten(0, (len(victim.covers), -1)).argmax(-1)
    expected = _one_by_one(victim, images)
    assert (expected != answers.mode(0).values).sum() > 3, "second covers decide some"
    assert torch.equal(victim(images).argmax(1), expected)
