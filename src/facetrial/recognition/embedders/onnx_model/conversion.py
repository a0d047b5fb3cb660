"""From an ONNX graph to a graph of torch.fx: layers where weights stand in the file, functions elsewhere."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, fx, nn

from facetrial.core.errors import FacetrialError, first_line
from facetrial.recognition.embedders.onnx_model.layers import LAYERS, WEIGHTED
from facetrial.recognition.embedders.onnx_model.pointwise import POINTWISE
from facetrial.recognition.embedders.onnx_model.reading import imported
from facetrial.recognition.embedders.onnx_model.rearranging import REARRANGING
from facetrial.recognition.embedders.onnx_model.windows import WINDOWS

if TYPE_CHECKING:
    from onnx import AttributeProto, ModelProto, NodeProto, TensorProto

_FUNCTIONS: dict[str, Callable[..., Any]] = {**POINTWISE, **REARRANGING, **WINDOWS, **WEIGHTED}
OTHERWISE = (
    "Export the float32 network again, after eval(), with torch.onnx.export in opset 17 or later; or give the network "
    "itself: embedder=own."
)
_KNOWN = {*_FUNCTIONS, *LAYERS, "Constant", "Identity"}


@dataclass(frozen=True)
class _Value:
    """A value of the graph, and what it is for the sample.

    It is a constant (no `node`), follows from the pictures, or from their shape alone: then it lies on the CPU.
    """

    sample: Tensor
    node: fx.Node | None = None
    of_pictures: bool = False
    trained: bool = False  # a weight of the file


@torch.no_grad()
def converted(model: "ModelProto", sample: Tensor) -> fx.GraphModule:
    """The model as a network of torch, in eval mode.

    Args:
        model: with one input and one output.
        sample: float32, one input (1, ...); each operation is tried on what comes of it.

    Raises:
        FacetrialError: an operation that has no form in torch, or that fails.
    """
    try:
        return _converted(model, sample)
    except FacetrialError:
        raise
    except Exception as error:  # a file may say what it likes
        raise _refused(first_line(error)) from error


def _converted(model: "ModelProto", sample: Tensor) -> fx.GraphModule:
    if model.functions:
        model = imported("onnx.inliner").inliner.inline_local_functions(model)
    unknown = {
        ".".join(filter(None, (node.domain, node.op_type)))
        for node in model.graph.node
        if node.domain not in ("", "ai.onnx") or node.op_type not in _KNOWN
    }
    if unknown:
        raise _refused(f"it has operations that have no form in torch here, {', '.join(sorted(unknown))}")
    return _Conversion(model, sample).network()


class _Conversion:
    def __init__(self, model: "ModelProto", sample: Tensor) -> None:
        self.model = model
        self.opset = max((entry.version for entry in model.opset_import if not entry.domain), default=1)
        self.root, self.graph = nn.Module(), fx.Graph()
        self.pictures = self.graph.placeholder("pictures")
        self.constants: dict[int, str] = {}
        self.values = {model.graph.input[0].name: _Value(sample, self.pictures, of_pictures=True)}
        for tensor in model.graph.initializer:
            weights = _tensor(tensor)
            self.values[tensor.name] = _Value(
                weights, trained=weights.is_floating_point() and weights.numel() > 1
            )

    def network(self) -> fx.GraphModule:
        for index, node in enumerate(self.model.graph.node):
            try:
                self.add(node, f"{node.op_type.lower()}_{index}")
            except FacetrialError:
                raise
            except Exception as error:  # torch raises what an operation on other shapes happens to
                raise _refused(f"{node.op_type} {node.name} fails ({first_line(error)})") from error
        self.graph.output(self.tensor(self.values[self.model.graph.output[0].name], beside_pictures=True))
        network = fx.GraphModule(self.root, self.graph)
        network.graph.eliminate_dead_code()
        return fx.GraphModule(network, network.graph).eval()

    def add(self, node: "NodeProto", name: str) -> None:
        """Adds an operation, as a module under a name without dots if it is one."""
        kind = node.op_type
        settings = {attribute.name: _setting(attribute) for attribute in node.attribute}
        if kind == "Constant":
            self.values[node.output[0]] = _Value(torch.as_tensor(next(iter(settings.values()))))
            return
        inputs = [self.values[given] if given else None for given in node.input]
        if kind == "Identity":
            self.values[node.output[0]] = self.values[node.input[0]]
            return
        settings = {key: _plain(value) for key, value in settings.items()}
        if kind in LAYERS and self.add_layer(node, name, inputs, settings):
            return
        function = _FUNCTIONS[kind]
        _, names = _parameters(function)
        told = {"opset": self.opset, "outputs": len(node.output), "by": kind}
        self.add_function(node, function, inputs, settings | {key: told[key] for key in names if key in told})

    def add_layer(self, node: "NodeProto", name: str, inputs: list, settings: dict[str, Any]) -> bool:
        """Adds an operation as a layer with its weights, if it has that form."""
        features, *weights = inputs
        if any(weight is not None and weight.node is not None for weight in weights):
            return False
        given = [None if weight is None else weight.sample for weight in weights]
        layer = LAYERS[node.op_type](features.sample, *given, **settings)
        if layer is None:
            return False
        if features.node is None:
            self.values[node.output[0]] = _Value(layer(features.sample))
            return True
        self.root.add_module(name, layer)
        called = self.graph.call_module(name, (self.tensor(features, beside_pictures=True),))
        self.values[node.output[0]] = _Value(layer(features.sample), called, of_pictures=True)
        return True

    def add_function(self, node: "NodeProto", function: Callable, inputs: list, settings: dict) -> None:
        """Adds an operation as a function of tensors, by position, and of plain numbers, by name."""
        tensors, names = _parameters(function)
        by_position = inputs if tensors is None else inputs[:tensors]
        by_name = dict(zip(names, inputs[len(by_position) :], strict=False))
        if beyond := inputs[len(by_position) + len(names) :]:
            raise _refused(f"{node.op_type} {node.name} has {len(beyond)} inputs more than are known of it")
        if any(value is not None and value.of_pictures for value in by_name.values()):
            raise _refused(f"the shape that {node.op_type} {node.name} makes depends on what pictures show")
        present = [value for value in inputs if value is not None]
        samples = [None if value is None else value.sample for value in by_position]
        given = {key: value for key, value in by_name.items() if value is not None}
        numbers = {key: value.sample.tolist() for key, value in given.items()}
        found = function(*samples, **settings, **numbers)
        results = found if isinstance(found, tuple) else (found,)
        if all(value.node is None for value in present):
            self.values |= {name: _Value(sample) for name, sample in zip(node.output, results, strict=False)}
            return
        with_pictures = any(value.of_pictures for value in present)
        plain: dict[str, Any] = {key: self.numbers(value) for key, value in given.items()}
        if node.op_type == "Reshape" and numbers.get("shape", [])[:1] == [1] == [
            *present[0].sample.shape[:1]
        ]:
            # Written down for one picture. Should this 1 be another one, `OneByOne` sees to it.
            plain["shape"] = [self.graph.call_method("size", (self.pictures, 0)), *numbers["shape"][1:]]
        called = self.graph.call_function(
            function,
            tuple(None if value is None else self.tensor(value, with_pictures) for value in by_position),
            settings | plain,
        )
        of_pictures = with_pictures and node.op_type not in ("Shape", "Size")
        for k, (name, sample) in enumerate(zip(node.output, results, strict=False)):
            part = self.graph.call_function(_part, (called, k)) if isinstance(found, tuple) else called
            self.values[name] = _Value(sample, part, of_pictures)

    def tensor(self, value: _Value, beside_pictures: bool) -> fx.Node:
        """A value as a tensor of the graph: on the pictures' device, or on the CPU as shapes are."""
        if value.node is not None:
            moved = beside_pictures and not value.of_pictures
            return self.graph.call_function(_beside, (value.node, self.pictures)) if moved else value.node
        if not beside_pictures:
            numbers, kind = value.sample.tolist(), value.sample.dtype
            return self.graph.call_function(torch.tensor, (numbers,), {"dtype": kind})
        if id(value) not in self.constants:
            name = self.constants[id(value)] = f"constant_{len(self.constants)}"
            if value.trained:
                self.root.register_parameter(name, nn.Parameter(value.sample))
            else:
                self.root.register_buffer(name, value.sample)
        return self.graph.get_attr(self.constants[id(value)])

    def numbers(self, value: _Value) -> Any:
        """A value as plain numbers, or as what gives them when the network runs."""
        return (
            value.sample.tolist() if value.node is None else self.graph.call_method("tolist", (value.node,))
        )


def _beside(value: Tensor, pictures: Tensor) -> Tensor:
    return value.to(pictures.device)


def _part(values: tuple[Tensor, ...], k: int) -> Tensor:
    return values[k]


@cache
def _parameters(function: Callable) -> tuple[int | None, tuple[str, ...]]:
    """How many tensors a function takes, None where any number, and the names of what else it takes."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # written in C, and takes tensors only
        return None, ()
    kinds = [parameter.kind for parameter in parameters]
    plain = tuple(parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY)
    any_number = inspect.Parameter.VAR_POSITIONAL in kinds
    return None if any_number else kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD), plain


def _tensor(tensor: "TensorProto") -> Tensor:
    return torch.from_numpy(imported("onnx").numpy_helper.to_array(tensor).copy())


def _setting(attribute: "AttributeProto") -> Any:
    onnx = imported("onnx")
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, onnx.TensorProto):
        return _tensor(value)
    return value.decode() if isinstance(value, bytes) else value


def _plain(setting: Any) -> Any:
    if isinstance(setting, Tensor):
        return setting.item()
    return setting if isinstance(setting, int | float | str) else list(setting)


def _refused(what: str) -> FacetrialError:
    return FacetrialError(f"the ONNX model cannot be turned into torch: {what}. {OTHERWISE}")
