"""Embeddings taken beside verdicts: the victim's own, at no cost, and none where there is not one a picture."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from facetrial.defenses.build import defended
from facetrial.defenses.jpeg import JPEG
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.layers import scores_and_embeddings, scores_of
from facetrial.recognition.victim import Victim
from facetrial.trial.embedding_shards import VERSIONS, EmbeddingShards


class Means(nn.Module):
    """The mean of each channel of each half, (B, 6), counting how often it is asked."""

    asked = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.asked += 1
        return torch.cat([half.mean((2, 3)) for half in images.chunk(2, dim=2)], dim=1)


@pytest.fixture
def victim() -> Victim:
    return Victim(Means(), GalleryHead(torch.eye(6)), [str(i) for i in range(6)]).freeze()


def test_one_pass_gives_both(victim):
    images = torch.rand(4, 3, 8, 8)
    scores, embeddings = scores_and_embeddings(victim, images)
    assert victim.embedder.asked == 1
    torch.testing.assert_close(scores, scores_of(victim, images))
    torch.testing.assert_close(embeddings, F.normalize(victim.embedder(images)))
    assert not victim.embedder._forward_hooks


def test_behind_a_transform_it_is_the_embedding_of_what_the_recogniser_sees(victim):
    defense = JPEG(quality=30)
    images = torch.rand(4, 3, 16, 16)
    _, embeddings = scores_and_embeddings(defended(victim, [defense]), images)
    torch.testing.assert_close(embeddings, F.normalize(victim.embedder(defense.transform(images))))


def test_a_plain_classifier_and_votes_have_none(victim):
    images = torch.rand(4, 3, 8, 8)
    plain = nn.Sequential(nn.Flatten(), nn.Linear(192, 5)).eval()
    assert scores_and_embeddings(plain, images)[1] is None

    class Votes(Victim):
        def forward(self, images):
            return super().forward(images) + super().forward(images.flip(3))

    votes = Votes(victim.embedder, victim.head, victim.names).eval()
    assert scores_and_embeddings(votes, images)[1] is None

    class OfItsOwn(nn.Module):
        """Its `embedder` is none: what it gives is no batch of embeddings."""

        def __init__(self):
            super().__init__()
            self.embedder = nn.LSTM(8, 8)

        def forward(self, images):
            return self.embedder(images.mean(1))[0].mean(1)

    assert scores_and_embeddings(OfItsOwn().eval(), images)[1] is None


def test_shards_come_back_in_the_order_asked_for(tmp_path):
    shards = EmbeddingShards(tmp_path)
    made = {version: torch.randn(6, 4) for version in VERSIONS}
    files = [f"Ann/{number}.jpg" for number in range(6)]
    for part in (slice(0, 4), slice(4, 6)):
        shards.write(files[part], {version: values[part] for version, values in made.items()})
    asked = [files[i] for i in (5, 0, 3)]
    for again in range(2):
        found = shards.read(asked)
        for version in VERSIONS:
            np.testing.assert_array_equal(found[version], made[version][[5, 0, 3]].numpy())
        assert shards.read([*asked, "Bob/0.jpg"]) is None
        shards.compact([*files, "Bob/0.jpg"])  # not all there: nothing is lost
        assert len(list(tmp_path.glob("embeddings-*"))) == 2 - again
        shards.compact(files)
        assert [path.name for path in tmp_path.glob("embeddings-*")] == ["embeddings-all.safetensors"]


def test_a_damaged_file_is_gone_and_the_others_stay(tmp_path, caplog):
    shards = EmbeddingShards(tmp_path)
    made = {version: torch.randn(2, 4) for version in VERSIONS}
    shards.write(["Ann/0.jpg", "Ann/1.jpg"], made)
    (path,) = tmp_path.iterdir()
    shards.write(["Bob/0.jpg", "Bob/1.jpg"], made)
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    assert shards.files() == {"Bob/0.jpg", "Bob/1.jpg"}
    assert f"{path} is damaged" in caplog.text
    assert shards.read(["Ann/0.jpg"]) is None
    np.testing.assert_array_equal(shards.read(["Bob/1.jpg"])["clean"], made["clean"][1:].numpy())
