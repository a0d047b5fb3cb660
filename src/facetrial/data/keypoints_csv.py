"""Kaggle's Facial Keypoints as files: fetched, read from CSV or zip, parsed once and kept."""

import csv
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.core.files import recalled, written_whole
from facetrial.data.archives import read_file, read_from_zip
from facetrial.data.framed import Frames
from facetrial.data.photos.person_folders import some
from facetrial.faces.frames import FRAME_SIZE
from facetrial.faces.landmark_names import LANDMARK_NAMES, LEFT_EYE, RIGHT_EYE

log = logging.getLogger(__name__)

COMPETITION = "facial-keypoints-detection"
COLUMNS = tuple(f"{name}_{axis}" for name in LANDMARK_NAMES for axis in "xy")
# Kaggle's coordinates call the first pixel's centre 1, ours 0: mirrored faces fit their mirrored labels about
# (96.9 - x), which a network trained on both sides shows.
FIRST_PIXEL = 1.0
LOWER_LIP = LANDMARK_NAMES.index("mouth_center_bottom_lip")
_PIXELS = FRAME_SIZE * FRAME_SIZE
_LARGEST_ID = 2**53  # a spreadsheet keeps none beyond it
_LONGEST_HEADER = 2**12
_MOST_COLUMNS = 100
_LINES = 500  # that are read at a time
_VERSION = f"3-from-{FIRST_PIXEL:g}"  # of what is kept in the cache


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
        FacetrialError: there is none, or it cannot be read.
    """
    found = _find(folder, file)
    if found is None:
        zips = [name for name in _zips(file) if (folder / name).is_file()]
        held = f"; {' and '.join(zips)} lies there and does not hold it" if zips else ""
        raise FacetrialError(
            f"there is no {file}, {_zips(file)[0]} or {_zips(file)[1]} in {folder}{held}. {_how_to_get_it(folder)}"
        )
    return found


def has_file(folder: Path, file: str) -> bool:
    """Whether `read_bytes` finds a file.

    Raises:
        FacetrialError: it does, and cannot read it.
    """
    return _find(folder, file) is not None


def _find(folder: Path, file: str) -> bytes | None:
    if (folder / file).is_file():
        return read_file(folder / file)
    paths = [folder / name for name in _zips(file) if (folder / name).is_file()]
    return next((found for path in paths if (found := read_from_zip(path, file)) is not None), None)


def _zips(file: str) -> tuple[str, str]:
    """The zips that a file may lie in."""
    return f"{Path(file).stem}.zip", f"{COMPETITION}.zip"


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


def read_tables(
    content: bytes, file: str, most_lines: int, types: Mapping[str, type]
) -> Iterator[pd.DataFrame]:
    """A CSV file with a header, in UTF-8: some hundred lines after another, their index counted from 0 on.

    Args:
        content: of the file.
        file: its name, for the errors.
        most_lines: it may have; many short ones would take far more memory than the file.
        types: of columns whose type is known.

    Raises:
        FacetrialError: it is none, has too many lines or cells, a header that is too long or names a column twice, or a
            line with more cells than the header.
    """
    try:
        first, _, _ = content[:_LONGEST_HEADER].partition(b"\n")
        header = next(csv.reader([first.decode("utf-8-sig")]), [])
        if len(first) == _LONGEST_HEADER or len(header) > _MOST_COLUMNS:
            raise ValueError(f"its first line is no header of at most {_MOST_COLUMNS} columns")
        if twice := sorted({name for name in header if header.count(name) > 1}):
            raise ValueError(f"its header names {', '.join(twice[:5])} twice")
        if max(map(content.count, (b"\n", b"\r"))) > most_lines:
            raise ValueError(f"it has more than {most_lines:,} lines")
        if content.count(b",") > most_lines * _MOST_COLUMNS:
            raise ValueError("it has more cells than its header has columns")
        tables = pd.read_csv(io.BytesIO(content), dtype=dict(types), index_col=False, chunksize=_LINES)
        while True:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "error", pd.errors.ParserWarning
                )  # cells beyond the header would be lost
                table = next(tables, None)
            if table is None:
                return
            yield table
    except (ValueError, OverflowError, csv.Error, pd.errors.ParserWarning) as error:
        raise FacetrialError(f"{file} cannot be read as CSV: {str(error).strip().rstrip('.')}.") from error


def parse(content: bytes, file: str, labelled: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images uint8 (N, 1, 96, 96), landmarks float32 (N, 15, 2), NaN where a cell is empty, and ids int64 (N,).

    Ids are those of the column ImageId, or count rows from 1 where there is none. Landmarks are in pixels with the
    first one's centre at 0, one less than in the file.

    Raises:
        FacetrialError: columns missing, no rows, pixels that are not 96 x 96 whole numbers from 0 to 255, points
            that are no numbers or lie outside the frame; the row is named as it stands in the file. Or left and right
            are taken for each other in more than a tenth of the rows.
    """
    most_lines = 1000 + len(content) // _PIXELS  # of pictures, each of which takes two bytes a pixel
    needed = (*COLUMNS, "Image") if labelled else ("ImageId", "Image")
    pictures, points, numbers = [], [], []
    for table in read_tables(content, file, most_lines, {"Image": str, "ImageId": str}):
        if missing := [column for column in needed if column not in table]:
            raise FacetrialError(
                f"{file} lacks the column(s) {some(missing)}; found {some(list(table))}. Expected are those of "
                f"Kaggle's {COMPETITION}: give a folder with its files."
            )
        pictures += [_pixels(text, file, row + 2) for row, text in table["Image"].items()]
        points += [_landmarks(table, file)] if labelled else []
        numbers += [] if labelled else [table["ImageId"]]
    if not pictures:
        raise FacetrialError(f"{file} has no rows.")
    images = np.stack(pictures)
    landmarks = np.full((len(images), len(LANDMARK_NAMES), 2), np.nan, dtype=np.float32)
    if labelled:
        landmarks = np.concatenate(points)
        _check_labels(landmarks, file)
    ids = np.arange(1, len(images) + 1)
    if not labelled:
        ids = pd.to_numeric(pd.concat(numbers), errors="coerce").astype(float)
        if not (ids.abs() < _LARGEST_ID).all() or (ids % 1 != 0).any() or not ids.is_unique:
            raise FacetrialError(f"{file}: ImageId must hold different whole numbers below {_LARGEST_ID}.")
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


def _check_labels(landmarks: np.ndarray, file: str) -> None:
    """Raises FacetrialError where a network would learn corners for points, or each eye for the other."""
    rows, points = np.nonzero((landmarks == -FIRST_PIXEL).all(2))
    if len(rows):
        raise FacetrialError(
            f"{file}: {len(rows)} points lie in the corner, at 0 and 0, such as {LANDMARK_NAMES[points[0]]} of line "
            f"{rows[0] + 2}. Leave cells empty where a point is not labelled."
        )
    across = landmarks[:, LEFT_EYE, 0] - landmarks[:, RIGHT_EYE, 0]
    wrong = np.flatnonzero(across < 0)
    if len(wrong) * 10 > np.isfinite(across).sum():
        raise FacetrialError(
            f"{file}: in {len(wrong)} rows, such as line {wrong[0] + 2}, left_eye_center lies to the left of "
            "right_eye_center in the picture. Left and right are those of the person who is shown: exchange them in "
            "the columns' names, or, of pictures that were mirrored, in their rows."
        )


def _landmarks(table: pd.DataFrame, file: str) -> np.ndarray:
    cells = table[list(COLUMNS)]
    numbers = cells.apply(pd.to_numeric, errors="coerce")
    wrong = numbers.isna() & cells.notna()
    outside = (numbers < 0) | (numbers > FRAME_SIZE)
    for bad, what in ((wrong, "is no number"), (outside, f"lies outside the frame, 0 to {FRAME_SIZE}")):
        rows, columns = np.nonzero(bad.to_numpy())
        if len(rows):
            value = cells.iloc[rows[0], columns[0]]
            line = table.index[rows[0]] + 2
            raise FacetrialError(f"{file}, line {line}: {COLUMNS[columns[0]]} {what}: {value!r}.")
    return numbers.to_numpy(dtype=np.float32).reshape(-1, len(LANDMARK_NAMES), 2) - np.float32(FIRST_PIXEL)
