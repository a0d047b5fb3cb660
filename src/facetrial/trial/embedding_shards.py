"""Embeddings of a trial's pictures, taken while its verdicts are: they cost no pass of the network of their own."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

from facetrial.core.files import recalled, written_whole
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
        places = {file: place for place, file in enumerate(files)}
        missing = set(files)
        found: dict[str, np.ndarray] = {}
        for listed, tensors in self._parts():
            rows = [row for row, file in enumerate(listed) if file in places]
            there = [places[listed[row]] for row in rows]
            missing -= {listed[row] for row in rows}
            for version in VERSIONS:
                part = tensors[version].numpy()
                found.setdefault(version, np.empty((len(files), part.shape[1]), np.float32))[there] = part[
                    rows
                ]
        return None if missing or not found else found

    def files(self) -> set[str]:
        """The pictures that have embeddings."""
        return {file for listed, _ in self._parts() for file in listed}

    def compact(self, files: Sequence[str]) -> None:
        """Replaces the files of a finished trial by a single one, where all of these pictures have embeddings."""
        old = list(self.folder.glob("embeddings-*.safetensors"))
        if (found := self.read(files)) is None:
            for path in old if not files else ():
                path.unlink(missing_ok=True)
            return
        whole = self.folder / "embeddings-all.safetensors"
        self._save(files, {version: torch.from_numpy(values) for version, values in found.items()}, whole)
        for path in old:
            if path != whole:
                path.unlink(missing_ok=True)

    def _parts(self) -> Iterator[tuple[list[str], dict[str, Tensor]]]:
        """Of each file the pictures, and what `write` was given; a damaged one is gone."""
        for path in sorted(self.folder.glob("embeddings-*.safetensors")):
            if (part := recalled(path, files_and_tensors)) is not None:
                yield part

    def _save(self, files: Sequence[str], embeddings: dict[str, Tensor], path: Path | None = None) -> None:
        """Into a file of the batch's own where `path` is None."""
        if path is None:
            path = self.folder / f"embeddings-{picture_key(files[0]):016x}-{len(files)}.safetensors"
        save_embeddings(path, files, {version: embeddings[version] for version in VERSIONS})


def save_embeddings(path: Path, files: Sequence[str], embeddings: Mapping[str, Tensor]) -> None:
    """Writes embeddings (N, D) of each kind of these pictures to a sealed file, for `files_and_tensors`."""
    tensors = {str(kind): values.cpu().float().contiguous() for kind, values in embeddings.items()}
    with written_whole(path, seal=True) as temporary:
        temporary.write_bytes(save(tensors, {"files": json.dumps(list(files))}))


def files_and_tensors(content: bytes) -> tuple[list[str], dict[str, Tensor]]:
    """The pictures of a file's content, and what `save_embeddings` was given."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return json.loads(header["__metadata__"]["files"]), load(content)
