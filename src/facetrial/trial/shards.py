"""Rows of a trial, and embeddings, kept on disk as they come, so that a killed trial goes on from them.

All files are sealed. What is damaged is removed when it is read, with a word in the log, and its pictures are attacked
again.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.core.files import read_sealed, recalled, written_whole
from facetrial.core.randomness import picture_key
from facetrial.trial.embedding_shards import EmbeddingShards
from facetrial.trial.rows import check_columns, read_rows, write_rows


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
        path = self.folder / f"rows-{picture_key(rows['file'].iloc[0]):016x}-{len(rows)}.csv"
        write_rows(rows, path, seal=True)

    def read(self) -> pd.DataFrame:
        """All rows kept, sorted by file, each file once; those of a damaged file are gone."""
        found = (recalled(path, _strictly) for path in sorted(self.folder.glob("rows-*.csv")))
        parts = [part for part in found if part is not None]
        if not parts:
            return pd.DataFrame(columns=["file", "identity"])
        rows = pd.concat(parts, ignore_index=True)
        return rows.drop_duplicates("file").sort_values("file", ignore_index=True)

    def rows_of(self, files: Sequence[str]) -> pd.DataFrame:
        """The rows of these pictures, sorted by file.

        Raises:
            FacetrialError: one has none.
        """
        rows = self.read()
        rows = rows[rows["file"].isin(set(files))].reset_index(drop=True)
        if len(rows) < len(set(files)):
            lost = sorted(set(files) - set(rows["file"]))
            raise FacetrialError(
                f"{self.folder} lost the rows of {len(lost)} of {len(files)} pictures, such as {lost[0]}, while the "
                "trial ran. Start it again: they are attacked again, the others are kept."
            )
        return rows

    def compact(self, rows: pd.DataFrame) -> None:
        """Replaces all files by a single one with these rows, and so those of their embeddings."""
        old = list(self.folder.glob("rows-*.csv"))
        whole = self.folder / "rows-all.csv"
        if len(rows):
            write_rows(rows, whole, seal=True)
        for path in old:
            if path != whole or len(rows) == 0:
                path.unlink(missing_ok=True)
        self.embeddings.compact(rows["file"].tolist())

    def write_saved(self, file: str, pixels: np.ndarray) -> None:
        """Keeps an attacked picture as a lossless file does: uint8 (H, W, 3)."""
        with written_whole(self._saved(file), seal=True) as temporary:
            Image.fromarray(pixels).save(temporary, format="PNG")

    def read_saved(self, file: str) -> np.ndarray:
        """What `write_saved` kept.

        Raises:
            Damaged: it is not as it was written.
        """
        return _picture(read_sealed(self._saved(file)))

    def has_saved(self, file: str) -> bool:
        """Whether `write_saved` kept this picture, and it is as it was written."""
        return recalled(self._saved(file), _picture) is not None

    def _saved(self, file: str) -> Path:
        return self.folder / "saved" / f"{picture_key(file):016x}.png"

    def write_picture(self, file: str, clean: np.ndarray, attacked: np.ndarray) -> None:
        """Keeps a picture for the showcase: two float32 arrays (3, H, W)."""
        with written_whole(self._shown(file), seal=True) as temporary:
            np.savez_compressed(temporary, clean=clean, attacked=attacked)

    def read_picture(self, file: str) -> tuple[np.ndarray, np.ndarray] | None:
        """What `write_picture` kept, or None."""
        return recalled(self._shown(file), _clean_and_attacked)

    def drop_picture(self, file: str) -> None:
        """Removes what `write_picture` kept, if anything."""
        self._shown(file).unlink(missing_ok=True)

    def _shown(self, file: str) -> Path:
        return self.folder / "showcase" / f"{picture_key(file):016x}.npz"


def _strictly(content: bytes) -> pd.DataFrame:
    rows = read_rows(io.BytesIO(content))
    check_columns(rows)
    return rows


def _picture(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as opened:
        return np.asarray(opened.convert("RGB"))


def _clean_and_attacked(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return arrays["clean"], arrays["attacked"]
