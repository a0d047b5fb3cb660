"""Layers whose slopes PyTorch takes slowly on a CPU, in forms of the same values that are several times as fast."""

from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F


class _Prelu(torch.autograd.Function):
    """PyTorch's own takes the slope to the weights too, wanted or not, and one value at a time."""

    generate_vmap_rule = True

    @staticmethod
    def forward(features: Tensor, weight: Tensor) -> Tensor:
        return F.prelu(features, weight)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, slopes: Tensor) -> tuple[Tensor | None, Tensor | None]:
        features, weight = ctx.saved_tensors
        # Those of the features above 0, and 0 elsewhere.
        above = torch.ops.aten.threshold_backward(slopes, features, 0)
        to_features, to_weight = None, None
        if ctx.needs_input_grad[0]:
            by_channel = weight.reshape(1, -1, *[1] * (features.ndim - 2)) if features.ndim > 1 else weight
            to_features = above.lerp(slopes, by_channel)
        if ctx.needs_input_grad[1]:
            each = (slopes - above) * features
            others = [axis for axis in range(features.ndim) if axis != 1]
            to_weight = (each.sum(others) if len(weight) > 1 else each.sum().reshape(1)).to(weight.dtype)
        return to_features, to_weight


@fx.wrap
def prelu(features: Tensor, weight: Tensor) -> Tensor:
    """`torch.nn.functional.prelu` of (B, C, …) with C weights, or one."""
    if torch.is_grad_enabled() and (features.requires_grad or weight.requires_grad):
        return _Prelu.apply(features, weight.to(features.dtype))
    return F.prelu(features, weight.to(features.dtype))


class PReLU(nn.PReLU):
    """`torch.nn.PReLU` with the same values, slopes and weights; its slopes are up to ten times as fast on a CPU."""

    def forward(self, features: Tensor) -> Tensor:
        return prelu(features, self.weight)


class InFloat32(nn.Module):
    """A layer that computes in float32 and answers in the type that it is asked in."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer.float()

    def forward(self, features: Tensor) -> Tensor:
        with torch.autocast(features.device.type, enabled=False):
            return self.layer(features.float()).to(features.dtype)


def with_faster_slopes(network: nn.Module) -> None:
    """Puts faster layers in the place of PReLUs, in place."""
    for name, layer in list(network.named_modules(remove_duplicate=False)):
        if type(layer) is nn.PReLU and name:
            faster = PReLU(layer.num_parameters, device="meta")
            faster.weight = layer.weight
            network.set_submodule(name, faster.train(layer.training))


def with_strided_depthwise_in_float32(network: nn.Module) -> None:
    """Has a CPU compute in float32, in place, what it has no fast slopes of in bfloat16."""
    for name, layer in list(network.named_modules(remove_duplicate=False)):
        if isinstance(layer, nn.Conv2d) and layer.groups > 1 and max(layer.stride) > 1 and name:
            network.set_submodule(name, InFloat32(layer))
