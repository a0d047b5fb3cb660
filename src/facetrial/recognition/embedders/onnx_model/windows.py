"""ONNX's operations on pictures and their neighbourhoods; see pointwise.py for who is given by name."""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def widths_around(
    lengths: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Sequence[int] | None,
    auto_pad: str,
) -> list[int]:
    """How much is put around a picture, as `F.pad` takes it: the last axis first, before and behind.

    Args:
        lengths: of the picture's axes, as `kernel`, `strides` and `dilations`.
        pads: all that comes before, then all that comes behind; looked at where `auto_pad` is "NOTSET".
        auto_pad: "SAME_UPPER" and "SAME_LOWER" have as many windows as strides fit into the picture.
    """
    axes = range(len(kernel))
    if auto_pad == "NOTSET":
        pairs = [(pads[k], pads[k + len(kernel)]) if pads else (0, 0) for k in axes]
    elif auto_pad == "VALID":
        pairs = [(0, 0) for _ in axes]
    else:
        pairs = []
        for k in axes:
            reach = (math.ceil(lengths[k] / strides[k]) - 1) * strides[k] + (kernel[k] - 1) * dilations[k] + 1
            small, large = (missing := max(reach - lengths[k], 0)) // 2, missing - missing // 2
            pairs.append((small, large) if auto_pad == "SAME_UPPER" else (large, small))
    return [width for pair in reversed(pairs) for width in pair]


def average_pool(
    x: Tensor,
    *,
    kernel_shape: list[int],
    strides: list[int] | None = None,
    pads: list[int] | None = None,
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    auto_pad: str = "NOTSET",
) -> Tensor:
    strides = strides or [1, 1]
    around = widths_around(x.shape[2:], kernel_shape, strides, [1, 1], pads, auto_pad)
    pooled = F.avg_pool2d(F.pad(x, around), kernel_shape, strides, ceil_mode=bool(ceil_mode))
    if count_include_pad or not any(around):
        return pooled
    inside = F.pad(torch.ones_like(x[:1, :1]), around)
    return pooled / F.avg_pool2d(inside, kernel_shape, strides, ceil_mode=bool(ceil_mode))


def max_pool(
    x: Tensor,
    *,
    kernel_shape: list[int],
    strides: list[int] | None = None,
    pads: list[int] | None = None,
    dilations: list[int] | None = None,
    ceil_mode: int = 0,
    storage_order: int = 0,
    auto_pad: str = "NOTSET",
) -> Tensor:
    strides, dilations = strides or [1, 1], dilations or [1, 1]
    around = widths_around(x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad)
    if any(around):
        x = F.pad(x, around, value=-math.inf)
    return F.max_pool2d(x, kernel_shape, strides, dilation=dilations, ceil_mode=bool(ceil_mode))


def global_average_pool(x: Tensor) -> Tensor:
    return x.mean(tuple(range(2, x.ndim)), keepdim=True)


def global_max_pool(x: Tensor) -> Tensor:
    return x.amax(tuple(range(2, x.ndim)), keepdim=True)


def resized(
    x: Tensor,
    *,
    roi: list[float] | None = None,
    scales: list[float] | None = None,
    sizes: list[int] | None = None,
    mode: str = "nearest",
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    cubic_coeff_a: float = -0.75,
) -> Tensor:
    scales = scales or roi  # which stood first before opset 11
    size = sizes or [int(length * scale) for length, scale in zip(x.shape, scales or (), strict=True)]
    return F.interpolate(
        x,
        size[2:],
        mode={"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}[mode],
        align_corners=None if mode == "nearest" else coordinate_transformation_mode == "align_corners",
    )


WINDOWS: dict[str, Callable[..., Tensor]] = {
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "GlobalMaxPool": global_max_pool,
    "MaxPool": max_pool,
    "Resize": resized,
    "Upsample": resized,
}
