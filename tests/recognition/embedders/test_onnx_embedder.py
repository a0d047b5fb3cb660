"""ONNX embedders: how pictures are standardised, and what cannot be attacked."""

import pytest
import torch
import torch.nn.functional as F

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.factory import own_content
from tests.helpers.onnx_files import convolution, onnx_embedder


def test_standardisation_and_the_order_of_channels(tmp_path):
    path = convolution(tmp_path / "network.onnx")
    images = torch.rand(2, 3, 112, 112)
    mean, std = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
    rgb = onnx_embedder(path, mean=mean, std=std)
    standardised = (255 * images - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    torch.testing.assert_close(rgb(images), F.normalize(rgb.network(standardised)))
    bgr = onnx_embedder(path, mean=mean, std=std, channels="bgr")
    torch.testing.assert_close(bgr(images.flip(1)), rgb(images))


def test_batch_statistics_stay_though_a_trainer_says_train(tmp_path):
    embedder = onnx_embedder(convolution(tmp_path / "network.onnx"))
    images = torch.rand(4, 3, 112, 112)
    before = embedder(images)
    torch.testing.assert_close(embedder.train()(images), before)


@pytest.mark.parametrize(
    ("file", "settings", "said"),
    [
        ({}, {"size": 160}, r"shape \(any, 3, 112, 112\); expected \(any, 3, 160, 160\).*embedder\.size"),
        ({}, {"channels": "rbg"}, r"embedder\.channels must be one of rgb, bgr"),
        ({}, {"mean": [1, 2]}, r"embedder\.mean must be one number or three"),
        ({}, {"std": 0}, r"embedder\.std must be a positive number"),
        ({"last": "Round"}, {}, "no slope"),
        ({"last": "Quantum"}, {}, "onnxruntime cannot run the ONNX model"),
        ({"last": "Hardmax"}, {}, r"no form in torch here, Hardmax\. Export .*embedder=own"),
    ],
)
def test_what_cannot_be_attacked_is_refused(tmp_path, file, settings, said):
    path = convolution(tmp_path / "network.onnx", **file)
    with pytest.raises(FacetrialError, match=said):
        onnx_embedder(path, **settings)


def test_weights_beside_the_file_make_another_network(tmp_path):
    from facetrial.recognition.embedders import factory as embedder

    def content(path):
        embedder._content.cache_clear()
        target = "facetrial.recognition.OnnxEmbedder"
        return own_content(
            {"_target_": target, "weights": str(path), "size": 112, "alignment": "five_points"}
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
