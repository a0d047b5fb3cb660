"""MobileFaceNet: the layers of the shared weights, which tell people apart."""

import pytest
from safetensors.torch import load_file

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from tests.helpers.real import FIVE_POINTS, lfw_faces, same_and_other

MOBILE = "mobilefacenet_y1.safetensors"


def test_mobilefacenet_has_the_layers_of_the_shared_weights(shared):
    stored = load_file(shared / "weights" / MOBILE)
    own = {n: t.shape for n, t in MobileFaceNet().state_dict().items() if "num_batches" not in n}
    assert own == {name: tensor.shape for name, tensor in stored.items()}


def test_mobilefacenet_takes_112_pixels_only():
    with pytest.raises(FacetrialError, match=r"embedder\.size.*112.*160"):
        MobileFaceNet(size=160)


@pytest.mark.real
def test_mobilefacenet_tells_people_apart(shared):
    faces = lfw_faces(shared, people=6, pictures=4, size=112, box=FIVE_POINTS)
    same, other = same_and_other(MobileFaceNet(shared / "weights" / MOBILE), *faces)
    assert same.mean() > other.mean() + 0.25
    assert (same > other).float().mean() > 0.95
