"""A network whose passes are launched as CUDA graphs, where that can be; as it is elsewhere."""

import logging
import sys
from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from facetrial.core.errors import first_line, out_of_memory
from facetrial.recognition.compiled import Compiler
from facetrial.recognition.cuda_graphs import (
    CAPTURES,
    Capture,
    Graphs,
    Passes,
    Replayed,
    Turns,
    can_capture,
    graph_size,
)
from facetrial.recognition.layers import shallow
from facetrial.recognition.victim import Victim

log = logging.getLogger(__name__)

_MOST = 24  # graphs kept at a time, each with memory of its own for pictures, answers and slopes
_ASKED_BEFORE = 8  # times a size is asked for without a graph: a capture takes as long as some passes
# Pictures up to which a GPU waits for launches more than for arithmetic: a graph of twice the size is faster than none.
_LAUNCH_BOUND = 256


class Captured:
    """Answers (B, …) from images (B, 3, H, W) as `network` gives them, with or without a slope.

    A batch is filled up to a size that there is a graph for; a size is captured when it has been asked for a few times.
    A pass is run as it is, kernel by kernel: the first of its size; on a device without graphs, or not the current one;
    of a network that waits for the device, or else cannot be captured, which is logged; of a size for whose graph the
    memory was too short; and where the slope of the pass before it may still be asked for, as a graph keeps what one
    pass needs.

    Args:
        network: in eval mode; each picture's answer must not depend on the others.
        weights: the module whose parameters and buffers it computes with: they may change, and lie elsewhere later.
        compiled: makes the same passes compiled, for sizes that are asked for very often; None compiles nothing.

    Attributes:
        refused: why nothing is captured any more; None while it can be.
    """

    def __init__(
        self, network: Passes, weights: nn.Module, compiled: Callable[[], Passes] | None = None
    ) -> None:
        self.network = network
        self.weights = weights
        self.compiler = None if compiled is None else Compiler(compiled)
        self.refused: str | None = None
        self._too_large = sys.maxsize  # pictures of the smallest graph that there was no memory for
        self.forget()

    def __getstate__(self) -> dict[str, Any]:
        # A copy, here or in another process, captures anew.
        return vars(self) | {
            "_graphs": {},
            "_asked": Counter(),
            "_turns": Turns(),
            "_capture": None,
            "_places": (),
            "compiler": None if self.compiler is None else Compiler(self.compiler.compiled),
        }

    def forget(self) -> None:
        """Drops all graphs, and the memory they hold."""
        self._graphs: dict[tuple[int, tuple], Graphs] = {}  # the one last used at the end
        self._asked: Counter[tuple] = Counter()
        self._turns = Turns()
        self._capture: Capture | None = None
        self._places: tuple[int, ...] = ()
        if self.compiler is not None:
            self.compiler.forget()

    @property
    def told(self) -> str | None:
        """How its passes are launched, in words; None where no graph was asked for."""
        if self.refused is not None:
            return f"launched kernel by kernel: {self.refused}"
        if not self._graphs:
            return None
        if self.compiler is None or not self.compiler.sizes:
            return "launched as CUDA graphs"
        sizes = " and ".join(str(size) for size in sorted(self.compiler.sizes))
        return f"launched as CUDA graphs, compiled for {sizes} pictures"

    def __call__(self, images: Tensor) -> Tensor:
        if (
            self.refused
            or not can_capture(images.device)
            or not len(images)
            or torch.is_inference_mode_enabled()
        ):
            return self.network(images)
        try:
            graphs = None if self._turns.one_is_pending else self._graphs_for(images)
            return (
                self.network(images) if graphs is None else Replayed.apply(images, graphs, self._turns.next())
            )
        except RuntimeError as error:
            if not (out_of_memory(error) and self._graphs):
                raise
        self._make_room(len(images))
        return self.network(images)

    def _graphs_for(self, images: Tensor) -> Graphs | None:
        places = tuple(kept.data_ptr() for kept in chain(self.weights.parameters(), self.weights.buffers()))
        if places != self._places:
            self.forget()  # graphs know the weights by where they lay
            self._places = places
        sloped = torch.is_grad_enabled() and images.requires_grad
        size = graph_size(len(images))
        lowered = torch.is_autocast_enabled(images.device.type)
        kind = (*images.shape[1:], images.dtype, images.device, sloped, lowered)
        if (known := self._known(size, kind)) is not None:
            if self.compiler is not None and self.compiler.is_due(known.size, kind):
                assert self._capture is not None, "what is known was captured"
                known = self._graphs[known.size, kind] = self.compiler.instead_of(
                    known, images, self._capture
                )
            return known
        self._asked[size, kind] += 1
        if self._asked[size, kind] <= _ASKED_BEFORE or size >= self._too_large:
            return None
        if len(self._graphs) >= _MOST:
            del self._graphs[next(iter(self._graphs))]  # the one that was used the longest ago
        if self._capture is None:
            self._capture = CAPTURES[images.device.type]()
        try:
            made = self._graphs[size, kind] = Graphs(self.network, images, size, sloped, self._capture)
            return made
        except Exception as error:  # what waits for the device in a capture raises what it likes
            cause = error.__context__ or error  # the end of a capture fails by what happened in it
            if not out_of_memory(cause):
                self._refuse(cause)
                return None
        self._make_room(size)
        return None

    def _known(self, size: int, kind: tuple) -> Graphs | None:
        """The graphs of a size, or of up to twice as many pictures where these take as long."""
        most = max(size, min(2 * size, _LAUNCH_BOUND))
        sizes = [held for held, of in self._graphs if of == kind and size <= held <= most]
        if not sizes:
            return None
        found = self._graphs[min(sizes), kind] = self._graphs.pop((min(sizes), kind))
        return found

    def _make_room(self, pictures: int) -> None:
        """Short of memory: gives back what graphs hold, and makes none of so many pictures again."""
        self.forget()
        self._too_large = min(self._too_large, pictures)
        log.info("No CUDA graphs of %d pictures and more: the device's memory is too short.", self._too_large)

    def _refuse(self, error: BaseException) -> None:
        self.forget()
        self.refused = first_line(error)
        log.warning("A recogniser's passes are not launched as CUDA graphs: %s", self.refused)


class CapturedModule(nn.Module):
    """A module whose passes are captured.

    Args:
        module: as `network` of `Captured`, in eval mode whenever it is asked here.
        passes: how it is asked; None asks it as it is.
    """

    def __init__(self, module: nn.Module, passes: Passes | None = None) -> None:
        super().__init__()
        self.module = module
        self.passes = Captured(passes or module, module)
        self.training = False

    def forward(self, images: Tensor) -> Tensor:
        return self.passes(images)


def captured(victim: Victim) -> Victim:
    """The same victim, which shares its weights, for images that were checked: its embedder's passes are captured."""
    made = shallow(victim)
    made.checked = False
    made.embedder = CapturedModule(victim.embedder)
    return made
