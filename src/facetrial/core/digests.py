"""Short names for contents: equal where, and only where, the contents are."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def digest(*parts: Any, size: int = 8) -> str:
    """A short name for what it is given, one part after another.

    Args:
        parts: bytes, text, arrays and tensors count by their content; the state of a module by its names and tensors;
            an iterator part by part; all else as plain values, by its JSON.
        size: of the name, in bytes; it has two letters a byte.
    """
    found = hashlib.blake2b(digest_size=size)
    for piece in _pieces(parts):
        found.update(piece)
    return found.hexdigest()


def file_digest(path: Path) -> str:
    """A short name for what a file holds.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _pieces(parts: Iterable[Any]) -> Iterable[bytes | memoryview]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
        elif isinstance(part, str):
            yield part.encode(errors="surrogateescape")  # a file's name need not be text
        elif isinstance(part, np.ndarray):
            yield part.tobytes()
        elif hasattr(part, "detach"):  # a tensor, whose bytes NumPy need not have a type for
            import torch

            yield part.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
        elif isinstance(part, Mapping) and part and all(hasattr(value, "detach") for value in part.values()):
            yield from _pieces(piece for name in sorted(part) for piece in (name, part[name]))
        elif hasattr(part, "__next__"):
            yield from _pieces(part)
        else:
            yield json.dumps(part, sort_keys=True, default=str).encode()
