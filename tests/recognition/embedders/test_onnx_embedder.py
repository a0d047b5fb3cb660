"""ONNX files: the same embeddings and slopes as the network that was exported, and what is refused."""

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from omegaconf import OmegaConf
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders import onnx_to_torch as onnx_file
from facetrial.recognition.embedders.factory import make_embedder, own_content
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.embedders.onnx_embedder import OnnxEmbedder
from facetrial.recognition.embedders.small import SmallEmbedder
from tests.helpers.onnx_files import DIMENSION, convolution


def onnx_embedder(path, **settings) -> nn.Module:
    config = {
        "_target_": "facetrial.recognition.OnnxEmbedder",
        "weights": str(path),
        "size": 112,
        "alignment": "five_points",
        **settings,
    }
    return make_embedder(OmegaConf.create(config)).eval()


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


def test_standardisation_and_the_order_of_channels(tmp_path):
    path = convolution(tmp_path / "network.onnx")
    images = torch.rand(2, 3, 112, 112)
    mean, std = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
    rgb = onnx_embedder(path, mean=mean, std=std)
    standardised = (255 * images - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    torch.testing.assert_close(rgb(images), F.normalize(rgb.network(standardised)))
    bgr = onnx_embedder(path, mean=mean, std=std, channels="bgr")
    torch.testing.assert_close(bgr(images.flip(1)), rgb(images))


def test_the_output_that_is_named(tmp_path):
    path = convolution(tmp_path / "two.onnx", outputs=("embeddings", "features"))
    with pytest.raises(FacetrialError, match=r"outputs embeddings, features.*embedder\.output=NAME"):
        onnx_embedder(path)
    assert onnx_embedder(path, output="features").dimension == 16
    assert onnx_embedder(path, output="embeddings").dimension == DIMENSION


def test_batch_statistics_stay_though_a_trainer_says_train(tmp_path):
    embedder = onnx_embedder(convolution(tmp_path / "network.onnx"))
    images = torch.rand(4, 3, 112, 112)
    before = embedder(images)
    torch.testing.assert_close(embedder.train()(images), before)


@pytest.mark.parametrize(
    ("file", "settings", "said"),
    [
        ({}, {"size": 160}, r"shape \(any, 3, 112, 112\); expected \(any, 3, 160, 160\).*embedder\.size"),
        ({}, {"channels": "rbg"}, r'embedder\.channels must be "rgb" or "bgr"'),
        ({}, {"mean": [1, 2]}, r"embedder\.mean must be one number or three"),
        ({}, {"std": 0}, r"embedder\.std must be positive"),
        ({"last": "Round"}, {}, "no slope"),
        ({"last": "Quantum"}, {}, "onnxruntime cannot run the ONNX model"),
        ({"last": "Hardmax"}, {}, "without a gradient"),
    ],
)
def test_what_cannot_be_attacked_is_refused(tmp_path, file, settings, said):
    path = convolution(tmp_path / "network.onnx", **file)
    with pytest.raises(FacetrialError, match=said):
        onnx_embedder(path, **settings)


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


def test_weights_beside_the_file_make_another_network(tmp_path):
    from facetrial.recognition.embedders import factory as embedder

    def content(path):
        embedder._content.cache_clear()
        target = "facetrial.recognition.OnnxEmbedder"
        return own_content(
            OmegaConf.create(
                {"_target_": target, "weights": str(path), "size": 112, "alignment": "five_points"}
            )
        )

    import onnx

    path = convolution(tmp_path / "network.onnx")
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="weights.data", size_threshold=0)
    first, data = content(path), (tmp_path / "weights.data").read_bytes()
    changed = bytearray(data)
    changed[2] ^= 0x40
    (tmp_path / "weights.data").write_bytes(changed)
    assert content(path) != first
