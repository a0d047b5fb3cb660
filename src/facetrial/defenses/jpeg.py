"""JPEG: what a picture loses when it is saved."""

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import torch
from kornia.enhance import jpeg_codec_differentiable
from torch import Tensor
from torchvision.io import ImageReadMode, decode_jpeg, encode_jpeg

from facetrial.core.checked_settings import checked
from facetrial.core.settings import whole
from facetrial.defenses.transform import InputTransform


class JPEG(InputTransform):
    """The picture after JPEG (Dziugaite et al., "The effect of JPG compression on adversarial images", 2016).

    An attacker who knows it takes the slope of a codec that has one (Shin and Song, "JPEG-resistant adversarial
    images", 2017).

    Args:
        quality: from 1 to 100.
        real: whether pictures go through the codec that writes files; else through the one with a slope.

    Raises:
        FacetrialError: another quality.
    """

    @checked("defense.jpeg")
    def __init__(self, quality: Annotated[int, whole(1, 100)], real: bool = True) -> None:
        self.quality = int(quality)
        self.has_slope = not real

    def transform(self, images: Tensor) -> Tensor:
        if self.has_slope:
            return self.stand_in(images)
        pixels = images.clamp(0.0, 1.0).mul(255.0).round().to(torch.uint8).cpu()
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            decoded = list(pool.map(self._decoded, pixels))
        return torch.stack(decoded).to(images.device).float().div(255.0)

    def _decoded(self, pixels: Tensor) -> Tensor:
        """What is left of a picture, uint8 (3, H, W), in a file."""
        return decode_jpeg(encode_jpeg(pixels, quality=self.quality), mode=ImageReadMode.RGB)

    def stand_in(self, images: Tensor) -> Tensor:
        quality = images.new_full((len(images),), float(self.quality))
        return jpeg_codec_differentiable(images.float(), quality).clamp(0.0, 1.0)
