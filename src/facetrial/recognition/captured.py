"""A network whose passes are launched as CUDA graphs, where that can be; as it is elsewhere."""

import logging
from collections import Counter
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from facetrial.core.errors import first_line
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

_MOST = 16  # graphs kept at a time, each with memory of its own for pictures, answers and slopes


class Captured:
    """Answers (B, …) from images (B, 3, H, W) as `network` gives them, with or without a slope.

    A batch is filled up to a size that there is a graph for; a size is captured when it is asked for a second time. A
    pass is run as it is, kernel by kernel: the first of its size; on a device without graphs, or not the current one;
    of a network that waits for the device, or else cannot be captured, which is logged; and where the slope of the pass
    before it may still be asked for, as a graph keeps what one pass needs.

    Args:
        network: in eval mode; each picture's answer must not depend on the others.
        weights: the module whose parameters and buffers it computes with: they may change, and lie elsewhere later.

    Attributes:
        refused: why nothing is captured any more; None while it can be.
    """

    def __init__(self, network: Passes, weights: nn.Module) -> None:
        self.network = network
        self.weights = weights
        self.refused: str | None = None
        self.forget()

    def __getstate__(self) -> dict[str, Any]:
        # A copy, here or in another process, captures anew.
        return vars(self) | {
            "_graphs": {},
            "_asked": Counter(),
            "_turns": Turns(),
            "_capture": None,
            "_places": (),
        }

    def forget(self) -> None:
        """Drops all graphs, and the memory they hold."""
        self._graphs: dict[tuple, Graphs] = {}
        self._asked: Counter[tuple] = Counter()
        self._turns = Turns()
        self._capture: Capture | None = None
        self._places: tuple[int, ...] = ()

    @property
    def told(self) -> str | None:
        """How its passes are launched, in words; None where no graph was asked for."""
        if self.refused is not None:
            return f"launched kernel by kernel: {self.refused}"
        return "launched as CUDA graphs" if self._graphs else None

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
        except torch.OutOfMemoryError as error:
            if not self._graphs:
                raise
            self._refuse(error)
        return self.network(images)

    def _graphs_for(self, images: Tensor) -> Graphs | None:
        places = tuple(kept.data_ptr() for kept in chain(self.weights.parameters(), self.weights.buffers()))
        if places != self._places:
            self.forget()  # graphs know the weights by where they lay
            self._places = places
        sloped = torch.is_grad_enabled() and images.requires_grad
        size = graph_size(len(images))
        lowered = torch.is_autocast_enabled(images.device.type)
        key = (size, *images.shape[1:], images.dtype, images.device, sloped, lowered)
        if key in self._graphs:
            return self._graphs[key]
        self._asked[key] += 1
        if self._asked[key] < 2:
            return None
        if len(self._graphs) >= _MOST:
            self._graphs.clear()
        if self._capture is None:
            self._capture = CAPTURES[images.device.type]()
        try:
            self._graphs[key] = Graphs(self.network, images, size, sloped, self._capture)
        except Exception as error:  # what waits for the device in a capture raises what it likes
            self._refuse(error)
            return None
        return self._graphs[key]

    def _refuse(self, error: Exception) -> None:
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
