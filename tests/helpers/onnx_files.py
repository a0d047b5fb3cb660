"""ONNX files of small networks, node by node: as other exporters than torch's write them."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from omegaconf import OmegaConf
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from facetrial.recognition.embedders.factory import make_embedder
from facetrial.recognition.embedders.onnx_model.conversion import converted

WIDTH, DIMENSION = 4, 8


def convolution(
    path: Path,
    size: int = 112,
    batch: int | str = "batch",
    channels_last: bool = False,
    outputs: tuple[str, ...] = ("embeddings",),
    last: str = "Gemm",
) -> Path:
    """Convolution, batch-norm, PReLU, pooling to 2 x 2, a Reshape that says how many pictures, and a matrix.

    Args:
        batch: number of pictures in the input and the Reshape; a name is any.
        channels_last: whether the input is (B, H, W, 3).
        outputs: names; the first holds the embeddings, others the pooled features.
        last: the last operation; "Round" has no slope, "Quantum" is none.
    """
    generator = np.random.default_rng(0)
    weights = {
        "kernel": generator.normal(size=(WIDTH, 3, 5, 5)) / 8,
        **{name: generator.uniform(0.5, 1.5, WIDTH) for name in ("scale", "shift", "mean", "variance")},
        "slope": generator.uniform(0, 0.5, (WIDTH, 1, 1)),
        "matrix": generator.normal(size=(4 * WIDTH, DIMENSION)),
        "bias": generator.normal(size=DIMENSION),
    }
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    rows = batch if isinstance(batch, int) else -1
    tensors.append(numpy_helper.from_array(np.array([rows, 4 * WIDTH]), "flat"))
    half = (size - 5) // 4 // 2 + 1  # side of a pooling window, of which 2 x 2 fit
    side = ((size - 5) // 4 + 1 - half) // half + 1
    pooled = [half, half] if side == 2 else [half - 1, half - 1]
    nodes = [
        *([helper.make_node("Transpose", ["pixels"], ["first"], perm=[0, 3, 1, 2])] if channels_last else []),
        helper.make_node("Conv", ["first" if channels_last else "pixels", "kernel"], ["a"], strides=[4, 4]),
        helper.make_node(
            "BatchNormalization", ["a", "scale", "shift", "mean", "variance"], ["b"], training_mode=0
        ),
        helper.make_node("PRelu", ["b", "slope"], ["c"]),
        helper.make_node("AveragePool", ["c"], ["d"], kernel_shape=pooled, strides=pooled),
        helper.make_node("Reshape", ["d", "flat"], ["e"]),
        helper.make_node("Gemm", ["e", "matrix", "bias"], ["f" if last != "Gemm" else outputs[0]]),
        *([helper.make_node(last, ["f"], [outputs[0]])] if last != "Gemm" else []),
        *(helper.make_node("Identity", ["e"], [name]) for name in outputs[1:]),
    ]
    shape = [batch, size, size, 3] if channels_last else [batch, 3, size, size]
    graph = helper.make_graph(
        nodes,
        "embedder",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, length])
            for name, length in zip(outputs, (DIMENSION, 4 * WIDTH), strict=False)
        ],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.save(model, path)
    return path


def onnx_embedder(path: Path, **settings) -> nn.Module:
    """The embedder of an ONNX file, made as a config describes it, in eval mode."""
    config = {
        "_target_": "facetrial.recognition.OnnxEmbedder",
        "weights": str(path),
        "size": 112,
        "alignment": "five_points",
        **settings,
    }
    return make_embedder(OmegaConf.create(config)).eval()


def pooled(
    path: Path,
    *last: onnx.NodeProto,
    outputs: tuple[str, ...] = ("y",),
    kind: int = TensorProto.FLOAT,
    opset: int = 13,
) -> Path:
    """A convolution of (N, 3, 32, 32), pooled to "b" (N, 16, 1, 1), then the nodes `last`.

    Args:
        last: of the graph.
        outputs: names of the graph's outputs.
        kind: of their numbers.
        opset: version of the operations.
    """
    kernel = np.random.default_rng(0).normal(0, 0.3, (16, 3, 3, 3)).astype(np.float32)
    tensors = {"w": kernel, "flat": np.array([-1]), "column": np.array([16, 1])}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], kernel_shape=[3, 3]),
        helper.make_node("GlobalAveragePool", ["a"], ["b"]),
        *last,
    ]
    graph = helper.make_graph(
        nodes,
        "pooled",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 32, 32])],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)
    return path


def one_operation(
    kind: str,
    shape: tuple[int, ...],
    inputs: dict[str, np.ndarray | list | None] | None = None,
    opset: int = 18,
    outputs: int = 1,
    type_of_output: int = TensorProto.FLOAT,
    **attributes,
) -> onnx.ModelProto:
    """A model of one operation on "x" (shape) and constants, of which the first output is kept.

    Args:
        inputs: the constants behind "x", in order; None leaves one out. Floating ones are float32.
        attributes: of the operation.
    """
    arrays = {name: None if value is None else np.array(value) for name, value in (inputs or {}).items()}
    node = helper.make_node(
        kind,
        ["x", *("" if array is None else name for name, array in arrays.items())],
        ["y", *(f"y{k}" for k in range(1, outputs))],
        **attributes,
    )
    graph = helper.make_graph(
        [node],
        kind,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", type_of_output, None)],
        [
            numpy_helper.from_array(array.astype(np.float32) if array.dtype.kind == "f" else array, name)
            for name, array in arrays.items()
            if array is not None
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def same_as_onnxruntime(
    model: onnx.ModelProto, shape: tuple[int, ...], low: float = -2.0, high: float = 2.0
) -> None:
    """Asserts that a model of one operation gives the same in torch as in onnxruntime, on numbers from low to high."""
    x = np.random.default_rng(0).uniform(low, high, shape).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"x": x})
    found = converted(model, torch.from_numpy(x))(torch.from_numpy(x)).detach()
    assert found.dtype == torch.from_numpy(expected).dtype
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-5)
