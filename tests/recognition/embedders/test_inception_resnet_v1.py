"""Inception-ResNet: facenet-pytorch's network and weights, and what is said where they fail."""

import facenet_pytorch
import pytest
import torch
from safetensors.torch import load_file

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.inception_resnet_v1 import InceptionResnetV1
from tests.helpers.real import FACENET, lfw_faces, same_and_other

INCEPTION = "inception_resnet_v1_vggface2.safetensors"


@pytest.mark.real
def test_inception_loads_the_shared_weights_and_tells_people_apart(shared):
    images, identities = lfw_faces(shared, people=3, pictures=3, size=160, box=FACENET)
    network = InceptionResnetV1(shared / "weights" / INCEPTION)
    same, other = same_and_other(network, images, identities)
    assert same.mean() > other.mean() + 0.25
    assert (same > other).float().mean() > 0.95

    reference = facenet_pytorch.InceptionResnetV1(classify=False).eval()
    stored = {name: tensor.float() for name, tensor in load_file(shared / "weights" / INCEPTION).items()}
    assert not reference.load_state_dict(stored, strict=False).unexpected_keys
    with torch.no_grad():
        expected = reference((images[:2] * 255 - 127.5) / 128)
        assert torch.allclose(network(images[:2]), expected, atol=1e-6)


def test_published_weights_are_fetched_and_their_classifier_is_left_out(published_by):
    donor = facenet_pytorch.InceptionResnetV1(classify=False)
    donor.logits = torch.nn.Linear(512, 8631)
    published_by("vggface2", lambda file: torch.save(donor.state_dict(), file))
    network = InceptionResnetV1("vggface2")
    assert torch.equal(network.network.last_linear.weight, donor.last_linear.weight)
    assert not any("logits" in name for name in network.state_dict())


@pytest.mark.parametrize("dimension", [0, 513])
def test_a_senseless_dimension(dimension):
    with pytest.raises(FacetrialError, match=r"embedder\.dimension"):
        InceptionResnetV1(dimension=dimension)
