"""What is read from an ONNX file, and files whose numbers could not be attacked."""

import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.onnx_model.reading import input_shape, read_onnx
from tests.helpers.onnx_files import convolution, onnx_embedder, pooled


def test_the_shape_of_the_input(tmp_path):
    assert input_shape(read_onnx(convolution(tmp_path / "m.onnx"))) == (None, 3, 112, 112)
    assert input_shape(read_onnx(convolution(tmp_path / "m.onnx", batch=1))) == (1, 3, 112, 112)


def test_weights_that_are_listed_as_inputs(tmp_path):
    path = convolution(tmp_path / "m.onnx")
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    onnx.save(model, path)
    assert [value.name for value in read_onnx(path).graph.input] == ["pixels"]


@pytest.mark.parametrize("how", ["static", "dynamic"])
def test_a_quantised_model_is_refused_with_what_to_give(tmp_path, how):
    from onnxruntime import quantization

    whole, small = convolution(tmp_path / "m.onnx"), tmp_path / "small.onnx"
    if how == "dynamic":
        quantization.quantize_dynamic(whole, small)
    else:

        class Pictures(quantization.CalibrationDataReader):
            left = 2

            def get_next(self):
                self.left -= 1
                return {"pixels": np.ones((1, 3, 112, 112), np.float32)} if self.left else None

        quantization.quantize_static(whole, small, Pictures())
    with pytest.raises(FacetrialError, match=r"is quantised \(.*\): rounding has no slope.*quantize_dynamic"):
        read_onnx(small)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (TensorProto.FLOAT16, r"takes pictures of float16; expected float\. Export it after float\(\)"),
        (TensorProto.DOUBLE, r"takes pictures of double; expected float\. Export it after float\(\)"),
        (TensorProto.UINT8, "takes pictures of uint8; expected float.*whole numbers"),
        (999, "takes pictures of type 999"),
    ],
)
def test_pictures_of_another_type(tmp_path, kind, said):
    path = pooled(tmp_path / "m.onnx", helper.make_node("Flatten", ["b"], ["y"]))
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.elem_type = kind
    onnx.save(model, path)
    with pytest.raises(FacetrialError, match=said):
        read_onnx(path)


def test_half_weights(tmp_path):
    path = convolution(tmp_path / "m.onnx")
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            half = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
    onnx.save(model, path)
    with pytest.raises(FacetrialError, match=r"keeps its weights in float16.*after float\(\)"):
        read_onnx(path)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, package):
    path = convolution(tmp_path / "network.onnx")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(FacetrialError, match=rf"needs {package}.*pip install onnx onnxruntime"):
        onnx_embedder(path)
