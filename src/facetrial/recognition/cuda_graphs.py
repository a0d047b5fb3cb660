"""CUDA graphs of a network's passes, there and back, as autograd sees them.

At the batches of an attack, a GPU spends most of a pass waiting for Python to launch one kernel after another. A graph
is captured once and launched whole (Nguyen et al., "Accelerating PyTorch with CUDA Graphs", 2021). What is computed is
the same.
"""

import weakref
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

Passes = Callable[[Tensor], Tensor]
# From what computes a tensor to that tensor, and what computes it anew in the same place.
Capture = Callable[[Callable[[], Tensor]], tuple[Tensor, Callable[[], None]]]

_SMALLEST = 8  # pictures of a graph; below, a GPU takes as long for fewer
_WARM_UP = (
    2  # passes before a last one and a capture: libraries choose their kernels and take their memory in them
)


class _CudaGraphs:
    """Captures on the current device.

    Graphs run one after another, and none before the slope of the last was taken: all share their memory.
    """

    def __init__(self) -> None:
        self.pool = torch.cuda.graph_pool_handle()

    def __call__(self, work: Callable[[], Tensor]) -> tuple[Tensor, Callable[[], None]]:
        graph, here = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        # A workspace in one graph's memory must not be another's, which may outlive it.
        torch._C._cuda_clearCublasWorkspaces()
        try:
            # Other threads may go on asking the device for what a capture must not.
            with torch.cuda.graph(graph, pool=self.pool, capture_error_mode="thread_local"):
                found = work()
        except BaseException:
            torch.cuda.set_stream(here)  # where the capture's end fails too, its stream stays the current one
            raise
        finally:
            torch._C._cuda_clearCublasWorkspaces()
        return found, graph.replay


# By the type of device: what makes a `Capture`.
CAPTURES: dict[str, Callable[[], Capture]] = {"cuda": _CudaGraphs}


def can_capture(device: torch.device) -> bool:
    """Whether passes on a device can be captured."""
    if device.type not in CAPTURES:
        return False
    return device.type != "cuda" or device.index in (None, torch.cuda.current_device())


def graph_size(count: int) -> int:
    """The batch of the graph that takes `count` pictures: at most a quarter more, above eight in steps of at least
    eight."""
    step = max(_SMALLEST, (1 << (count - 1).bit_length()) // 8)
    return -(-count // step) * step


class Graphs:
    """A pass there and, where a slope is asked for, one back, for batches of up to `size` pictures.

    Args:
        network: in eval mode; each picture's answer must not depend on the others.
        like: (B, 3, H, W), what is first to be answered.
        size: at least B.
        sloped: whether slopes will be asked for.
        capture: what captures.
    """

    def __init__(self, network: Passes, like: Tensor, size: int, sloped: bool, capture: Capture) -> None:
        self.network, self.size, self.sloped = network, size, sloped
        images = torch.zeros((size, *like.shape[1:]), dtype=like.dtype, device=like.device)
        self.images = images.contiguous(memory_format=torch.channels_last)
        self.images[: len(like)].copy_(like.detach())
        self.images.requires_grad_(sloped)
        with torch.set_grad_enabled(sloped):
            self._aside(sloped)
            answers, self._there = capture(self._forward)
            if sloped:
                self.answer_slopes = torch.zeros_like(answers)
                self.slopes, self._back = capture(self._backward)
        self.answers = answers.detach()
        # What autograd keeps for the leaf lies on the stream of a warm-up else, and with it that of the parameters.
        self._answered: Tensor | None = None

    @torch.no_grad()
    def there(self, images: Tensor) -> Tensor:
        """The answers (B, …) for images (B, 3, H, W)."""
        self.images[: len(images)].copy_(images)
        self._there()
        return self.answers[: len(images)].clone()

    def back(self, answer_slopes: Tensor) -> Tensor:
        """The slopes (B, 3, H, W) at the images last shown, from those of their answers (B, …)."""
        self.answer_slopes[: len(answer_slopes)].copy_(answer_slopes)
        self._back()
        return self.slopes[: len(answer_slopes)].clone()

    def _forward(self) -> Tensor:
        self._answered = self.network(self.images)
        return self._answered

    def _backward(self) -> Tensor:
        assert self._answered is not None, "a pass there comes before the one back"
        (slopes,) = torch.autograd.grad(self._answered, self.images, self.answer_slopes)
        return slopes

    def _aside(self, sloped: bool) -> None:
        """Warms up, on a stream of its own as a capture wants it.

        Raises:
            RuntimeError: the network waits for the device, which a capture cannot.
        """
        if self.images.device.type != "cuda":
            return self._warm_up(sloped)
        here, aside = torch.cuda.current_stream(self.images.device), _side_stream(self.images.device)
        before = torch.cuda.get_sync_debug_mode()
        aside.wait_stream(here)
        try:
            with torch.cuda.stream(aside):
                self._warm_up(sloped)
                torch.cuda.set_sync_debug_mode("error")
                self._warm_up(sloped, 1)
        finally:
            torch.cuda.set_sync_debug_mode(before)
            here.wait_stream(aside)
        return None

    def _warm_up(self, sloped: bool, passes: int = _WARM_UP) -> None:
        for _ in range(passes):
            answers = self._forward()
            if sloped:
                torch.autograd.grad(answers.sum(), self.images)
        self._answered = None


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    """One for all warm-ups: each stream keeps memory of its own."""
    return torch.cuda.Stream(device)


class Turn:
    """One pass by a graph.

    Attributes:
        is_pending: whether its slope was not asked for yet; it may be as long as autograd holds the turn.
    """

    def __init__(self, turns: "Turns", number: int) -> None:
        self.turns, self.number = turns, number
        self.is_pending = True

    @property
    def is_latest(self) -> bool:
        """Whether what the graphs keep is still of this pass."""
        return self.turns.taken == self.number


class Turns:
    """The passes by graphs that share memory, one after another.

    Attributes:
        taken: how many there were.
    """

    def __init__(self) -> None:
        self.taken = 0
        self._last: weakref.ref[Turn] | None = None

    @property
    def one_is_pending(self) -> bool:
        """Whether the slope of the last pass may still be asked for."""
        last = None if self._last is None else self._last()
        return last is not None and last.is_pending

    def next(self) -> Turn:
        self.taken += 1
        turn = Turn(self, self.taken)
        self._last = weakref.ref(turn)
        return turn


class Replayed(torch.autograd.Function):
    """Answers by graphs, given images, the graphs and this pass's turn."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, graphs: Graphs, turn: Turn) -> Tensor:
        ctx.graphs, ctx.turn = graphs, turn
        return graphs.there(images)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slopes: Tensor) -> tuple[Tensor, None, None]:
        if not ctx.turn.is_latest:
            raise RuntimeError(
                "a graph's slope was asked for once more, after it had gone on to other pictures."
            )
        ctx.turn.is_pending = False
        return ctx.graphs.back(slopes), None, None
