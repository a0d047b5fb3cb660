"""Kaggle's Facial Keypoints as files: fetched, read from CSV or zip, parsed once and kept."""

import io
import logging
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.core.files import recalled, written_whole
from facetrial.data.framed import Frames
from facetrial.faces.frames import FRAME_SIZE
from facetrial.faces.landmark_names import LANDMARK_NAMES

log = logging.getLogger(__name__)

COMPETITION = "facial-keypoints-detection"
COLUMNS = tuple(f"{name}_{axis}" for name in LANDMARK_NAMES for axis in "xy")
# Kaggle's coordinates call the first pixel's centre 1, ours 0: mirrored faces fit their mirrored labels about
# (96.9 - x), which a network trained on both sides shows.
FIRST_PIXEL = 1.0
LOWER_LIP = LANDMARK_NAMES.index("mouth_center_bottom_lip")
_PIXELS = FRAME_SIZE * FRAME_SIZE
_VERSION = f"2-from-{FIRST_PIXEL:g}"  # of what is kept in the cache


def read_frames(folder: Path, name: str, cache: Path) -> Frames:
    """The faces of `name`.csv ("training" or "test") in `folder`; parsed once and kept in `cache`."""
    arrays = _read(folder, name, cache)
    return Frames(torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["landmarks"]))


def read_test_frames(folder: Path, cache: Path) -> tuple[Frames, np.ndarray]:
    """The faces of `test.csv` in `folder`, and the ImageId of each, int64 (N,)."""
    return read_frames(folder, "test", cache), _read(folder, "test", cache)["ids"]


def _read(folder: Path, name: str, cache: Path) -> dict[str, np.ndarray]:
    content = read_bytes(folder, f"{name}.csv")
    kept = cache / "keypoints" / f"{name}-{digest(content)}-{_VERSION}.npz"
    if (known := recalled(kept, _arrays)) is not None:
        return known
    images, landmarks, ids = parse(content, f"{name}.csv", labelled=name == "training")
    with written_whole(kept, seal=True) as temporary:
        np.savez(temporary, images=images, landmarks=landmarks, ids=ids)
    return {"images": images, "landmarks": landmarks, "ids": ids}


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {part: arrays[part] for part in ("images", "landmarks", "ids")}


def read_bytes(folder: Path, file: str) -> bytes:
    """The bytes of a file: plain, in a zip of its name, or either within Kaggle's outer zip.

    Args:
        folder: where to look.
        file: such as "training.csv".

    Raises:
        FacetrialError: there is none.
    """
    plain, zipped, outer = folder / file, folder / f"{Path(file).stem}.zip", folder / f"{COMPETITION}.zip"
    if plain.is_file():
        return plain.read_bytes()
    for path in (zipped, outer):
        if path.is_file():
            found = _from_zip(path.read_bytes(), file, path)
            if found is not None:
                return found
    raise FacetrialError(
        f"there is no {file}, {zipped.name} or {outer.name} in {folder}. {_how_to_get_it(folder)}"
    )


def has_file(folder: Path, file: str) -> bool:
    """Whether `read_bytes` finds a file."""
    try:
        read_bytes(folder, file)
    except FacetrialError:
        return False
    return True


def _from_zip(content: bytes, file: str, path: Path) -> bytes | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                if member.rsplit("/", 1)[-1] == file:
                    return archive.read(member)
            for member in archive.namelist():
                if member.rsplit("/", 1)[-1] == f"{Path(file).stem}.zip":
                    return _from_zip(archive.read(member), file, path)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise FacetrialError(f"{path} cannot be read as a zip file: {error}. Download it again.") from error
    return None


def _how_to_get_it(folder: Path | str) -> str:
    return (
        f"Download the data of the competition {COMPETITION} from Kaggle (Data, Download All; it needs an account "
        f"and the competition's rules accepted) and put {COMPETITION}.zip, or training.zip, test.zip and "
        f"IdLookupTable.csv, into {folder}; then give data.root={folder} (landmarks.data.root for a trial)."
    )


def fetched_by_kagglehub() -> Path:
    import kagglehub

    try:
        return Path(kagglehub.competition_download(COMPETITION))
    except Exception as error:  # whatever the network or the account has to say
        raise FacetrialError(
            f"kagglehub could not fetch the keypoints ({type(error).__name__}). {_how_to_get_it('DIR')}"
        ) from error


def parse(content: bytes, file: str, labelled: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images uint8 (N, 1, 96, 96), landmarks float32 (N, 15, 2), NaN where a cell is empty, and ids int64 (N,).

    Ids are those of the column ImageId, or count rows from 1 where there is none. Landmarks are in pixels with the
    first one's centre at 0, one less than in the file.

    Raises:
        FacetrialError: columns missing, no rows, pixels that are not 96 x 96 whole numbers from 0 to 255, points
            that are no numbers or lie outside the frame; the row is named as it stands in the file.
    """
    try:
        table = pd.read_csv(io.BytesIO(content), dtype={"Image": str})
    except (ValueError, UnicodeDecodeError) as error:
        raise FacetrialError(f"{file} cannot be read as CSV: {error}.") from error
    needed = (*COLUMNS, "Image") if labelled else ("ImageId", "Image")
    if missing := [column for column in needed if column not in table]:
        raise FacetrialError(
            f"{file} lacks the column(s) {', '.join(missing[:5])}; expected those of Kaggle's {COMPETITION}."
        )
    if len(table) == 0:
        raise FacetrialError(f"{file} has no rows.")
    images = np.stack([_pixels(text, file, row + 2) for row, text in enumerate(table["Image"])])
    landmarks = np.full((len(table), len(LANDMARK_NAMES), 2), np.nan, dtype=np.float32)
    if labelled:
        landmarks = _landmarks(table, file)
    ids = np.arange(1, len(table) + 1)
    if not labelled:
        ids = pd.to_numeric(table["ImageId"], errors="coerce")
        if ids.isna().any() or (ids % 1 != 0).any() or not ids.is_unique:
            raise FacetrialError(f"{file}: ImageId must hold different whole numbers.")
    return images.reshape(-1, 1, FRAME_SIZE, FRAME_SIZE), landmarks, np.asarray(ids, dtype=np.int64)


def _pixels(text: str | float, file: str, line: int) -> np.ndarray:
    expected = f"expected {FRAME_SIZE} x {FRAME_SIZE} whole numbers from 0 to 255, separated by blanks"
    if not isinstance(text, str):
        raise FacetrialError(f"{file}, line {line}: the picture is empty; {expected}.")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # numpy's word for text that is no number
        try:
            values = np.fromstring(text, dtype=np.int64, sep=" ")
        except (ValueError, DeprecationWarning) as error:
            raise FacetrialError(f"{file}, line {line}: a pixel is no number; {expected}.") from error
    if len(values) != _PIXELS or values.min() < 0 or values.max() > 255:
        bounds = f" from {values.min()} to {values.max()}" if len(values) else ""
        raise FacetrialError(f"{file}, line {line}: found {len(values)} pixels{bounds}; {expected}.")
    return values.astype(np.uint8)


def _landmarks(table: pd.DataFrame, file: str) -> np.ndarray:
    cells = table[list(COLUMNS)]
    numbers = cells.apply(pd.to_numeric, errors="coerce")
    wrong = numbers.isna() & cells.notna()
    outside = (numbers < 0) | (numbers > FRAME_SIZE)
    for bad, what in ((wrong, "is no number"), (outside, f"lies outside the frame, 0 to {FRAME_SIZE}")):
        rows, columns = np.nonzero(bad.to_numpy())
        if len(rows):
            value = cells.iloc[rows[0], columns[0]]
            raise FacetrialError(f"{file}, line {rows[0] + 2}: {COLUMNS[columns[0]]} {what}: {value!r}.")
    return numbers.to_numpy(dtype=np.float32).reshape(len(table), -1, 2) - np.float32(FIRST_PIXEL)
