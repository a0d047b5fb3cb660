"""Operations with weights, as layers and as functions, each as onnxruntime has it."""

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.onnx_model.conversion import converted
from tests.helpers.onnx_files import one_operation, same_as_onnxruntime

PICTURES, ROWS, HEADS = (2, 4, 9, 8), (2, 5, 6), (1, 2, 4, 6)


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape)


def layers(model, shape) -> set[type]:
    found = converted(model, torch.zeros(shape))
    return {type(module) for module in found.modules()} - {type(found)}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"bias": drawn(6)},
        {"strides": [2, 1], "pads": [1, 0, 1, 0]},
        {"pads": [0, 1, 2, 0]},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
        {"auto_pad": "VALID"},
        {"dilations": [2, 1], "kernel_shape": [3, 3]},
        {"group": 2},
    ],
)
def test_convolutions(settings):
    bias = {"b": settings.pop("bias")} if "bias" in settings else {}
    kernel = drawn(6, 4 // settings.get("group", 1), 3, 3)
    model = one_operation("Conv", PICTURES, {"w": kernel} | bias, **settings)
    same_as_onnxruntime(model, PICTURES)
    assert nn.Conv2d in layers(model, PICTURES)


def test_a_convolution_along_one_axis():
    model = one_operation("Conv", (2, 4, 9), {"w": drawn(6, 4, 3)}, pads=[1, 1])
    same_as_onnxruntime(model, (2, 4, 9))


@pytest.mark.parametrize(
    ("kind", "shape", "weights", "settings", "layer"),
    [
        ("Gemm", (2, 6), {"w": drawn(6, 3)}, {}, nn.Linear),
        ("Gemm", (2, 6), {"w": drawn(3, 6), "b": drawn(3)}, {"transB": 1}, nn.Linear),
        ("Gemm", (2, 6), {"w": drawn(6, 3), "b": drawn(1, 3)}, {"alpha": 0.5, "beta": 2.0}, nn.Linear),
        ("Gemm", (2, 6), {"w": drawn(6, 3), "b": drawn(1)}, {}, nn.Linear),
        ("Gemm", (2, 6), {"w": drawn(6, 3), "b": drawn(2, 1)}, {}, None),
        ("Gemm", (6, 2), {"w": drawn(6, 3)}, {"transA": 1}, None),
        ("MatMul", ROWS, {"w": drawn(6, 3)}, {}, nn.Linear),
        ("MatMul", ROWS, {"w": drawn(2, 6, 3)}, {}, None),
        ("PRelu", PICTURES, {"s": drawn(4, 1, 1)}, {}, nn.PReLU),
        ("PRelu", PICTURES, {"s": drawn(1)}, {}, nn.PReLU),
        ("PRelu", PICTURES, {"s": drawn(8)}, {}, None),
        ("LayerNormalization", ROWS, {"s": drawn(6), "b": drawn(6)}, {"epsilon": 1e-3}, None),
        ("LayerNormalization", ROWS, {"s": drawn(5, 6)}, {"axis": 1}, None),
        (
            "GroupNormalization",
            PICTURES,
            {"s": drawn(4), "b": drawn(4)},
            {"num_groups": 2, "opset": 21},
            None,
        ),
        ("RMSNormalization", ROWS, {"s": drawn(6)}, {"opset": 23}, None),
        ("Attention", HEADS, {"k": drawn(1, 2, 5, 6), "v": drawn(1, 2, 5, 3)}, {"opset": 23}, None),
        ("InstanceNormalization", PICTURES, {"s": drawn(4), "b": drawn(4)}, {}, None),
    ],
)
def test_with_weights(kind, shape, weights, settings, layer):
    model = one_operation(kind, shape, weights, **settings)
    same_as_onnxruntime(model, shape)
    assert layers(model, shape) == ({layer} if layer else set())


@pytest.mark.parametrize(("shape", "layer"), [(PICTURES, nn.BatchNorm2d), ((2, 4), nn.BatchNorm1d)])
def test_batch_norms(shape, layer):
    statistics = {"scale": drawn(4), "bias": drawn(4), "mean": drawn(4), "variance": drawn(4) ** 2}
    model = one_operation("BatchNormalization", shape, statistics, epsilon=1e-3)
    same_as_onnxruntime(model, shape)
    assert layers(model, shape) == {layer}


def test_a_batch_norm_that_trains_is_refused():
    statistics = dict.fromkeys(("scale", "bias", "mean", "variance"), [1.0] * 4)
    model = one_operation("BatchNormalization", PICTURES, statistics, training_mode=1)
    with pytest.raises(FacetrialError, match=r"training mode; export it after eval\(\)"):
        converted(model, torch.zeros(PICTURES))
