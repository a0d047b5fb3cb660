"""What stands for CUDA graphs on a CPU: work that is done anew, in the place of its first result."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

from facetrial.recognition import captured, cuda_graphs


class Recorded:
    """A `Capture` that keeps the work itself.

    Attributes:
        captured: how often it captured.
        replayed: how often what it captured was done anew.
    """

    def __init__(self) -> None:
        self.captured = self.replayed = 0

    def __call__(self, work: Callable[[], Tensor]) -> tuple[Tensor, Callable[[], None]]:
        self.captured += 1
        sloped = torch.is_grad_enabled()
        found = work()

        def again() -> None:
            self.replayed += 1
            with torch.set_grad_enabled(sloped):
                anew = work()
            found.detach().copy_(anew.detach())

        return found, again


@contextmanager
def graphs_on_the_cpu(make: Callable[[], cuda_graphs.Capture] | None = None) -> Iterator[Recorded]:
    """Within it, passes on the CPU are captured: by what it gives, or by what `make` makes; each size when it is asked
    for a second time."""
    recorded = Recorded()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(captured, "_ASKED_BEFORE", 1)
        patch.setitem(cuda_graphs.CAPTURES, "cpu", make or (lambda: recorded))
        yield recorded
