"""Blurs: what is small and sharp is smoothed away."""

from typing import Annotated

from kornia.filters import gaussian_blur2d, median_blur
from torch import Tensor
from torch.nn import functional as F

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Positive, Unit, whole
from facetrial.defenses.transform import InputTransform


class MedianBlur(InputTransform):
    """The median of each pixel's neighbourhood, a channel at a time (Xu et al., "Feature squeezing", NDSS 2018).

    Args:
        side: of the neighbourhood in pixels, odd.

    Raises:
        FacetrialError: an even side, or one below 3.
    """

    @checked("defense.median")
    def __init__(self, side: Annotated[int, whole(3), Unit("pixels")]) -> None:
        if side % 2 != 1:
            raise FacetrialError(
                f"defense.median.side must be an odd number of pixels from 3 on, found {side}."
            )
        self.side = side

    def transform(self, images: Tensor) -> Tensor:
        # kornia pads with zeros: the edge is repeated first, and cut off again.
        margin = self.side // 2
        padded = _repeated(images, margin)
        return median_blur(padded, self.side)[..., margin:-margin, margin:-margin]


class GaussianBlur(InputTransform):
    """The mean of each pixel's neighbourhood under a Gaussian.

    Args:
        sigma: its standard deviation in pixels.

    Raises:
        FacetrialError: sigma is not above 0.
    """

    @checked("defense.blur")
    def __init__(self, sigma: Annotated[Positive, Unit("pixels")]) -> None:
        self.sigma = sigma

    def transform(self, images: Tensor) -> Tensor:
        side = 2 * round(3 * self.sigma) + 1
        return gaussian_blur2d(images, (side, side), (self.sigma, self.sigma), "replicate").clamp(0.0, 1.0)


def _repeated(images: Tensor, margin: int) -> Tensor:
    """Pictures with their edges repeated `margin` pixels outward."""
    return F.pad(images, [margin] * 4, mode="replicate")
