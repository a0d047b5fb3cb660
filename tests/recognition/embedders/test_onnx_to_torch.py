"""ONNX files as torch networks: the same embeddings and slopes, and what cannot be turned into torch."""

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders import onnx_to_torch as onnx_file
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.embedders.onnx_embedder import OnnxEmbedder
from facetrial.recognition.embedders.small import SmallEmbedder
from tests.helpers.onnx_files import DIMENSION, convolution, onnx_embedder


def with_statistics(network: nn.Module) -> nn.Module:
    """The network with batch statistics of some pictures, so that no layer is near the identity."""
    network.train()
    with torch.no_grad():
        for _ in range(3):
            network(F.interpolate(torch.rand(4, 3, 8, 8), (112, 112), mode="bilinear"))
    return network.eval()


@pytest.mark.parametrize("make", [SmallEmbedder, MobileFaceNet])
def test_the_projects_networks_come_back_as_they_went(tmp_path, make):
    network = with_statistics(make())
    path = tmp_path / "network.onnx"
    torch.onnx.export(
        network,
        (torch.rand(2, 3, 112, 112),),
        path,
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    # The exported networks standardise for themselves.
    embedder = onnx_embedder(path, mean=0, std=255)
    assert embedder.dimension == network.dimension
    images = F.interpolate(torch.rand(3, 3, 16, 16), (112, 112), mode="bicubic").clamp(0, 1).requires_grad_()
    found, expected = embedder(images), network(images)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    # Folded batch-norms round differently: a few of a million features lie on PReLU's other side, with another slope.
    towards = torch.randn_like(expected)
    slope, original = (
        torch.autograd.grad((embeddings * towards).sum(), images)[0] for embeddings in (found, expected)
    )
    assert (slope != 0).float().mean() > 0.5
    assert (slope - original).norm() < 1e-2 * original.norm()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (elsewhere,) = session.run(None, {session.get_inputs()[0].name: images.detach().numpy()})
    np.testing.assert_allclose(found.detach().numpy(), elsewhere, atol=1e-4)


@pytest.mark.parametrize("batch", ["batch", 1])
@pytest.mark.parametrize("channels_last", [False, True])
def test_files_for_one_picture_and_with_channels_last(tmp_path, batch, channels_last):
    usual = onnx_embedder(convolution(tmp_path / "usual.onnx"))
    path = convolution(tmp_path / "other.onnx", batch=batch, channels_last=channels_last)
    images = torch.rand(5, 3, 112, 112)
    torch.testing.assert_close(onnx_embedder(path)(images), usual(images))
    assert usual.dimension == DIMENSION


def test_the_output_that_is_named(tmp_path):
    path = convolution(tmp_path / "two.onnx", outputs=("embeddings", "features"))
    with pytest.raises(FacetrialError, match=r"outputs embeddings, features.*embedder\.output=NAME"):
        onnx_embedder(path)
    assert onnx_embedder(path, output="features").dimension == 16
    assert onnx_embedder(path, output="embeddings").dimension == DIMENSION


def test_a_file_that_is_missing_or_none(tmp_path):
    with pytest.raises(FacetrialError, match=r"embedder\.weights is not given"):
        OnnxEmbedder(None)
    with pytest.raises(FacetrialError, match="there is no file"):
        onnx_embedder(tmp_path / "gone.onnx")
    (tmp_path / "text.onnx").write_text("not a model")
    with pytest.raises(FacetrialError, match="no ONNX model that can be read"):
        onnx_embedder(tmp_path / "text.onnx")


def test_a_converter_that_errs_is_caught(tmp_path, monkeypatch):
    import onnx2pytorch.operations

    wrong = lambda self, X, slope: torch.relu(X)  # noqa: E731
    monkeypatch.setattr(onnx2pytorch.operations.PRelu, "forward", wrong)
    with pytest.raises(FacetrialError, match="another embedding than in onnxruntime"):
        onnx_embedder(convolution(tmp_path / "network.onnx"))


@pytest.mark.parametrize("package", ["onnx", "onnx2pytorch", "onnxruntime"])
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, package):
    path = convolution(tmp_path / "network.onnx")
    imported = onnx_file._imported

    def without(name):
        return imported("no_such_package" if name == package else name)

    monkeypatch.setattr(onnx_file, "_imported", without)
    with pytest.raises(FacetrialError, match=r"pip install 'facetrial\[onnx\]'"):
        onnx_embedder(path)
