"""EdgeFace: the layers of the shared weights, which tell people apart."""

import sys

import pytest
from safetensors.torch import load_file

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.edgeface import EdgeFace
from tests.helpers.real import FIVE_POINTS, lfw_faces, same_and_other

EDGEFACE = "edgeface_xs.safetensors"


def test_edgeface_has_the_layers_of_the_shared_weights(shared):
    stored = load_file(shared / "weights" / EDGEFACE)
    own = {name: tensor.shape for name, tensor in EdgeFace().network.state_dict().items()}
    assert own == {name: tensor.shape for name, tensor in stored.items()}


def test_edgeface_takes_112_pixels_only():
    with pytest.raises(FacetrialError, match=r"embedder\.size.*112.*160"):
        EdgeFace(size=160)


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(FacetrialError, match="pip install timm"):
        EdgeFace()


@pytest.mark.real
def test_edgeface_tells_people_apart(shared):
    faces = lfw_faces(shared, people=6, pictures=4, size=112, box=FIVE_POINTS)
    same, other = same_and_other(EdgeFace(shared / "weights" / EDGEFACE), *faces)
    assert same.mean() > other.mean() + 0.25
    assert (same > other).float().mean() > 0.95
