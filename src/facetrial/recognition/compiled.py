"""Compiled passes of a network, for long runs on large batches of a GPU.

A compiler puts what stands between two convolutions into one kernel (Ansel et al., "PyTorch 2", ASPLOS 2024): on
batches of many hundred pictures, where a GPU no longer waits for launches, that is a third of a pass and more. It takes
a minute or so for each size of a batch, so that only sizes that were asked for so often that their passes took as long
are compiled. What it made is kept for later processes where PyTorch keeps it, `TORCHINDUCTOR_CACHE_DIR`. On a CPU it
does not pay: FaceNet's passes take longer then than before.
"""

import logging
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from facetrial.core.errors import first_line
from facetrial.recognition.cuda_graphs import Capture, Graphs, Passes

log = logging.getLogger(__name__)

FROM = 512  # pictures; fewer are answered by graphs of the kernels as they are about as fast
AFTER = 2000  # passes of a size, which take about as long as compiling
_SIZES = 2  # that are compiled for one network
# Cosines of answers and slopes with those as they were: bfloat16 is rounded in other places, but no more than that.
_ANSWERS_ALIKE, _SLOPES_ALIKE = 0.99, 0.9


class Compiler:
    """Compiles a network's passes size by size, when they have been asked for often enough.

    Args:
        compiled: makes passes that are compiled when they are first asked for a size.

    Attributes:
        sizes: what was compiled.
        refused: why nothing is compiled any more; None while it can be.
    """

    def __init__(self, compiled: Callable[[], Passes]) -> None:
        self.compiled = compiled
        self.refused: str | None = None
        self.forget()

    def forget(self) -> None:
        """Begins anew: what was compiled is gone."""
        self.sizes: set[int] = set()
        self._passes: Counter[tuple] = Counter()

    def is_due(self, size: int, kind: tuple) -> bool:
        """Whether passes of this size and kind are to be compiled now, after one more of them was asked for."""
        if self.refused or size < FROM or size in self.sizes or len(self.sizes) >= _SIZES:
            return False
        self._passes[size, kind] += 1
        return self._passes[size, kind] > AFTER

    def instead_of(self, known: Graphs, images: Tensor, capture: Capture) -> Graphs:
        """Graphs of the compiled passes; `known` where these fail or answer images (B, 3, H, W) otherwise."""
        log.info("Compiling a recogniser's passes of %d pictures, once; a minute or so.", known.size)
        try:
            made = Graphs(self.compiled(), images, known.size, known.sloped, capture)
            self._check(known, made, images)
        except Exception as error:  # a compiler raises what it likes
            self.refused = first_line(error.__context__ or error)
            log.warning("A recogniser's passes are not compiled: %s", self.refused)
            return known
        self.sizes.add(known.size)
        return made

    def _check(self, known: Graphs, made: Graphs, images: Tensor) -> None:
        answers = known.there(images)
        slopes = known.back(answers) if known.sloped else None
        if not _alike(made.there(images), answers) > _ANSWERS_ALIKE:
            raise RuntimeError("compiled, it gives other answers")
        if slopes is not None and not _alike(made.back(answers), slopes) > _SLOPES_ALIKE:
            raise RuntimeError("compiled, it has other slopes")


def _alike(found: Tensor, wanted: Tensor) -> float:
    return float(F.cosine_similarity(found.flatten().double(), wanted.flatten().double(), dim=0))


def compiled(network: torch.nn.Module) -> Passes:
    """Passes of a network that are compiled for each size of a batch that they are asked for.

    Raises:
        Exception: when it is asked, where it cannot be compiled whole.
    """
    return torch.compile(network, fullgraph=True, dynamic=False)
