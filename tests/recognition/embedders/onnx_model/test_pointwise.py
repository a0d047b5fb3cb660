"""Operations number by number, each as onnxruntime has it."""

import pytest

from facetrial.recognition.embedders.onnx_model.pointwise import POINTWISE
from tests.helpers.onnx_files import one_operation, same_as_onnxruntime

SHAPE = (2, 3, 4)
OTHER = {"a": [[0.5, -1.5, 2.0, 1.0]]}
ALONE = [
    "Abs", "Ceil", "Cos", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "Neg",
    "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Softmax", "LogSoftmax", "Softplus", "Tanh",
    "LpNormalization", "Dropout",
]  # fmt: skip
TRUTHS = ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"]
REDUCING = [kind for kind in POINTWISE if kind.startswith("Reduce")]


@pytest.mark.parametrize("kind", ALONE)
def test_alone(kind):
    same_as_onnxruntime(one_operation(kind, SHAPE), SHAPE)


@pytest.mark.parametrize("kind", ["Log", "Sqrt"])
def test_of_positive_numbers(kind):
    same_as_onnxruntime(one_operation(kind, SHAPE), SHAPE, low=0.1)


@pytest.mark.parametrize("kind", ["Add", "Div", "Max", "Mean", "Min", "Mul", "Sub", "Sum"])
def test_of_two(kind):
    same_as_onnxruntime(one_operation(kind, SHAPE, OTHER), SHAPE)


@pytest.mark.parametrize("kind", TRUTHS)
def test_comparisons(kind):
    same_as_onnxruntime(one_operation(kind, SHAPE, OTHER, type_of_output=9), SHAPE)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("Pow", {"inputs": {"a": 2.0}}),
        ("Mod", {"inputs": {"a": [0.7]}, "fmod": 1}),
        ("Clip", {"inputs": {"min": -1.0, "max": 0.5}}),
        ("Clip", {"inputs": {"min": None, "max": 0.5}}),
        ("Clip", {}),
        ("Clip", {"opset": 6, "min": -1.0, "max": 0.5}),
        ("CumSum", {"inputs": {"axis": 1}}),
        ("Cast", {"to": 7, "type_of_output": 7}),
        ("Elu", {"alpha": 0.3}),
        ("Gelu", {"opset": 20}),
        ("Gelu", {"opset": 20, "approximate": "tanh"}),
        ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
        ("LeakyRelu", {"alpha": 0.3}),
        ("LpNormalization", {"axis": 1, "p": 1}),
        ("Softmax", {"axis": 1}),
        ("Softmax", {"opset": 11}),
        ("Softmax", {"opset": 11, "axis": 2}),
        ("LogSoftmax", {"opset": 11}),
    ],
)
def test_settings(kind, settings):
    same_as_onnxruntime(one_operation(kind, SHAPE, **settings), SHAPE)


@pytest.mark.parametrize("kind", REDUCING)
@pytest.mark.parametrize("keepdims", [0, 1])
def test_over_some_axes(kind, keepdims):
    same_as_onnxruntime(one_operation(kind, SHAPE, {"axes": [1, -1]}, keepdims=keepdims), SHAPE)
    same_as_onnxruntime(one_operation(kind, SHAPE, keepdims=keepdims), SHAPE)
    same_as_onnxruntime(one_operation(kind, SHAPE, noop_with_empty_axes=1), SHAPE)
    old = one_operation(kind, SHAPE, opset=11, axes=[2], keepdims=keepdims)
    same_as_onnxruntime(old, SHAPE)
