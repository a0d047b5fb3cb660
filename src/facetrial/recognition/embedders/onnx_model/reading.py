"""Reading an ONNX file, and refusing what could not be attacked; needs the packages onnx and onnxruntime."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from facetrial.core.errors import FacetrialError, first_line

if TYPE_CHECKING:
    from onnx import ModelProto

_QUANTISED = ("Quantize", "QLinear", "QGemm", "QAttention", "Integer")  # parts of names of operations


def read_onnx(path: str | Path, output: str | None = None) -> "ModelProto":
    """The model in a file, in float32, with one input and one output.

    Args:
        path: an ONNX file; weights kept outside of it are read from beside it.
        output: the name of the output that holds the embeddings; None where there is one only.

    Raises:
        FacetrialError: no such file, none that ONNX can read, not one input and output, or whole or half numbers where
            slopes need float32.
    """
    onnx = imported("onnx")
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
    _keep_one_input(model, path)
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
    _check_numbers(model, path)
    return model


def input_shape(model: "ModelProto") -> tuple[int | None, ...]:
    """What a model says of its input's shape; None where any length goes."""
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    return tuple(dimension.dim_value or None for dimension in dimensions)


def imported(name: str) -> Any:
    """A package that only ONNX models need."""
    try:
        return __import__(name)
    except ImportError as error:
        raise FacetrialError(
            f"an ONNX model needs {name}, which is not installed: pip install onnx onnxruntime."
        ) from error


def _keep_one_input(model: "ModelProto", path: Path) -> None:
    if len(model.graph.input) == 1:
        return
    given = {tensor.name for tensor in model.graph.initializer}  # old files list their weights as inputs
    asked = [value for value in model.graph.input if value.name not in given]
    if len(asked) != 1:
        listed = f"the inputs {', '.join(value.name for value in asked)}" if asked else "no inputs"
        raise FacetrialError(f"{path} has {listed}; expected one, for pictures.")
    del model.graph.input[:]
    model.graph.input.extend(asked)


def _check_numbers(model: "ModelProto", path: Path) -> None:
    """Raises FacetrialError for a model that is quantised, or takes or computes in other than float32."""
    kinds = {node.op_type for node in model.graph.node}
    if quantised := sorted(kind for kind in kinds if any(part in kind for part in _QUANTISED)):
        raise FacetrialError(
            f"{path} is quantised ({', '.join(quantised)}): rounding has no slope, so no attack could follow it. Give "
            "the float32 model that it was made from, as it was before quantize_static or quantize_dynamic."
        )
    types = imported("onnx").TensorProto
    taken = model.graph.input[0].type.tensor_type.elem_type
    if taken not in (types.FLOAT, types.UNDEFINED):
        halves = taken in (types.FLOAT16, types.BFLOAT16, types.DOUBLE)
        raise FacetrialError(
            f"{path} takes pictures of {_called(types, taken)}; expected float. "
            + (
                "Export it after float()."
                if halves
                else "Export it without what turns whole numbers into floating-point ones, which has no slope."
            )
        )
    low = {tensor.data_type for tensor in model.graph.initializer} & {types.FLOAT16, types.BFLOAT16}
    if low:
        raise FacetrialError(
            f"{path} keeps its weights in {_called(types, low.pop())}, which rounds attacks' slopes away. Export it "
            "after float()."
        )


def _called(types: Any, number: int) -> str:
    return types.DataType.Name(number).lower() if number in types.DataType.values() else f"type {number}"
