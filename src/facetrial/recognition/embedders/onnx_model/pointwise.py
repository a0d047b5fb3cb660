"""ONNX's operations number by number, and those that make one number of many.

Here as in its neighbours a function takes tensors by position, and by name what must be plain numbers, whether the file
gives it as an attribute or, from some opset on, as an input: names and their order are ONNX's.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

# Types by their number in ONNX.
_TYPES = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    5: torch.int16,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
    16: torch.bfloat16,
}


def cast(x: Tensor, *, to: int, saturate: int = 1) -> Tensor:
    return x.to(_TYPES[to])


def clip(x: Tensor, *, min: float | None = None, max: float | None = None) -> Tensor:
    if min is None and max is None:
        return x
    if x.is_floating_point() and min is not None and max is not None and min < max:
        return F.hardtanh(x, min, max)  # whose slopes are many times as fast on a CPU
    return x.clamp(min, max)


def cumulative_sum(x: Tensor, *, axis: int, exclusive: int = 0, reverse: int = 0) -> Tensor:
    if exclusive or reverse:
        raise NotImplementedError("CumSum, exclusive or in reverse")
    return x.cumsum(int(axis)).to(x.dtype)


def divide(a: Tensor, b: Tensor) -> Tensor:
    whole = not (a.is_floating_point() or b.is_floating_point())
    return torch.div(a, b, rounding_mode="trunc" if whole else None)


def dropout(
    x: Tensor, *, ratio: float = 0.5, training_mode: bool = False, seed: int = 0, is_test: int = 1
) -> Tensor:
    return x


def elu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return F.elu(x, alpha)


def gelu(x: Tensor, *, approximate: str = "none") -> Tensor:
    return F.gelu(x, approximate=approximate)


def hard_sigmoid(x: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    return (alpha * x + beta).clamp(0, 1)


def leaky_relu(x: Tensor, *, alpha: float = 0.01) -> Tensor:
    return F.leaky_relu(x, alpha)


def largest(first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = torch.maximum(first, other)
    return first


def smallest(first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = torch.minimum(first, other)
    return first


def sum_of(first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = first + other
    return first


def mean_of(*values: Tensor) -> Tensor:
    return sum_of(*values) / len(values)


def modulo(a: Tensor, b: Tensor, *, fmod: int = 0) -> Tensor:
    return torch.fmod(a, b) if fmod else torch.remainder(a, b)


def swish(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return x * torch.sigmoid(alpha * x)


def softmax(x: Tensor, *, axis: int | None = None, opset: int) -> Tensor:
    return _over_axis(torch.softmax, x, axis, opset)


def log_softmax(x: Tensor, *, axis: int | None = None, opset: int) -> Tensor:
    return _over_axis(torch.log_softmax, x, axis, opset)


def _over_axis(found: Callable[..., Tensor], x: Tensor, axis: int | None, opset: int) -> Tensor:
    """Before opset 13 over all axes from one on, of which the second was the first."""
    if opset >= 13:
        return found(x, -1 if axis is None else axis)
    return found(x.flatten(1 if axis is None else axis), -1).reshape(x.shape)


def unit_norm(x: Tensor, *, axis: int = -1, p: int = 2) -> Tensor:
    return F.normalize(x, p, axis)


def reduced(
    x: Tensor, *, axes: list[int] | None = None, keepdims: int = 1, noop_with_empty_axes: int = 0, by: str
) -> Tensor:
    """What becomes of a tensor over some axes, or all, `by` mean, sum, max and their like."""
    over, keep = tuple(axes or range(x.ndim)), bool(keepdims)
    if not axes and noop_with_empty_axes:
        x, over, keep = x.unsqueeze(-1), (-1,), False
    match by:
        case "ReduceMean":
            return x.mean(over, keep)
        case "ReduceSum":
            return x.sum(over, keep)
        case "ReduceSumSquare":
            return x.square().sum(over, keep)
        case "ReduceMax":
            return x.amax(over, keep)
        case "ReduceMin":
            return x.amin(over, keep)
        case "ReduceL1":
            return x.abs().sum(over, keep)
        case "ReduceL2":
            return torch.linalg.vector_norm(x, 2, over, keep)
        case "ReduceProd":
            for axis in sorted(over, key=lambda axis: -(axis % x.ndim)):
                x = x.prod(axis, keep)
            return x
    raise NotImplementedError(by)


POINTWISE: dict[str, Callable[..., Tensor]] = {
    "Abs": torch.abs,
    "Add": torch.add,
    "And": torch.logical_and,
    "Cast": cast,
    "Ceil": torch.ceil,
    "Clip": clip,
    "Cos": torch.cos,
    "CumSum": cumulative_sum,
    "Div": divide,
    "Dropout": dropout,
    "Elu": elu,
    "Equal": torch.eq,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "Gelu": gelu,
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": F.hardswish,
    "LeakyRelu": leaky_relu,
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Log": torch.log,
    "LogSoftmax": log_softmax,
    "LpNormalization": unit_norm,
    "Max": largest,
    "Mean": mean_of,
    "Min": smallest,
    "Mish": F.mish,
    "Mod": modulo,
    "Mul": torch.mul,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Or": torch.logical_or,
    "Pow": torch.pow,
    "Reciprocal": torch.reciprocal,
    "Relu": torch.relu,
    "Round": torch.round,
    "Selu": F.selu,
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Softmax": softmax,
    "Softplus": F.softplus,
    "Sqrt": torch.sqrt,
    "Sub": torch.sub,
    "Sum": sum_of,
    "Swish": swish,
    "Tanh": torch.tanh,
    "Where": torch.where,
    **dict.fromkeys(
        (
            "ReduceL1",
            "ReduceL2",
            "ReduceMax",
            "ReduceMean",
            "ReduceMin",
            "ReduceProd",
            "ReduceSum",
            "ReduceSumSquare",
        ),
        reduced,
    ),
}
