"""Embeddings of validation pictures: taken once, kept sealed, and taken again where they are not those asked for."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim
from facetrial.trial.held_out import held_out
from tests.helpers.coloured_dataset import dataset


class Means(nn.Module):
    """The mean of each channel of each half, (B, 6), counting the pictures it is shown."""

    shown = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.shown += len(images)
        return torch.cat([half.mean((2, 3)) for half in images.chunk(2, dim=2)], dim=1)


@pytest.fixture
def victim() -> Victim:
    return Victim(Means(), GalleryHead(torch.eye(6)), [str(i) for i in range(6)]).freeze()


@pytest.fixture
def faces():
    return dataset(10, 0)


def test_they_are_those_of_the_victim_and_taken_once(victim, faces, tmp_path):
    kept = tmp_path / "cache" / "validation.safetensors"
    for _ in range(2):
        found = held_out(victim, faces, 3, kept)
        assert victim.embedder.shown == len(faces)
        expected = F.normalize(Means()(faces.batch(np.arange(len(faces))).images))
        np.testing.assert_allclose(found.embeddings, expected.numpy(), atol=1e-6)
        assert found.identities.tolist() == faces.identities.tolist()


def test_damaged_and_other_ones_are_taken_again(victim, faces, tmp_path, caplog):
    kept = tmp_path / "validation.safetensors"
    first = held_out(victim, faces, 8, kept)
    content = bytearray(kept.read_bytes())
    content[-100] ^= 1
    kept.write_bytes(content)
    again = held_out(victim, faces, 8, kept)
    np.testing.assert_array_equal(again.embeddings, first.embeddings)
    assert f"{kept} is damaged" in caplog.text
    fewer = held_out(victim, faces.subset(np.arange(3)), 8, kept)
    assert len(fewer.embeddings) == 3
    assert victim.embedder.shown == 2 * len(faces) + 3


def test_votes_have_none(victim, faces, tmp_path):
    class Votes(Victim):
        def forward(self, images):
            return super().forward(images) + super().forward(images.flip(3))

    votes = Votes(victim.embedder, victim.head, victim.names).eval()
    assert held_out(votes, faces, 8, tmp_path / "validation.safetensors") is None
    assert not list(tmp_path.glob("*.safetensors"))
