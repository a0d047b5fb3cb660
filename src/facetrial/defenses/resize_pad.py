"""A picture made smaller and laid somewhere at random."""

from typing import Annotated

from torch import Tensor

from facetrial.core.checked_settings import checked
from facetrial.core.randomness import Draws
from facetrial.core.settings import Count, InsideShare, Seed, Unit
from facetrial.defenses.transform import RandomTransform
from facetrial.faces.frames import shrunk


class RandomResizePad(RandomTransform):
    """Shrinks to a random size and lays it on black at a random place (Xie et al., "Mitigating adversarial effects
    through randomization", ICLR 2018; they also enlarge, which a recogniser of one size cannot take).

    Args:
        smallest: the least side, as a share of the picture's.
        seed: of the draws.
        samples: draws that an attacker averages over at each step, who knows of the defence.

    Raises:
        FacetrialError: a share outside (0, 1).
    """

    @checked("defense.resize_pad")
    def __init__(
        self, smallest: Annotated[InsideShare, Unit("of the picture's side")], seed: Seed, samples: Count
    ) -> None:
        super().__init__(seed, samples)
        self.smallest = smallest

    def transform(self, images: Tensor, draws: Draws) -> Tensor:
        drawn = draws.uniform((3,), "resize and pad")
        scale = self.smallest + (1.0 - self.smallest) * drawn[:, 0]
        return shrunk(images, scale, 2.0 * drawn[:, 1:] - 1.0).clamp(0.0, 1.0)
