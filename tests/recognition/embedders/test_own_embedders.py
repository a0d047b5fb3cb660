"""The project's embedders: unit norm, and a gradient at every pixel."""

import pytest
import torch

from facetrial.recognition.embedders.edgeface import EdgeFace
from facetrial.recognition.embedders.inception_resnet_v1 import InceptionResnetV1
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.embedders.small import SmallEmbedder


@pytest.mark.parametrize(
    "make",
    [SmallEmbedder, MobileFaceNet, EdgeFace, lambda: InceptionResnetV1(dimension=128)],
    ids=["small", "mobilefacenet", "edgeface", "inception-128"],
)
def test_unit_norm_and_gradients_at_every_pixel(make):
    network = make().eval()
    images = torch.rand(1, 3, network.size, network.size, requires_grad=True)
    embeddings = network(images)
    assert embeddings.shape == (1, network.dimension)
    assert embeddings.norm(dim=1).detach() == pytest.approx([1.0], abs=1e-5)
    embeddings[:, 0].sum().backward()
    assert images.grad.isfinite().all()
    assert (images.grad != 0).float().mean() > 0.5
    last = [name for name, _ in network.named_parameters() if name.startswith(tuple(network.last_blocks))]
    assert last
