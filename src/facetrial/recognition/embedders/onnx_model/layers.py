"""ONNX's operations with weights: as layers of torch where the weights stand in the file, else as functions."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.onnx_model.windows import widths_around


def convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    strides: list[int] | None = None,
    pads: list[int] | None = None,
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    auto_pad: str = "NOTSET",
) -> nn.Module:
    kernel = list(weight.shape[2:])
    strides, dilations = strides or [1] * len(kernel), dilations or [1] * len(kernel)
    around = widths_around(x.shape[2:], kernel, strides, dilations, pads, auto_pad)
    even = around[::2] == around[1::2]
    kinds: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d}
    layer = kinds[len(kernel)](
        weight.shape[1] * group,
        len(weight),
        kernel,
        strides,
        around[::-2] if even else 0,
        dilations,
        group,
        bias is not None,
        device="meta",
    )
    layer = _with(layer, weight=weight, bias=bias)
    if even:
        return layer
    left, right, top, bottom = around
    return nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), layer)


def dense(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> nn.Module | None:
    if transA or weight.ndim != 2 or (bias is not None and bias.numel() not in (1, weight.shape[1 - transB])):
        return None
    weight = alpha * (weight if transB else weight.T)
    bias = None if bias is None else (beta * bias).flatten().expand(len(weight))
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias is not None, device="meta")
    return _with(layer, weight=weight, bias=bias)


def batch_norm(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
    spatial: int = 1,
) -> nn.Module:
    if training_mode:
        raise FacetrialError("the ONNX model was exported in training mode; export it after eval().")
    layer = (nn.BatchNorm2d if x.ndim == 4 else nn.BatchNorm1d)(len(scale), epsilon)
    layer.running_mean, layer.running_var = mean.clone(), variance.clone()
    return _with(layer, weight=scale, bias=bias)


def prelu(x: Tensor, slope: Tensor) -> nn.Module | None:
    """None where there is not one slope, or one a channel."""
    aligned = (1,) * (x.ndim - slope.ndim) + tuple(slope.shape)
    if slope.numel() > 1 and (x.ndim < 2 or aligned[1] != slope.numel()):
        return None
    return _with(nn.PReLU(slope.numel(), device="meta"), weight=slope.flatten())


def _with(layer: nn.Module, **weights: Tensor | None) -> nn.Module:
    for name, values in weights.items():
        if values is not None:
            setattr(layer, name, nn.Parameter(values.clone(memory_format=torch.contiguous_format)))
    return layer.eval()


def product(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Tensor:
    found = alpha * (a.T if transA else a) @ (b.T if transB else b)
    return found if c is None else found + beta * c


def sloped(x: Tensor, slope: Tensor) -> Tensor:
    return torch.where(x < 0, slope * x, x)


def layer_norm(
    x: Tensor,
    scale: Tensor,
    bias: Tensor | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Tensor:
    return F.layer_norm(x, x.shape[axis:], scale, bias, epsilon)


def instance_norm(x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float = 1e-5) -> Tensor:
    return F.instance_norm(x, weight=scale, bias=bias, eps=epsilon)


def group_norm(
    x: Tensor, scale: Tensor, bias: Tensor, *, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1
) -> Tensor:
    """As it is from opset 21 on, with a scale for each channel."""
    return F.group_norm(x, num_groups, scale, bias, epsilon)


def rms_norm(
    x: Tensor, scale: Tensor, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Tensor:
    return F.rms_norm(x, x.shape[axis:], scale, epsilon)


def attention(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor | None = None,
    *,
    scale: float | None = None,
    is_causal: int = 0,
    softcap: float = 0.0,
    qk_matmul_output_mode: int = 0,
) -> Tensor:
    if softcap or queries.ndim != 4:
        raise NotImplementedError("Attention with softcap, or whose heads lie in one axis")
    causal = bool(is_causal)
    return F.scaled_dot_product_attention(queries, keys, values, mask, is_causal=causal, scale=scale)


# From the picture's features and weights; None where the layer has no such form.
LAYERS: dict[str, Callable[..., nn.Module | None]] = {
    "BatchNormalization": batch_norm,
    "Conv": convolution,
    "Gemm": dense,
    "MatMul": dense,
    "PRelu": prelu,
}
WEIGHTED: dict[str, Callable[..., Tensor]] = {
    "Attention": attention,
    "Gemm": product,
    "GroupNormalization": group_norm,
    "InstanceNormalization": instance_norm,
    "LayerNormalization": layer_norm,
    "MatMul": torch.matmul,
    "PRelu": sloped,
    "RMSNormalization": rms_norm,
}
