"""ONNX files as torch networks: the same embeddings and slopes, and what cannot be turned into torch."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from onnx import NodeProto, TensorProto, helper
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.embedders.onnx_embedder import OnnxEmbedder
from facetrial.recognition.embedders.onnx_model import conversion
from facetrial.recognition.embedders.onnx_model.layers import LAYERS
from facetrial.recognition.embedders.small import SmallEmbedder
from tests.helpers.onnx_files import DIMENSION, convolution, onnx_embedder, pooled


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
    monkeypatch.setitem(LAYERS, "PRelu", lambda features, slope: nn.ReLU())
    with pytest.raises(FacetrialError, match="another embedding than in onnxruntime"):
        onnx_embedder(convolution(tmp_path / "network.onnx"))


def test_so_many_pictures_at_a_time(tmp_path):
    with pytest.raises(
        FacetrialError, match=r"takes 4 pictures at a time; expected one, or any.*dynamic_shapes"
    ):
        onnx_embedder(convolution(tmp_path / "network.onnx", batch=4))


def node(kind: str, *inputs: str, **attributes) -> NodeProto:
    return helper.make_node(kind, list(inputs), ["y"], **attributes)


@pytest.mark.parametrize(
    ("last", "settings", "said"),
    [
        (node("Squeeze", "b"), {}, r"shape \(16,\) for one picture; expected \(1, D\).*flatten\(1\)"),
        (node("Squeeze", "b"), {"opset": 11}, r"shape \(16,\) for one picture"),
        (node("ReduceMean", "b", keepdims=0), {}, r"shape \(\) for one picture"),
        (node("Reshape", "b", "flat"), {}, r"shape \(16,\) for one picture"),
        (node("Reshape", "b", "column"), {}, r"shape \(16, 1\) for one picture"),
        (node("Flatten", "b"), {"outputs": ()}, "has no outputs; expected one, of embeddings"),
        (node("Flatten", "b"), {"outputs": ("z",)}, "onnxruntime cannot run"),
        (
            node("Cast", "b", to=TensorProto.STRING),
            {"kind": TensorProto.STRING},
            "cannot run .* to a tensor",
        ),
        (node("Cast", "b", to=TensorProto.INT64), {"kind": TensorProto.INT64}, "cannot embed images"),
    ],
)
def test_outputs_that_are_no_embeddings_are_refused(tmp_path, last, settings, said):
    with pytest.raises(FacetrialError, match=said) as caught:
        onnx_embedder(pooled(tmp_path / "m.onnx", last, **settings), size=32)
    assert "+embedder.NAME" not in str(caught.value)


@pytest.mark.parametrize("last", [node("Flatten", "b"), node("Identity", "b")])
def test_outputs_that_are_embeddings_are_taken(tmp_path, last):
    embedder = onnx_embedder(pooled(tmp_path / "m.onnx", last), size=32)
    assert embedder(torch.rand(1, 3, 32, 32)).shape == (1, 16)
    assert embedder(torch.rand(5, 3, 32, 32)).shape == (5, 16)


def test_a_reshape_of_before_its_shape_was_an_input(tmp_path):
    path = pooled(tmp_path / "m.onnx", node("Reshape", "b", shape=[-1, 16]), opset=4)
    assert onnx_embedder(path, size=32)(torch.rand(2, 3, 32, 32)).shape == (2, 16)


def test_a_model_without_inputs_and_an_empty_file(tmp_path):
    model = onnx.load(pooled(tmp_path / "m.onnx", node("Flatten", "b")))
    model.graph.ClearField("input")
    onnx.save(model, tmp_path / "m.onnx")
    (tmp_path / "empty.onnx").touch()
    for name in ("m.onnx", "empty.onnx"):
        with pytest.raises(FacetrialError, match=r"\.onnx has no inputs; expected one, for pictures"):
            onnx_embedder(tmp_path / name, size=32)


def test_a_converter_that_gives_another_shape_is_caught(tmp_path, monkeypatch):
    monkeypatch.setitem(conversion._FUNCTIONS, "Flatten", torch.clone)
    with pytest.raises(FacetrialError, match=r"in torch .* shape \(2, 16, 1, 1\), in onnxruntime \(2, 16\)"):
        onnx_embedder(pooled(tmp_path / "m.onnx", node("Flatten", "b")), size=32)
