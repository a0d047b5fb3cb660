import pytest
import torch
from torch import nn
from torch.nn import functional as F

import facetrial
from facetrial.core.errors import FacetrialError
from facetrial.recognition.layers import base_model
from facetrial.training.train import recognizer_for
from tests.helpers.tiny import tiny_plan

FACES = facetrial.draw_faces(people=3, pictures=8, size=32)


class Mean(nn.Module):
    def forward(self, images):
        return F.avg_pool2d(images, 8).flatten(1)


def test_the_recogniser_of_a_checkpoint(tmp_path):
    plan = tiny_plan(tmp_path, "trainer.max_epochs=0")
    trained = recognizer_for(plan).freeze()
    victim = facetrial.load_victim(plan.path)
    images = FACES.test_faces.batch(range(3)).images
    assert torch.equal(victim(images), trained(images))
    assert not victim.training
    assert not any(parameter.requires_grad for parameter in victim.parameters())
    assert repr(victim) == "Victim(SmallEmbedder, SVMHead, 3 people: Person 0, Person 1, Person 2)"


def test_what_is_neither_run_nor_checkpoint(tmp_path):
    with pytest.raises(FacetrialError, match=r"is not the folder of a run: expected \.hydra/overrides\.yaml"):
        facetrial.load_victim(tmp_path)
    with pytest.raises(FacetrialError, match="there is no checkpoint at"):
        facetrial.load_victim(tmp_path / "gone.ckpt")


@pytest.mark.parametrize("embedder", [Mean(), lambda images: F.avg_pool2d(images, 8).flatten(1)])
def test_people_are_enrolled_by_the_means_of_their_training_pictures(embedder):
    victim = facetrial.enrol(embedder, FACES)
    train = FACES.train_faces
    images = train.batch(range(len(train))).images
    means = [F.normalize(Mean()(images)[train.identities == who].mean(0), dim=0) for who in range(3)]
    torch.testing.assert_close(base_model(victim).head.gallery, torch.stack(means))
    assert victim.names == FACES.names
    assert not victim.training


def test_an_embedder_by_name_is_the_same_each_time():
    first, second = (facetrial.load_embedder("small", size=32, channels=4) for _ in range(2))
    assert first.size == 32
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    with pytest.raises(
        FacetrialError,
        match="there is no embedder 'resnet'; there are callable, command, edgeface, http, inception_resnet_v1, ",
    ):
        facetrial.load_embedder("resnet")
