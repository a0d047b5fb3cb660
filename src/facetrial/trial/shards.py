"""Rows of a trial, and embeddings, kept on disk as they come, so that a killed trial goes on from them."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from facetrial.core.files import written_whole
from facetrial.core.randomness import picture_key
from facetrial.trial.embedding_shards import EmbeddingShards
from facetrial.trial.rows import read_rows, write_rows


class Shards:
    """A folder with one file of rows a batch, one of embeddings, and the tensors of a few pictures for the showcase.

    Args:
        folder: made when it is missing; belongs to one trial, told apart by its fingerprint.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.embeddings = EmbeddingShards(folder)

    def write(self, rows: pd.DataFrame) -> None:
        """Keeps the rows of a batch."""
        write_rows(rows, self.folder / f"rows-{picture_key(rows['file'].iloc[0]):016x}-{len(rows)}.csv")

    def read(self) -> pd.DataFrame:
        """All rows kept, sorted by file, each file once."""
        parts = [read_rows(path) for path in sorted(self.folder.glob("rows-*.csv"))]
        if not parts:
            return pd.DataFrame(columns=["file", "identity"])
        rows = pd.concat(parts, ignore_index=True)
        return rows.drop_duplicates("file").sort_values("file", ignore_index=True)

    def compact(self, rows: pd.DataFrame) -> None:
        """Replaces the files of a finished trial by a single one."""
        old = list(self.folder.glob("rows-*.csv"))
        whole = self.folder / "rows-all.csv"
        write_rows(rows, whole)
        for path in old:
            if path != whole:
                path.unlink()
        self.embeddings.compact(rows["file"].tolist())

    def write_saved(self, file: str, pixels: np.ndarray) -> None:
        """Keeps an attacked picture as a lossless file does: uint8 (H, W, 3)."""
        with written_whole(self._saved(file)) as temporary:
            Image.fromarray(pixels).save(temporary, format="PNG")

    def read_saved(self, file: str) -> np.ndarray:
        """What `write_saved` kept."""
        with Image.open(self._saved(file)) as opened:
            return np.asarray(opened.convert("RGB"))

    def has_saved(self, file: str) -> bool:
        """Whether `write_saved` kept this picture."""
        return self._saved(file).is_file()

    def _saved(self, file: str) -> Path:
        return self.folder / "saved" / f"{picture_key(file):016x}.png"

    def write_picture(self, file: str, clean: np.ndarray, attacked: np.ndarray) -> None:
        """Keeps a picture for the showcase: two float32 arrays (3, H, W)."""
        with written_whole(self._picture(file)) as temporary:
            np.savez_compressed(temporary, clean=clean, attacked=attacked)

    def read_picture(self, file: str) -> tuple[np.ndarray, np.ndarray] | None:
        """What `write_picture` kept, or None."""
        path = self._picture(file)
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["clean"], arrays["attacked"]

    def drop_picture(self, file: str) -> None:
        """Removes what `write_picture` kept, if anything."""
        self._picture(file).unlink(missing_ok=True)

    def _picture(self, file: str) -> Path:
        return self.folder / "showcase" / f"{picture_key(file):016x}.npz"
