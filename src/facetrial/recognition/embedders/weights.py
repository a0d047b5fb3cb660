"""Weights of an embedder, from a local file that holds tensors and nothing else."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a `.safetensors` or `.pt` file, as float32 where they are floating.

    Raises:
        FacetrialError: no such file, another format, or a file that holds more than tensors.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FacetrialError(f"embedder.weights: there is no file {path}.")
    try:
        if path.suffix == ".safetensors":
            tensors = load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a different type for each way in which a file can be broken
        raise FacetrialError(
            f"embedder.weights: {path} cannot be read: it is cut short, or holds more than tensors, or is no file of "
            f"tensors ({type(error).__name__}). Get it again, or give another .safetensors or .pt file."
        ) from error
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise FacetrialError(f"embedder.weights: {path} holds no plain state dict of tensors.")
    return {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}


def load_weights(network: nn.Module, path: str | Path, ignored: tuple[str, ...] = ()) -> None:
    """Loads a file into `network`; every weight of the network must be there, but for batch counters.

    Args:
        network: takes the weights.
        path: `.safetensors` or `.pt`.
        ignored: prefixes of names in the file that the network has no use for, such as a classifier.

    Raises:
        FacetrialError: names or shapes do not match.
    """
    tensors = {name: t for name, t in read_weights(path).items() if not name.startswith(ignored)}
    own = network.state_dict()
    missing = sorted(n for n in own if n not in tensors and not n.endswith("num_batches_tracked"))
    unknown = sorted(n for n in tensors if n not in own)
    misshapen = sorted(n for n in tensors if n in own and tensors[n].shape != own[n].shape)
    if missing or unknown or misshapen:
        found = "; ".join(
            f"{len(names)} {what}, such as {names[0]}"
            for what, names in (("missing", missing), ("unknown", unknown), ("of another shape", misshapen))
            if names
        )
        raise FacetrialError(
            f"embedder.weights: {path} is not for {type(network).__name__}: {found}. Choose the embedder it was "
            "made for."
        )
    network.load_state_dict(tensors, strict=False)
