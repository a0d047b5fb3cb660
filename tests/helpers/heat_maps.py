"""A network as CenterFace's file holds it, whose maps are known."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def save_heat_maps(path: Path) -> Path:
    """Saves a network whose maps are means of 4 x 4 pixels: a face where red is full, as large as green and blue say.

    Red is its heat; e to the share of green (of 255) is its height in cells, of blue its width; offsets are 0.25 down
    and 0.125 to the right; point k lies 0.1 k down and 0.2 k to the right, in shares of the box.
    """
    pooled = np.full((3, 1, 4, 4), 1 / 16 / 255, np.float32)
    spread = {
        "heat": ([[1, 0, 0]], [0.0]),
        "scale": ([[0, 1, 0], [0, 0, 1]], [0.0, 0.0]),
        "offset": ([[0, 0, 0]] * 2, [0.25, 0.125]),
        "points": ([[0, 0, 0]] * 10, [0.1 * k * (1 + axis) for k in range(5) for axis in range(2)]),
    }
    constants = [numpy_helper.from_array(pooled, "pooled")]
    nodes = [
        helper.make_node(
            "Conv", ["pictures", "pooled"], ["means"], strides=[4, 4], kernel_shape=[4, 4], group=3
        )
    ]
    outputs = []
    for name, (weight, bias) in spread.items():
        kernel = np.array(weight, np.float32)[:, :, None, None]
        constants += [
            numpy_helper.from_array(kernel, f"{name} weight"),
            numpy_helper.from_array(np.array(bias, np.float32), f"{name} bias"),
        ]
        nodes.append(helper.make_node("Conv", ["means", f"{name} weight", f"{name} bias"], [name]))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [10, len(weight), 8, 8]))
    pictures = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, [10, 3, 32, 32])
    graph = helper.make_graph(nodes, "maps", [pictures], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path
