"""onnx2torch/onnx2pytorch reports of Squeeze without axes: at one picture it drops the batch too.

The refusal must not send to +embedder.NAME.
"""

import sys

import numpy as np
import onnx
from named import named, target
from omegaconf import OmegaConf
from onnx import TensorProto, helper, numpy_helper

FacetrialError, make_embedder = named("FacetrialError", "make_embedder")

weights = np.random.default_rng(0).normal(0, 0.3, (16, 3, 3, 3)).astype(np.float32)
nodes = [
    helper.make_node("Conv", ["x", "w"], ["a"], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4),
    helper.make_node("GlobalAveragePool", ["a"], ["b"]),
    helper.make_node("Squeeze", ["b"], ["y"]),
]
graph = helper.make_graph(
    nodes,
    "g",
    inputs=[helper.make_tensor_value_info("x", TensorProto.FLOAT, ("N", 3, 32, 32))],
    outputs=[helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    initializer=[numpy_helper.from_array(weights, "w")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
onnx.save(model, "model.onnx")

config = {
    "_target_": target("OnnxEmbedder"),
    "weights": "model.onnx",
    "size": 32,
    "alignment": "five_points",
}
try:
    make_embedder(OmegaConf.create(config))
    print("works")
except FacetrialError as error:
    print(error)
    sys.exit("+embedder.NAME" in str(error))
