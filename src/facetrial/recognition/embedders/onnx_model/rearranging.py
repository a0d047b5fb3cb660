"""ONNX's operations that move numbers, or tell of shapes; see pointwise.py for who is given by name."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def concatenated(*parts: Tensor, axis: int) -> Tensor:
    """What was written down for one picture, such as a token, is put beside each."""
    rows = max(map(len, parts))
    if axis % parts[0].ndim:
        parts = tuple(part.expand(rows, *part.shape[1:]) if len(part) == 1 else part for part in parts)
    return torch.cat(parts, axis)


def constant_of_shape(*, input: list[int], value: float = 0.0) -> Tensor:
    return torch.full(input, value)


def einsum(*factors: Tensor, equation: str) -> Tensor:
    return torch.einsum(equation, *factors)


def expanded(x: Tensor, *, shape: list[int]) -> Tensor:
    return x.expand(torch.broadcast_shapes(x.shape, shape))


def flattened(x: Tensor, *, axis: int = 1) -> Tensor:
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def gathered(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    picked = x.index_select(axis, indices.flatten())
    return picked.unflatten(axis, indices.shape) if indices.ndim else picked.squeeze(axis)


def gathered_elements(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    return x.gather(axis, torch.where(indices < 0, indices + x.shape[axis], indices))


def gathered_at(x: Tensor, indices: Tensor, *, batch_dims: int = 0) -> Tensor:
    if batch_dims:
        raise NotImplementedError("GatherND with batch_dims")
    return x[indices.unbind(-1)]


def padded(
    x: Tensor,
    *,
    pads: list[int],
    constant_value: float | None = None,
    axes: list[int] | None = None,
    mode: str = "constant",
    value: float = 0.0,
) -> Tensor:
    """`pads`: so many before, axis by axis, then so many behind; `value` is what opsets before 11 fill in."""
    padded_axes = range(x.ndim) if axes is None else [axis % x.ndim for axis in axes]
    around = {axis: (pads[k], pads[k + len(pads) // 2]) for k, axis in enumerate(padded_axes)}
    first = min((axis for axis, pair in around.items() if any(pair)), default=x.ndim)
    widths = [width for axis in range(x.ndim - 1, first - 1, -1) for width in around.get(axis, (0, 0))]
    if mode == "constant":
        return F.pad(x, widths, value=value if constant_value is None else constant_value)
    return F.pad(x, widths, mode={"edge": "replicate", "wrap": "circular"}.get(mode, mode))


def numbers_between(*, start: float, limit: float, delta: float) -> Tensor:
    return torch.arange(start, limit, delta)


def reshaped(x: Tensor, *, shape: list[int], allowzero: int = 0) -> Tensor:
    """A 0 in `shape` is the length that stood there, unless zeros are allowed."""
    lengths = [x.shape[k] if length == 0 and not allowzero else length for k, length in enumerate(shape)]
    return x.reshape(lengths)


def shape_of(x: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    return torch.tensor(x.shape[start:end], dtype=torch.int64)


def size_of(x: Tensor) -> Tensor:
    return torch.tensor(x.numel())


def sliced(
    x: Tensor,
    *,
    starts: list[int],
    ends: list[int],
    axes: list[int] | None = None,
    steps: list[int] | None = None,
) -> Tensor:
    axes = axes or list(range(len(starts)))
    for axis, start, end, step in zip(axes, starts, ends, steps or [1] * len(starts), strict=True):
        taken = range(*slice(start, end, step).indices(x.shape[axis]))
        if step > 0:
            x = x.narrow(axis, taken.start, max(taken.stop - taken.start, 0))
            x = (
                x
                if step == 1
                else x.index_select(axis, torch.arange(0, x.shape[axis], step, device=x.device))
            )
        else:
            x = x.index_select(axis, torch.tensor(taken, dtype=torch.int64, device=x.device))
    return x


def split(
    x: Tensor, *, split: list[int] | None = None, axis: int = 0, num_outputs: int | None = None, outputs: int
) -> tuple[Tensor, ...]:
    return x.split(split or math.ceil(x.shape[axis] / (num_outputs or outputs)), axis)


def squeezed(x: Tensor, *, axes: list[int] | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


def tiled(x: Tensor, *, repeats: list[int]) -> Tensor:
    return x.repeat(repeats)


def transposed(x: Tensor, *, perm: list[int] | None = None) -> Tensor:
    return x.permute(perm or tuple(range(x.ndim))[::-1])


def unsqueezed(x: Tensor, *, axes: list[int]) -> Tensor:
    for axis in sorted(axis % (x.ndim + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return x


REARRANGING: dict[str, Callable[..., Tensor | tuple[Tensor, ...]]] = {
    "Concat": concatenated,
    "ConstantOfShape": constant_of_shape,
    "Einsum": einsum,
    "Expand": expanded,
    "Flatten": flattened,
    "Gather": gathered,
    "GatherElements": gathered_elements,
    "GatherND": gathered_at,
    "Pad": padded,
    "Range": numbers_between,
    "Reshape": reshaped,
    "Shape": shape_of,
    "Size": size_of,
    "Slice": sliced,
    "Split": split,
    "Squeeze": squeezed,
    "Tile": tiled,
    "Transpose": transposed,
    "Unsqueeze": unsqueezed,
}
