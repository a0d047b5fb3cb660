"""Kaggle's Facial Keypoints Detection: 96x96 grey faces with 15 points, many rows only partly labelled."""

import hashlib
import io
import logging
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from facetrial.data.duplicates import group_near_duplicates
from facetrial.data.frames import Frames, FramesDataModule
from facetrial.errors import FacetrialError
from facetrial.files import written_whole
from facetrial.landmarks.framing import FRAME_SIZE, cut_frames, identity_transforms, mean_shape, similarities
from facetrial.landmarks.points import LANDMARK_NAMES, LEFT_EYE, NOSE_TIP, RIGHT_EYE

log = logging.getLogger(__name__)

COMPETITION = "facial-keypoints-detection"
COLUMNS = tuple(f"{name}_{axis}" for name in LANDMARK_NAMES for axis in "xy")
# Kaggle's coordinates call the first pixel's centre 1, ours 0: mirrored faces fit their mirrored labels about
# (96.9 - x), which a network trained on both sides shows.
FIRST_PIXEL = 1.0
LOWER_LIP = LANDMARK_NAMES.index("mouth_center_bottom_lip")
_PIXELS = FRAME_SIZE * FRAME_SIZE


class Keypoints(FramesDataModule):
    """The training set, split so that near-duplicate faces do not sit on both sides.

    Args:
        root: folder with `training.csv`, the zip that holds it, or Kaggle's outer zip; None has kagglehub fetch it.
        cache: folder in which parsed files are kept.
        validation: share of the pictures for validation; 0 trains on all and validates on the same.
        alike: pictures whose aligned pixels, in local contrast, correlate more than this are near-duplicates.
        split_seed: of the split.
        batch_size: frames a batch.

    Raises:
        FacetrialError: files are missing or cannot be read, naming the row.
    """

    synthetic = False

    @staticmethod
    def source_files(root: Path) -> list[Path]:
        """The files below `root` that training pictures may come from."""
        names = ("training.csv", "training.zip", f"{COMPETITION}.zip")
        return [root / name for name in names if (root / name).is_file()]

    def __init__(
        self,
        root: str | None,
        cache: str,
        validation: float = 0.12,
        alike: float = 0.4,
        split_seed: int = 0,
        batch_size: int = 64,
    ) -> None:
        super().__init__(batch_size)
        if not 0 <= validation < 1:
            raise FacetrialError(f"data.validation must lie in [0, 1), found {validation}.")
        self.root = root
        self.cache = Path(cache).expanduser()
        self.validation = validation
        self.alike = alike
        self.split_seed = split_seed

    def folder(self) -> Path:
        """The folder that holds the files, fetched by kagglehub when no root was given."""
        return Path(self.root).expanduser() if self.root is not None else _fetched()

    def setup(self, stage: str | None = None) -> None:
        if hasattr(self, "train_frames"):
            return
        frames = read_frames(self.folder(), "training", self.cache)
        if self.validation == 0:
            self.train_frames = self.validation_frames = frames
            return
        groups = group_near_duplicates(likeness(frames), self.alike)
        held_out = hold_out_groups(groups, self.validation, self.split_seed)
        self.train_frames = frames.select(np.flatnonzero(~held_out))
        self.validation_frames = frames.select(np.flatnonzero(held_out))


def read_frames(folder: Path, name: str, cache: Path) -> Frames:
    """The faces of `name`.csv ("training" or "test") in `folder`; parsed once and kept in `cache`."""
    content = read_csv_bytes(folder, name)
    key = hashlib.blake2b(content, digest_size=8).hexdigest()
    kept = cache / "keypoints" / f"{name}-{key}-from-{FIRST_PIXEL:g}.npz"
    if not kept.is_file():
        images, landmarks = parse(content, f"{name}.csv", labelled=name == "training")
        with written_whole(kept) as temporary:
            np.savez(temporary, images=images, landmarks=landmarks)
    with np.load(kept, allow_pickle=False) as arrays:
        return Frames(torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["landmarks"]))


def read_csv_bytes(folder: Path, name: str) -> bytes:
    """The bytes of `name`.csv: plain, in its zip, or in the zip within Kaggle's outer zip.

    Raises:
        FacetrialError: there is none.
    """
    plain = folder / f"{name}.csv"
    if plain.is_file():
        return plain.read_bytes()
    for path in (folder / f"{name}.zip", folder / f"{COMPETITION}.zip"):
        if path.is_file():
            found = _from_zip(path.read_bytes(), name, path)
            if found is not None:
                return found
    raise FacetrialError(
        f"there is no {name}.csv, {name}.zip or {COMPETITION}.zip in {folder}. {_how_to_get_it(folder)}"
    )


def _from_zip(content: bytes, name: str, path: Path) -> bytes | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                if member.rsplit("/", 1)[-1] == f"{name}.csv":
                    return archive.read(member)
            for member in archive.namelist():
                if member.rsplit("/", 1)[-1] == f"{name}.zip":
                    return _from_zip(archive.read(member), name, path)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise FacetrialError(f"{path} cannot be read as a zip file: {error}. Download it again.") from error
    return None


def _how_to_get_it(folder: Path | str) -> str:
    return (
        f"Download the data of the competition {COMPETITION} from Kaggle (Data, Download All; it needs an account "
        f"and the competition's rules accepted) and put {COMPETITION}.zip, or training.zip, test.zip and "
        f"IdLookupTable.csv, into {folder}; then give data.root={folder} (landmarks.data.root for a trial)."
    )


def _fetched() -> Path:
    import kagglehub

    try:
        return Path(kagglehub.competition_download(COMPETITION))
    except Exception as error:  # whatever the network or the account has to say
        raise FacetrialError(
            f"kagglehub could not fetch the keypoints ({type(error).__name__}). {_how_to_get_it('DIR')}"
        ) from error


def parse(content: bytes, file: str, labelled: bool) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (N, 1, 96, 96) and landmarks float32 (N, 15, 2), NaN where a cell is empty, of a CSV.

    Landmarks are in pixels with the first one's centre at 0, one less than in the file.

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
    return images.reshape(-1, 1, FRAME_SIZE, FRAME_SIZE), landmarks


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


def likeness(frames: Frames, side: int = 24) -> np.ndarray:
    """A vector (N, side * side) for each frame, alike for pictures of one person taken alike.

    Faces are brought to the mean shape by their labels, so that they agree in more than how they were cut; local
    contrast, less what all faces share, tells people apart where plain pixels tell light from shade.
    """
    images = frames.images.float() / 255.0
    common = [LEFT_EYE, RIGHT_EYE, NOSE_TIP, LOWER_LIP]  # nearly every row has them
    points = frames.landmarks[:, common]
    known = ~points.isnan().flatten(1).any(1)
    transforms = identity_transforms(images).clone()
    transforms[known] = similarities(points[known], mean_shape(points)[common])
    small = F.interpolate(cut_frames(images, transforms), size=(side, side), mode="area")

    def around(values: Tensor) -> Tensor:
        return F.avg_pool2d(values, 7, 1, 3, count_include_pad=False)

    detail = small - around(small)
    contrast = (detail / (around(detail.square()).sqrt() + 0.03)).flatten(1)
    # What a few pictures share may be the person.
    return (contrast - contrast.mean(0) if len(contrast) > 100 else contrast).numpy()


def hold_out_groups(groups: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which pictures are for validation, bool (N,): whole groups in random order until `share` is reached.

    Groups larger than a tenth of the validation set stay in training: chance alone would decide too much.
    """
    sizes = np.bincount(groups)
    wanted = max(1, round(share * len(groups)))
    chosen = np.zeros(len(sizes), dtype=bool)
    total = 0
    for group in np.random.default_rng(seed).permutation(len(sizes)):
        if total >= wanted:
            break
        if sizes[group] <= max(1, wanted // 10):
            chosen[group] = True
            total += sizes[group]
    return chosen[groups]
