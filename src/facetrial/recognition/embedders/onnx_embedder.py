"""A face recogniser from an ONNX file, attacked as any other."""

from collections.abc import Sequence
from typing import Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import FileOrName, Number, Positive
from facetrial.recognition.embedders.onnx_model.reading import input_shape, read_onnx
from facetrial.recognition.embedders.onnx_model.to_torch import to_torch
from facetrial.recognition.embedders.published.fetching import file_of
from facetrial.runtime.schemas import AlignmentName, Side


class OnnxEmbedder(nn.Module):
    """Faces to unit-norm embeddings (B, D), by a network in an ONNX file.

    Whether the file wants channels first (B, 3, H, W) or last (B, H, W, 3) is read from it.

    Args:
        weights: the ONNX file, or "foamliu", which is fetched.
        size: side of its input.
        alignment: how faces are cut for it.
        mean: what is taken from pixels of 0 to 255; one number, or three in the order of its channels.
        std: what they are then divided by.
        channels: order of its channels, "rgb" or "bgr".
        output: name of the output that holds the embeddings; None where there is one only.

    Raises:
        FacetrialError: the file cannot be read, or is not for such pictures; see `read_onnx` and `to_torch`.
    """

    mean: Tensor
    std: Tensor
    weights_in_config = False  # a file may keep its weights in another

    @checked("embedder")
    def __init__(
        self,
        weights: FileOrName | None,
        size: Side = 112,
        alignment: AlignmentName = "five_points",
        mean: Number | Sequence[Number] = 127.5,
        std: Positive | Sequence[Positive] = 127.5,
        channels: Literal["rgb", "bgr"] = "rgb",
        output: str | None = None,
    ) -> None:
        super().__init__()
        if weights is None:
            raise FacetrialError("embedder.weights is not given: name the ONNX file, embedder.weights=FILE.")
        self.size = size
        self.alignment = alignment
        self.flipped = channels == "bgr"
        self.register_buffer("mean", _a_channel("mean", mean), persistent=False)
        self.register_buffer("std", _a_channel("std", std), persistent=False)
        file = file_of(weights, "onnx")
        model = read_onnx(file, output)
        self.channels_last = _channels_last(input_shape(model), size, str(file))
        shape = (size, size, 3) if self.channels_last else (3, size, size)
        self.network = to_torch(model, shape)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.network.eval()  # a file keeps batch statistics to be used, not to be gathered anew
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Unit-norm embeddings (B, D) from images (B, 3, size, size) in [0, 1]."""
        pixels = 255.0 * (images.flip(1) if self.flipped else images)
        inputs = (pixels - self.mean) / self.std
        if self.channels_last:
            inputs = inputs.permute(0, 2, 3, 1)
        return F.normalize(self.network(inputs).flatten(1))


def _a_channel(name: str, values: float | Sequence[float]) -> Tensor:
    numbers = torch.tensor(values, dtype=torch.float32).flatten()
    if len(numbers) not in (1, 3):
        raise FacetrialError(f"embedder.{name} must be one number or three, found {values}.")
    return numbers.expand(3).clone().view(1, 3, 1, 1)


def _channels_last(shape: tuple[int | None, ...], size: int, file: str) -> bool:
    """Whether an input of this shape wants channels last; None in it is any length."""
    for last, expected in ((False, (None, 3, size, size)), (True, (None, size, size, 3))):
        if len(shape) == 4 and all(
            None in pair or pair[0] == pair[1] for pair in zip(shape, expected, strict=True)
        ):
            return last
    shown = ", ".join("any" if length is None else str(length) for length in shape)
    raise FacetrialError(
        f"{file} takes an input of shape ({shown}); expected (any, 3, {size}, {size}) or (any, {size}, {size}, 3). Set "
        "embedder.size to the side of its pictures, or give a model that takes pictures."
    )
