"""An ONNX model as a torch network with slopes, which onnxruntime, that shares nothing with it, has to agree with."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError, first_line
from facetrial.recognition.embedders.onnx_model.conversion import OTHERWISE, converted
from facetrial.recognition.embedders.onnx_model.reading import imported, input_shape

if TYPE_CHECKING:
    from onnx import ModelProto

_AWAY = 1e-4  # largest difference of unit-norm embeddings from onnxruntime's
_PICTURES = 2  # that it is tried on


class OneByOne(nn.Module):
    """A network for one picture at a time, (1, ...) to (1, D), as one for any number, as fast as that.

    Exporters write the number of pictures into shapes; torch.vmap sees to it that each is alone before these. Where
    there is but one, hooks on its layers see numbers.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        if len(pictures) == 1:
            return self.network(pictures)
        return torch.vmap(lambda picture: self.network(picture[None])[0])(pictures)


def to_torch(model: "ModelProto", shape: tuple[int, ...]) -> nn.Module:
    """The model in torch, for any number of pictures, checked against onnxruntime on two.

    Args:
        model: as `read_onnx` gives it.
        shape: of a picture as it takes them, such as (3, 112, 112).

    Raises:
        FacetrialError: it takes several pictures at a time, gives no embedding, has an operation that has no form in
            torch, or another outcome there.
    """
    if (at_once := input_shape(model)[:1]) not in ((), (None,), (1,)):
        raise FacetrialError(
            f"the ONNX model takes {at_once[0]} pictures at a time; expected one, or any number: export it with one, "
            'or with dynamic_shapes=({0: torch.export.Dim("batch")},).'
        )
    generator = np.random.default_rng(0)
    pictures = torch.from_numpy(generator.standard_normal((_PICTURES, *shape)).astype(np.float32))
    expected = torch.cat([_run(model, picture) for picture in pictures.split(1)])
    network: nn.Module = converted(model, pictures[:1])
    if _fault(network, pictures, expected) is None:
        return network
    network = OneByOne(network)
    if fault := _fault(network, pictures, expected):
        raise FacetrialError(f"in torch the ONNX model {fault}. {OTHERWISE}")
    return network


@torch.no_grad()
def _fault(network: nn.Module, pictures: Tensor, expected: Tensor) -> str | None:
    """What is wrong with a network whose embeddings of some pictures should be `expected` (B, ...); None if nothing."""
    try:
        found = network(pictures)
    except Exception as error:  # shapes that were written for other pictures do not fit
        return f"fails ({first_line(error)})"
    if found.shape != expected.shape:
        return f"gives shape {tuple(found.shape)}, in onnxruntime {tuple(expected.shape)}"
    directions = [nn.functional.normalize(embeddings.flatten(1).double()) for embeddings in (found, expected)]
    if not (away := (directions[0] - directions[1]).abs().max().item()) <= _AWAY:
        return (
            f"gives another embedding than in onnxruntime (unit-norm embeddings differ by {away:.2g}, at most "
            f"{_AWAY:.0g} is rounding)"
        )
    return None


def _run(model: "ModelProto", picture: Tensor) -> Tensor:
    """The embedding (1, ...) of one picture (1, ...) in onnxruntime."""
    runtime = imported("onnxruntime")
    try:
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        session = runtime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        (found,) = session.run(None, {model.graph.input[0].name: picture.numpy()})
        embedding = torch.from_numpy(found)
    except Exception as error:  # onnxruntime has a type for each of its failures
        raise FacetrialError(
            f"onnxruntime cannot run the ONNX model from float32 of shape {tuple(picture.shape)} to a tensor: "
            f"{first_line(error)}. Set embedder.size to the side of its input, or export it again."
        ) from error
    if embedding.ndim < 2 or len(embedding) != 1:
        raise FacetrialError(
            f"the ONNX model gives an output of shape {tuple(embedding.shape)} for one picture; expected (1, D). A "
            "Squeeze without axes takes away the number of pictures too: export it with flatten(1) or squeeze((2, 3))."
        )
    return embedding
