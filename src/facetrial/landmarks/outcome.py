"""What a training of the landmark network leaves: figures, learning curves, pictures of predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor, nn

from facetrial.core.files import written_whole
from facetrial.core.plain import write_json
from facetrial.data.framed import Frames, FramesDataModule
from facetrial.landmarks.scores import Rmse, find_all, score, worst_first

FIGURES = "landmarks.json"
EVENLY, WORST = "landmarks.png", "landmarks_worst.png"
_ROWS, _COLUMNS = 4, 8  # of pictures


@dataclass(frozen=True)
class Epoch:
    """A point of the learning curves: RMSE in pixels, of training on augmented frames.

    Attributes:
        epoch: how many are behind, from 1 on.
        train: over the epoch, by the network as it was at each step.
        validation: by the averaged network at its end.
    """

    epoch: int
    train: float
    validation: float


@dataclass(frozen=True)
class LandmarkOutcome:
    """What is known of a trained landmark network.

    Attributes:
        synthetic: whether it learned from drawn faces.
        trained_on: frames.
        seen: whether the frames of validation are those that it was trained on, so that no figure is of others.
        rmse: in the frames of validation, under "all" and each landmark's name: of Kaggle's, photographs that are
            like no other picture.
        series: the same in frames that were held out and have near-duplicates held out with them; None where there
            are none.
        learning: its curves.
    """

    synthetic: bool
    trained_on: int
    seen: bool
    rmse: Mapping[str, Rmse]
    series: Mapping[str, Rmse] | None
    learning: Sequence[Epoch]


def outcome_of(data: FramesDataModule, network: nn.Module, learning: Sequence[Epoch]) -> LandmarkOutcome:
    """What a network, in eval mode, finds in the frames of validation of `data`, and in series held out."""
    frames, series = data.validation_frames, data.series_frames
    return LandmarkOutcome(
        synthetic=data.synthetic,
        trained_on=len(data.train_frames),
        seen=data.validation_frames is data.train_frames,
        rmse=score(find_all(network, frames), frames),
        series=score(find_all(network, series), series) if series is not None and len(series) else None,
        learning=learning,
    )


def write_outcome(folder: Path, data: FramesDataModule, network: nn.Module, outcome: LandmarkOutcome) -> None:
    """Writes `landmarks.json` and pictures of predictions.

    Args:
        folder: of the run.
        data: what the network was trained on.
        network: in eval mode.
        outcome: of both.
    """
    write_json(outcome, folder / FIGURES)
    frames = data.validation_frames
    found = find_all(network, frames)
    evenly = np.linspace(0, len(frames) - 1, min(_ROWS * _COLUMNS, len(frames))).astype(int)
    for name, chosen in ((EVENLY, evenly), (WORST, worst_first(found, frames)[: _ROWS * _COLUMNS].numpy())):
        with written_whole(folder / name) as temporary:
            predictions_figure(frames.select(chosen), found[chosen]).savefig(temporary, dpi=110, format="png")


def predictions_figure(frames: Frames, found: Tensor) -> Figure:
    """Up to 32 faces with labelled points as circles and found ones as crosses, and each one's RMSE."""
    figure = Figure(figsize=(1.5 * _COLUMNS, 1.65 * _ROWS), layout="constrained")
    errors = (found - frames.landmarks).square().nanmean((1, 2)).sqrt().tolist()
    for index, axes in enumerate(figure.subplots(_ROWS, _COLUMNS).flat):
        axes.axis("off")
        if index >= len(frames):
            continue
        axes.imshow(frames.images[index, 0].numpy(), cmap="gray", vmin=0, vmax=255)
        axes.plot(*frames.landmarks[index].T.numpy(), "o", mfc="none", mec="#56b4e9", ms=4)
        axes.plot(*found[index].T.numpy(), "x", color="#e69f00", ms=3)
        axes.set_title(f"{errors[index]:.1f}", fontsize=8, pad=2)
    return figure
