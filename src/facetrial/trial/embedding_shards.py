"""Embeddings of a trial's pictures, taken while its verdicts are: they cost no pass of the network of their own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from facetrial.core.files import written_whole
from facetrial.core.randomness import picture_key

Version = Literal["clean", "attacked", "8bit"]
VERSIONS: tuple[Version, ...] = get_args(Version)


class EmbeddingShards:
    """A folder with one file of embeddings a batch, written before the batch's rows are.

    Args:
        folder: that of the rows.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, files: Sequence[str], embeddings: dict[str, Tensor]) -> None:
        """Keeps a batch: for each of VERSIONS (B, D)."""
        self._save(files, embeddings)

    def read(self, files: Sequence[str]) -> dict[str, np.ndarray] | None:
        """Float32 (N, D) for each of VERSIONS, of these pictures in this order; None where some have none."""
        known: dict[str, tuple[Path, int]] = {}
        for path in sorted(self.folder.glob("embeddings-*.safetensors")):
            with safe_open(path, "pt") as opened:
                for row, file in enumerate(json.loads(opened.metadata()["files"])):
                    known[file] = (path, row)
        if not files or any(file not in known for file in files):
            return None
        places: dict[Path, list[tuple[int, int]]] = {}
        for place, file in enumerate(files):
            path, row = known[file]
            places.setdefault(path, []).append((place, row))
        found: dict[str, np.ndarray] = {}
        for path, pairs in places.items():
            there, rows = (list(numbers) for numbers in zip(*pairs, strict=True))
            with safe_open(path, "pt") as opened:
                for version in VERSIONS:
                    part = opened.get_tensor(version)[torch.tensor(rows)].numpy()
                    whole = found.setdefault(version, np.empty((len(files), part.shape[1]), np.float32))
                    whole[there] = part
        return found

    def compact(self, files: Sequence[str]) -> None:
        """Replaces the files of a finished trial by a single one, where all of these pictures have embeddings."""
        old = list(self.folder.glob("embeddings-*.safetensors"))
        if (found := self.read(files)) is None:
            return
        whole = self.folder / "embeddings-all.safetensors"
        self._save(files, {version: torch.from_numpy(values) for version, values in found.items()}, whole)
        for path in old:
            if path != whole:
                path.unlink()

    def _save(self, files: Sequence[str], embeddings: dict[str, Tensor], path: Path | None = None) -> None:
        """Into a file of the batch's own where `path` is None."""
        tensors = {str(version): embeddings[version].cpu().float().contiguous() for version in VERSIONS}
        if path is None:
            path = self.folder / f"embeddings-{picture_key(files[0]):016x}-{len(files)}.safetensors"
        with written_whole(path) as temporary:
            save_file(tensors, temporary, metadata={"files": json.dumps(list(files))})
