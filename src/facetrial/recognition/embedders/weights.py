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
        raise FacetrialError(
            f"embedder.weights: there is no file {path}. Give a file, or a name that facetrial models lists."
        )
    if path.suffix.lower() == ".onnx":
        raise FacetrialError(f"embedder.weights: {path} is an ONNX model, which embedder=onnx reads.")
    try:
        if path.suffix.lower() == ".safetensors":
            tensors = load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # a different type for each way in which a file can be broken
        raise FacetrialError(
            f"embedder.weights: {path} cannot be read: it is cut short, or holds more than tensors, or is no file of "
            f"tensors ({type(error).__name__}). Get it again, or give another .safetensors or .pt file."
        ) from error
    if not isinstance(tensors, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in tensors.items()
    ):
        held = (
            f"keys such as {_shown(next(iter(tensors)))}"
            if isinstance(tensors, dict)
            else type(tensors).__name__
        )
        raise FacetrialError(
            f"embedder.weights: {path} holds no plain state dict of tensors by their names; found {held}. Save the "
            "network's state_dict() alone."
        )
    if odd := [name for name, value in tensors.items() if not _dense(value)]:
        raise FacetrialError(
            f"embedder.weights: {path} holds {len(odd)} tensors that are sparse, quantised or without numbers, such as "
            f"{_shown(odd[0])}. Save dense ones, on the CPU."
        )
    return {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}


def load_weights(network: nn.Module, path: str | Path, ignored: tuple[str, ...] = ()) -> None:
    """Loads a file into `network`, as `fill` does.

    Args:
        network: takes the weights.
        path: `.safetensors` or `.pt`.
        ignored: prefixes of names in the file that the network has no use for, such as a classifier.

    Raises:
        FacetrialError: the file cannot be read, or is not for it.
    """
    tensors = {name: t for name, t in read_weights(path).items() if not name.startswith(ignored)}
    fill(network, tensors, path)


def fill(network: nn.Module, tensors: dict[str, Tensor], path: str | Path) -> None:
    """Gives `network` its weights; every one must be there, but for batch counters.

    Args:
        network: takes the weights.
        tensors: by their names.
        path: where they are from, for the error.

    Raises:
        FacetrialError: names, shapes or types do not match.
    """
    own = network.state_dict()
    missing = sorted(n for n in own if n not in tensors and not n.endswith("num_batches_tracked"))
    unknown = sorted(n for n in tensors if n not in own)
    misshapen = sorted(n for n in tensors if n in own and tensors[n].shape != own[n].shape)
    mistyped = sorted(
        n for n, t in tensors.items() if n in own and own[n].is_floating_point() and not t.is_floating_point()
    )
    wrong = {
        "missing": missing,
        "unknown": unknown,
        "of another shape": misshapen,
        "of another type": mistyped,
    }
    if any(wrong.values()):
        found = "; ".join(
            f"{len(names)} {what}, such as {_shown(names[0])}" for what, names in wrong.items() if names
        )
        raise FacetrialError(
            f"embedder.weights: {path} is not for {type(network).__name__}: {found}. Choose the embedder it was "
            "made for."
        )
    network.load_state_dict(tensors, strict=False)


def _dense(tensor: Tensor) -> bool:
    nothing = tensor.is_nested or tensor.is_quantized or tensor.is_meta
    return tensor.layout == torch.strided and not nothing


def _shown(name: object) -> str:
    """A name from a file, as a terminal may be shown it."""
    text = str(name) if isinstance(name, str) and name.strip() and name.isprintable() else ascii(name)
    return text if len(text) <= 80 else f"{text[:80]}…"
