"""Operations that move numbers, each as onnxruntime has it."""

import pytest

from tests.helpers.onnx_files import one_operation, same_as_onnxruntime

SHAPE = (2, 3, 4)
WHOLE = 7


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("Concat", {"inputs": {"a": [[[1.0] * 4] * 3] * 2}, "axis": -1}),
        ("Einsum", {"inputs": {"a": [[1.0, 2.0, 3.0]]}, "equation": "bij,ki->bkj"}),
        ("Expand", {"inputs": {"shape": [5, 1, 3, 4]}, "shape": (2, 3, 1)}),
        ("Flatten", {}),
        ("Flatten", {"axis": 0}),
        ("Flatten", {"axis": -1}),
        ("Gather", {"inputs": {"indices": [[0, -1], [2, 1]]}, "axis": 1}),
        ("Gather", {"inputs": {"indices": 1}, "axis": 2}),
        ("GatherElements", {"inputs": {"indices": [[[0, -1]]]}, "axis": 2}),
        ("GatherND", {"inputs": {"indices": [[0, 1, -1], [1, 2, 0]]}}),
        ("Pad", {"inputs": {"pads": [0, 1, 0, 0, 0, 2], "value": 0.5}}),
        ("Pad", {"inputs": {"pads": [1, 2], "value": None, "axes": [-1]}}),
        ("Pad", {"inputs": {"pads": [0, 0, 1, 0, 0, 2]}, "mode": "reflect"}),
        ("Pad", {"inputs": {"pads": [0, 0, 1, 0, 0, 2]}, "mode": "edge"}),
        ("Pad", {"opset": 10, "pads": [0, 0, 1, 0, 0, 2], "value": 0.5}),
        ("Reshape", {"inputs": {"shape": [0, -1]}}),
        ("Reshape", {"inputs": {"shape": [4, -1]}, "allowzero": 1}),
        ("Shape", {"type_of_output": WHOLE}),
        ("Shape", {"type_of_output": WHOLE, "start": 1, "end": -1}),
        ("Size", {"type_of_output": WHOLE}),
        ("Slice", {"inputs": {"starts": [1], "ends": [-1], "axes": [2]}}),
        ("Slice", {"inputs": {"starts": [0, 0], "ends": [9, 9], "axes": None, "steps": [1, 2]}}),
        ("Slice", {"inputs": {"starts": [-1], "ends": [-(2**62)], "axes": [-1], "steps": [-1]}}),
        ("Slice", {"opset": 9, "starts": [1], "ends": [3], "axes": [1]}),
        ("Split", {"outputs": 2, "axis": 2, "num_outputs": 2}),
        ("Split", {"outputs": 2, "axis": -1, "opset": 13}),
        ("Split", {"outputs": 2, "inputs": {"split": [1, 2]}, "axis": 1}),
        ("Split", {"outputs": 2, "split": [1, 3], "axis": 2, "opset": 11}),
        ("Squeeze", {"shape": (2, 1, 3, 1)}),
        ("Squeeze", {"shape": (2, 1, 3, 1), "inputs": {"axes": [-1]}}),
        ("Squeeze", {"shape": (2, 1, 3, 1), "opset": 11, "axes": [1]}),
        ("Tile", {"inputs": {"repeats": [1, 2, 3]}}),
        ("Transpose", {}),
        ("Transpose", {"perm": [0, 2, 1]}),
        ("Unsqueeze", {"inputs": {"axes": [-1, 1]}}),
        ("Unsqueeze", {"opset": 11, "axes": [0, 2]}),
    ],
)
def test_as_in_onnxruntime(kind, settings):
    shape = settings.pop("shape", SHAPE)
    same_as_onnxruntime(one_operation(kind, shape, **settings), shape)
