"""What a training of the landmark network leaves to look at: RMSE, a picture of predictions, Kaggle's submission."""

import csv
import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError
from facetrial.core.files import written_whole
from facetrial.data.framed import Frames, FramesDataModule
from facetrial.data.keypoints import Keypoints
from facetrial.data.keypoints_csv import (
    COLUMNS,
    FIRST_PIXEL,
    has_file,
    read_bytes,
    read_tables,
    read_test_frames,
)
from facetrial.faces.frames import FRAME_SIZE
from facetrial.faces.landmark_names import LANDMARK_NAMES
from facetrial.landmarks.inference import find_in_frames
from facetrial.landmarks.lightning_module import rmse
from facetrial.runtime.csv_cells import as_cell

log = logging.getLogger(__name__)

LOOKUP = "IdLookupTable.csv"
_MOST_WANTED = 1_000_000  # of its lines; Kaggle's has 27,124


def find_all(network: nn.Module, frames: Frames) -> Tensor:
    """Landmarks (N, 15, 2) in all frames, by the network in eval mode."""
    device = next(network.parameters()).device
    with torch.no_grad():
        parts = [
            find_in_frames(network, part.to(device).float() / 255.0).cpu()
            for part in frames.images.split(128)
        ]
    return torch.cat(parts)


def score(found: Tensor, frames: Frames) -> dict[str, dict[str, float | None]]:
    """RMSE in pixels and number of labelled points, under "all" and each landmark's name.

    A landmark that no frame has labelled has no RMSE: None.
    """
    errors = found - frames.landmarks
    parts = {"all": errors} | {name: errors[:, i] for i, name in enumerate(LANDMARK_NAMES)}
    numbers = {name: int(torch.isfinite(part[..., 0]).sum()) for name, part in parts.items()}
    return {
        name: {"rmse": float(rmse(part)) if numbers[name] else None, "n": numbers[name]}
        for name, part in parts.items()
    }


def write_outcome(
    folder: Path, data: FramesDataModule, network: nn.Module, found: Tensor, scores: dict
) -> None:
    """Writes `landmarks.json`, `landmarks.png` and, where there are test pictures, `submission.csv`.

    Args:
        folder: of the run.
        data: what the network was trained on.
        network: in eval mode.
        found: landmarks in the validation frames.
        scores: of `found`.
    """
    with written_whole(folder / "landmarks.json") as temporary:
        temporary.write_text(json.dumps({"synthetic": data.synthetic, "rmse": scores}, indent=2))
    with written_whole(folder / "landmarks.png") as temporary:
        predictions_figure(data.validation_frames, found).savefig(temporary, dpi=110, format="png")
    if isinstance(data, Keypoints):
        write_submission(data.folder(), data.cache, network, folder / "submission.csv")


def predictions_figure(frames: Frames, found: Tensor, rows: int = 4, columns: int = 8) -> Figure:
    """Faces with labelled points as circles and found ones as crosses."""
    figure = Figure(figsize=(1.5 * columns, 1.5 * rows), layout="constrained")
    shown = np.linspace(0, len(frames) - 1, min(rows * columns, len(frames))).astype(int)
    for axes, index in zip(figure.subplots(rows, columns).flat, shown, strict=False):
        axes.imshow(frames.images[index, 0].numpy(), cmap="gray", vmin=0, vmax=255)
        axes.plot(*frames.landmarks[index].T.numpy(), "o", mfc="none", mec="#56b4e9", ms=4)
        axes.plot(*found[index].T.numpy(), "x", color="#e69f00", ms=3)
    for axes in figure.axes:
        axes.axis("off")
    return figure


def write_submission(folder: Path, cache: Path, network: nn.Module, path: Path) -> bool:
    """Writes Kaggle's submission for `test.csv` and `IdLookupTable.csv` in `folder`, where both are there.

    Returns:
        Whether it was written.

    Raises:
        FacetrialError: the table of wanted points does not fit the test pictures.
    """
    if not (has_file(folder, LOOKUP) and has_file(folder, "test.csv")):
        log.info("There is no test set with %s in %s: no submission is written.", LOOKUP, folder)
        return False
    frames, ids = read_test_frames(folder, cache)
    wanted = _wanted(read_bytes(folder, LOOKUP))
    pictures, columns = _places(wanted, ids)
    found = (find_all(network, frames) + FIRST_PIXEL).clamp(0, FRAME_SIZE).flatten(1).numpy()
    with written_whole(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["RowId", "Location"])
        writer.writerows(
            [as_cell(row_id), f"{location:.4f}"]
            for row_id, location in zip(wanted["RowId"], found[pictures, columns], strict=True)
        )
    return True


def _wanted(content: bytes) -> pd.DataFrame:
    """The lookup table: RowId, ImageId and FeatureName of every coordinate that is asked for."""
    wanted = pd.concat(read_tables(content, LOOKUP, _MOST_WANTED, {}))
    if missing := {"RowId", "ImageId", "FeatureName"} - set(wanted):
        raise FacetrialError(f"{LOOKUP} lacks the column(s) {', '.join(sorted(missing))}.")
    return wanted


def _places(wanted: pd.DataFrame, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture, by its ImageId, and the coordinate that each row of the lookup table asks for."""
    unknown = sorted(set(map(str, wanted["FeatureName"])) - set(COLUMNS))
    if unknown:
        raise FacetrialError(
            f"{LOOKUP} asks for {unknown[0]!r}; expected Kaggle's names, such as {COLUMNS[0]}."
        )
    pictures = wanted["ImageId"].map({number: row for row, number in enumerate(ids.tolist())})
    if pictures.isna().any():
        stranger = wanted["ImageId"][pictures.isna()].iloc[0]
        raise FacetrialError(
            f"{LOOKUP} asks for ImageId {stranger}; none of the {len(ids)} test pictures has it."
        )
    columns = wanted["FeatureName"].map({name: i for i, name in enumerate(COLUMNS)})
    return pictures.to_numpy(dtype=np.int64), columns.to_numpy(dtype=np.int64)
