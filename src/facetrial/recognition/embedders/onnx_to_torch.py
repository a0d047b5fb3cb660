"""An ONNX file as a torch network with slopes. The file is data: nothing in it is run as code.

onnx2pytorch turns the graph into torch operations; onnxruntime, which shares nothing with it, says whether they are the
same. Both come with the extra `onnx`: `pip install '.[onnx]'`.
"""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError, first_line

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto


_AWAY = 1e-4  # largest difference of unit-norm embeddings from onnxruntime's


def read_onnx(path: str | Path, output: str | None = None) -> "ModelProto":
    """The model in a file, with one input and one output, for any number of pictures at a time.

    Args:
        path: an ONNX file; weights kept outside of it are read from beside it.
        output: the name of the output that holds the embeddings; None where there is one only.

    Raises:
        FacetrialError: no such file, none that ONNX can read, or not one input and output.
    """
    onnx = _imported("onnx")
    path = Path(path).expanduser()
    if not path.is_file():
        raise FacetrialError(f"embedder.weights: there is no file {path}. Give an ONNX model.")
    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf and what reads weights beside the file raise different ones
        raise FacetrialError(
            f"embedder.weights: {path} is no ONNX model that can be read ({first_line(error)}). Export it again, "
            "and keep its .data file beside it."
        ) from error
    if len(model.graph.input) != 1:
        given = {tensor.name for tensor in model.graph.initializer}  # old files list their weights as inputs
        asked = [value for value in model.graph.input if value.name not in given]
        if len(asked) != 1:
            listed = f"the inputs {', '.join(value.name for value in asked)}" if asked else "no inputs"
            raise FacetrialError(f"{path} has {listed}; expected one, for pictures.")
        del model.graph.input[:]
        model.graph.input.extend(asked)
    names = [value.name for value in model.graph.output]
    if not names:
        raise FacetrialError(f"{path} has no outputs; expected one, of embeddings. Export it again.")
    if (len(names) > 1) if output is None else (output not in names):
        raise FacetrialError(
            f"{path} has the outputs {', '.join(names)}. Name the one that holds the embeddings: embedder.output=NAME."
        )
    kept = next(value for value in model.graph.output if output in (None, value.name))
    del model.graph.output[:]
    model.graph.output.append(kept)
    return model


def input_shape(model: "ModelProto") -> tuple[int | None, ...]:
    """What a model says of its input's shape; None where any length goes."""
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    return tuple(dimension.dim_value or None for dimension in dimensions)


def to_torch(model: "ModelProto", sample: Tensor) -> nn.Module:
    """The model in torch, checked against onnxruntime on one input.

    Args:
        model: as `read_onnx` gives it.
        sample: float32, one input (1, ...).

    Raises:
        FacetrialError: it gives no embedding, has an operation that has no form in torch, or another outcome there.
    """
    convert = _imported("onnx2pytorch").ConvertModel
    expected = _run(model, sample)
    if expected.ndim < 2 or len(expected) != 1:
        raise FacetrialError(
            f"the ONNX model gives an output of shape {tuple(expected.shape)} for one picture; expected (1, D). A "
            "Squeeze without axes takes away the number of pictures too: export it with flatten(1) or squeeze((2, 3))."
        )
    _for_any_batch(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            network = convert(model).eval()
            with torch.no_grad():
                found = network(sample)
        except Exception as error:  # the converter raises what its code for an operation happens to
            raise FacetrialError(
                f"the ONNX model cannot be turned into torch ({first_line(error)}). Export a float32 model, not a "
                "quantised one, in a recent opset; or give the network itself: embedder=own."
            ) from error
    if found.shape != expected.shape:
        raise FacetrialError(
            f"in torch the ONNX model gives shape {tuple(found.shape)}, in onnxruntime {tuple(expected.shape)}. Export "
            "it again in another opset; or give the network itself: embedder=own."
        )
    away = (_direction(found) - _direction(expected)).abs().max().item()
    if not away <= _AWAY:
        raise FacetrialError(
            f"in torch the ONNX model gives another embedding than in onnxruntime (unit-norm embeddings differ by "
            f"{away:.2g}, at most {_AWAY:.0g} is rounding). Export it again in another opset; or give the network "
            "itself: embedder=own."
        )
    del network.onnx_model.graph.initializer[:]  # the network has its own copy
    return network


def _run(model: "ModelProto", sample: Tensor) -> Tensor:
    runtime = _imported("onnxruntime")
    try:
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        session = runtime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        (found,) = session.run(None, {model.graph.input[0].name: sample.numpy()})
        return torch.from_numpy(found)
    except Exception as error:  # onnxruntime has a type for each of its failures
        raise FacetrialError(
            f"onnxruntime cannot run the ONNX model from float32 of shape {tuple(sample.shape)} to a tensor: "
            f"{first_line(error)}. Set embedder.size to the side of its input, or export it again."
        ) from error


def _direction(embeddings: Tensor) -> Tensor:
    return nn.functional.normalize(embeddings.flatten(1).double())


def _for_any_batch(model: "ModelProto") -> None:
    """Takes out, in place, what a file that was exported for one picture at a time says of their number."""
    from onnx import numpy_helper

    shapes = {tensor.name: tensor for tensor in model.graph.initializer}
    shapes |= {
        node.output[0]: attribute.t
        for node in model.graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    }
    for node in model.graph.node:
        if node.op_type == "BatchNormalization":
            _leave_training(node)
        # Before opset 5 the shape was an attribute.
        if node.op_type != "Reshape" or len(node.input) < 2 or (tensor := shapes.get(node.input[1])) is None:
            continue
        shape = numpy_helper.to_array(tensor).copy()
        if len(shape) > 1 and shape[0] == 1:
            shape[0] = 0  # as many as came in
            tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))


def _leave_training(node: "NodeProto") -> None:
    """Takes out that a node is not in training, which is the rule, and which the converter does not know."""
    for attribute in list(node.attribute):
        if attribute.name == "training_mode":
            if attribute.i:
                raise FacetrialError("the ONNX model was exported in training mode; export it after eval().")
            node.attribute.remove(attribute)


def _imported(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError as error:
        raise FacetrialError(
            f"an ONNX model needs {name}, which is not installed: pip install {name}."
        ) from error


def sample_input(shape: tuple[int, ...]) -> Tensor:
    """One input, float32, that differs from place to place."""
    return torch.from_numpy(np.random.default_rng(0).standard_normal(shape).astype(np.float32))
