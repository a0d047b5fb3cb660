"""EdgeFace: the layers of the shared weights, which tell people apart."""

import sys

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

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


def test_layers_published_as_two_factors_are_multiplied_out(tmp_path):
    torch.manual_seed(0)
    whole = EdgeFace().eval()
    published = {}
    for name, module in whole.network.named_modules():
        if isinstance(module, nn.Linear) and "head" not in name:  # as Idiap's gamma models are made
            u, s, v = torch.linalg.svd(module.weight, full_matrices=False)
            published |= {f"model.{name}.linear1.weight": s[:, None] * v, f"model.{name}.linear2.weight": u}
            if module.bias is not None:
                published[f"model.{name}.linear2.bias"] = module.bias
    factored = {f"{name.rpartition('.linear')[0].removeprefix('model.')}." for name in published}
    for name, tensor in whole.network.state_dict().items():
        if f"{name.rpartition('.')[0]}." not in factored:
            published[f"model.{name}"] = tensor
    assert len(factored) > 20
    torch.save({name: tensor.detach().contiguous() for name, tensor in published.items()}, tmp_path / "xs.pt")
    images = torch.rand(2, 3, 112, 112)
    with torch.no_grad():
        assert torch.allclose(EdgeFace(tmp_path / "xs.pt").eval()(images), whole(images), atol=1e-5)


def test_half_of_two_factors_is_no_layer(tmp_path):
    torch.save({"model.head.linear1.weight": torch.zeros(2, 3)}, tmp_path / "xs.pt")
    with pytest.raises(FacetrialError, match=r"xs\.pt is not for EdgeNeXt: \d+ missing"):
        EdgeFace(tmp_path / "xs.pt")


@pytest.mark.real
def test_edgeface_tells_people_apart(shared):
    faces = lfw_faces(shared, people=6, pictures=4, size=112, box=FIVE_POINTS)
    same, other = same_and_other(EdgeFace(shared / "weights" / EDGEFACE), *faces)
    assert same.mean() > other.mean() + 0.25
    assert (same > other).float().mean() > 0.95
