"""Operations on neighbourhoods, each as onnxruntime has it."""

import pytest

from tests.helpers.onnx_files import one_operation, same_as_onnxruntime

SHAPE = (2, 3, 9, 8)
SCALES = [1.0, 1.0, 2.0, 1.5]


@pytest.mark.parametrize("kind", ["AveragePool", "MaxPool"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"strides": [2, 3]},
        {"strides": [2, 2], "pads": [1, 1, 1, 1]},
        {"strides": [2, 2], "pads": [0, 1, 1, 0]},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
        {"strides": [2, 2], "auto_pad": "VALID"},
        {"strides": [2, 2], "ceil_mode": 1},
    ],
)
def test_pools(kind, settings):
    same_as_onnxruntime(one_operation(kind, SHAPE, kernel_shape=[3, 2], **settings), SHAPE)


def test_what_one_of_the_pools_has_alone():
    padding = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    same_as_onnxruntime(one_operation("AveragePool", SHAPE, count_include_pad=1, **padding), SHAPE)
    same_as_onnxruntime(one_operation("MaxPool", SHAPE, dilations=[2, 1], **padding), SHAPE)


@pytest.mark.parametrize("kind", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pools(kind):
    same_as_onnxruntime(one_operation(kind, SHAPE), SHAPE)


@pytest.mark.parametrize(
    "settings",
    [
        {"inputs": {"roi": None, "scales": SCALES}, "mode": "linear"},
        {"inputs": {"roi": None, "scales": None, "sizes": [2, 3, 18, 16]}, "mode": "cubic"},
        {
            "inputs": {"roi": None, "scales": None, "sizes": [2, 3, 13, 5]},
            "mode": "linear",
            "coordinate_transformation_mode": "align_corners",
        },
        {
            "inputs": {"roi": None, "scales": [1.0, 1.0, 2.0, 2.0]},
            "mode": "nearest",
            "coordinate_transformation_mode": "asymmetric",
            "nearest_mode": "floor",
        },
        {"inputs": {"scales": [1.0, 1.0, 2.0, 2.0]}, "mode": "nearest", "opset": 10},
    ],
)
def test_resized(settings):
    same_as_onnxruntime(one_operation("Resize", SHAPE, **settings), SHAPE)
