"""A faster copy of a victim, by which steps are chosen. Verdicts are never taken from it."""

import copy
import logging
import operator
import weakref
from collections import Counter
from functools import partial

import torch
from torch import Tensor, fx, nn
from torch.fx.experimental.optimization import fuse

from facetrial.core.errors import first_line
from facetrial.recognition.captured import Captured, CapturedModule, captured
from facetrial.recognition.compiled import compiled
from facetrial.recognition.cuda_graphs import Passes, can_capture
from facetrial.recognition.faster_layers import (
    InFloat32,
    with_faster_slopes,
    with_strided_depthwise_in_float32,
)
from facetrial.recognition.foreign import called
from facetrial.recognition.layers import scores_of, unchecked
from facetrial.recognition.victim import Victim, device_of

log = logging.getLogger(__name__)

_LOW = torch.bfloat16
# Largest difference of a copy's scores from the victim's, as a share of their spread, that leaves the slopes useful.
_FOLDED_TOLERANCE, _LOW_TOLERANCE = 1e-3, 0.1


class FastCopy(nn.Module):
    """Scores (B, C) from images (B, 3, H, W), near to the victim's.

    Batch-norms are folded into the convolutions before them, tensors lie channels last, and convolutions are in
    bfloat16 where the device is faster in it. On a GPU its passes are launched as graphs. An SVM keeps its float64.

    Args:
        victim: in eval mode.
        low: whether to compute in bfloat16.

    Attributes:
        name: of the network's class, for messages.
    """

    def __init__(self, victim: nn.Module, low: bool) -> None:
        super().__init__()
        network = victim.embedder if isinstance(victim, Victim) else victim
        self.name = called(network)
        self.network = folded(network)
        self.head = copy.deepcopy(victim.head) if isinstance(victim, Victim) else nn.Identity()
        self.low = low
        self.network.to(memory_format=torch.channels_last)
        with_faster_slopes(self.network)
        if low:
            if device_of(victim).type == "cpu":
                with_strided_depthwise_in_float32(self.network)
            _lowered(self.network)
        self.eval().requires_grad_(False)
        self.passes = Captured(
            partial(_answers, self.network, low), self.network, partial(_compiled, self.network, low)
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self._embedded(images))

    def with_embeddings(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """As `Victim.with_embeddings`."""
        embeddings = self._embedded(images)
        return self.head(embeddings), embeddings

    def _embedded(self, images: Tensor) -> Tensor:
        return self.passes(images.contiguous(memory_format=torch.channels_last))


def _lowered(network: nn.Module) -> None:
    """Puts the weights of convolutions and dense layers in bfloat16: autocast would convert them anew at every pass."""
    kept = {module.layer for module in network.modules() if isinstance(module, InFloat32)}
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)) and module not in kept:
            module.to(_LOW)


def _answers(network: Passes, low: bool, images: Tensor) -> Tensor:
    with torch.autocast(images.device.type, dtype=_LOW, enabled=low):
        return network(images).float()


def _compiled(network: nn.Module, low: bool) -> Passes:
    return partial(_answers, compiled(network), low)


def in_training(embedder: nn.Module, device: torch.device) -> nn.Module:
    """An embedder for attacks on it while it is trained, which puts it in eval mode for them.

    Where passes can be captured they are launched as graphs, in bfloat16 where that is faster; the weights are shared.
    Elsewhere it is the embedder itself.
    """
    if not can_capture(device):
        return embedder
    return CapturedModule(embedder, partial(_answers, embedder, low_is_faster(device)))


def folded(network: nn.Module) -> nn.Module:
    """A copy in which batch-norms, and factors, are part of the convolutions before them.

    It is just a copy where the network cannot be traced.
    """
    try:
        return _without_factors(fuse(network))
    except Exception as error:  # torch.fx raises what the network's own code raises when it is traced
        log.debug("%s is not folded: %s", type(network).__name__, error)
        return copy.deepcopy(network)


def _without_factors(network: nn.Module) -> nn.Module:
    """Makes a multiplication by a number that alone follows a convolution part of it, in place."""
    if not isinstance(network, fx.GraphModule):
        return network
    called = Counter(node.target for node in network.graph.nodes if node.op == "call_module")
    for node in network.graph.nodes:
        conv = network.get_submodule(node.target) if node.op == "call_module" else None
        user = next(iter(node.users), None)
        if not isinstance(conv, nn.Conv2d) or called[node.target] > 1 or len(node.users) > 1 or user is None:
            continue
        if user.target not in (operator.mul, torch.mul) or len(user.args) != 2:
            continue
        factor = next((number for number in user.args if isinstance(number, (int, float))), None)
        if factor is None:
            continue
        with torch.no_grad():
            conv.weight.mul_(factor)
            if conv.bias is not None:
                conv.bias.mul_(factor)
        user.replace_all_uses_with(node)
        network.graph.erase_node(user)
    network.recompile()
    return network


def _has_no_copy(victim: nn.Module) -> bool:
    """Whether a victim's passes are captured already, or nobody here computes them."""
    embedder = getattr(victim, "embedder", victim)
    return isinstance(embedder, CapturedModule) or not getattr(embedder, "has_slope", True)


def low_is_faster(device: torch.device) -> bool:
    """Whether convolutions in bfloat16 have their own arithmetic on this device."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()


class FastCopies:
    """Keeps the copy of the last victim, as long as it answers as the victim does.

    Weights, head, people and attributes of a victim may be set anew without a trace in its parameters, so that both
    are asked of a few pictures each time.
    """

    def __init__(self) -> None:
        self._made: tuple | None = None
        self._copy: nn.Module | None = None
        self._captured: tuple[tuple, nn.Module] | None = None

    def of(self, victim: nn.Module, images: Tensor, low: bool = True) -> nn.Module:
        """A copy whose scores on `images` (B, 3, H, W) are near the victim's; the victim itself if none is.

        Args:
            low: whether the copy may compute in bfloat16.
        """
        if not len(images) or _has_no_copy(victim):
            return victim  # who is asked nothing, or needs none
        state = [*victim.parameters(), *victim.buffers()]
        made = (weakref.ref(victim), images.device, sum(tensor._version for tensor in state), low)
        if self._copy is None or self._made != made or self._strays(victim, images[:4]):
            self._copy = nearest_copy(victim, images[:4], low)
            self._made = made
        return self._copy

    def exact(self, victim: nn.Module, images: Tensor) -> nn.Module:
        """The victim itself, for images (B, 3, H, W) that were checked; as graphs where these can be captured."""
        if not can_capture(images.device) or not isinstance(victim, Victim) or _has_no_copy(victim):
            return unchecked(victim)
        made = (weakref.ref(victim), images.device)
        if self._captured is None or self._captured[0] != made:
            self._captured = made, captured(victim)
        return self._captured[1]

    @property
    def told(self) -> str | None:
        """Who chose steps last, and how a GPU was made to; None where nothing was asked for."""
        if self._copy is None:
            return None
        who = "the recogniser itself"
        passes: Captured | None = None
        if isinstance(self._copy, FastCopy):
            who = f"a copy in {'bfloat16' if self._copy.low else 'float32'}"
            passes = self._copy.passes
        elif self._captured is not None and isinstance(exact := self._captured[1].embedder, CapturedModule):
            passes = exact.passes
        if passes is None or (how := passes.told) is None:
            return who
        return f"{who}, {how}"

    def _strays(self, victim: nn.Module, images: Tensor) -> bool:
        if self._copy is None or self._copy is victim:
            return False
        exact = scores_of(unchecked(victim), images)
        return _away(self._copy, exact, images) > _LOW_TOLERANCE


def nearest_copy(victim: nn.Module, images: Tensor, allow_low: bool = True) -> nn.Module:
    """The fastest copy that agrees with the victim on `images` (B, 3, H, W), in bfloat16 only if `allow_low`."""
    exact = scores_of(unchecked(victim), images)
    for low, tolerance in ((True, _LOW_TOLERANCE), (False, _FOLDED_TOLERANCE)):
        if low and not (allow_low and low_is_faster(images.device)):
            continue
        try:
            made = FastCopy(victim, low)
            away = _away(made, exact, images)
        except Exception as error:
            # What cannot be copied, or has no form for these types, raises what it likes.
            log.warning("No copy in %s: %s", "bfloat16" if low else "float32", first_line(error))
            continue
        if away <= tolerance:
            return made
        log.warning(
            "A copy of the victim in %s differs by %.2g of its scores' spread; it is not used.",
            "bfloat16" if low else "float32",
            away,
        )
    return victim


def _away(made: nn.Module, exact: Tensor, images: Tensor) -> float:
    """The largest difference of a copy's scores on `images` from `exact` (B, C), as a share of their spread."""
    found = scores_of(made, images)
    if found.shape != exact.shape:
        return torch.inf
    spread = (exact.amax(1) - exact.amin(1)).amax().clamp(min=1e-12)
    return float((found - exact).abs().amax() / spread)
