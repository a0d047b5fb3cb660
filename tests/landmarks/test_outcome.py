"""What a training leaves is read back as it was written."""

import torch

from facetrial.core.plain import from_plain, read_json
from facetrial.data.framed import Frames, FramesDataModule
from facetrial.landmarks.network import StudyNetwork
from facetrial.landmarks.outcome import (
    EVENLY,
    FIGURES,
    WORST,
    Epoch,
    LandmarkOutcome,
    outcome_of,
    write_outcome,
)


def some_frames(count: int) -> Frames:
    return Frames(
        torch.randint(0, 256, (count, 1, 96, 96), dtype=torch.uint8), 48 + 10 * torch.randn(count, 15, 2)
    )


def test_both_kinds_of_held_out_frames_are_scored(tmp_path):
    data = FramesDataModule(batch_size=4)
    data.train_frames, data.validation_frames, data.series_frames = map(some_frames, (8, 5, 40))
    network = StudyNetwork(widths=(2, 2, 2), hidden=4).eval()
    outcome = outcome_of(data, network, [Epoch(1, 9.0, 8.0)])
    assert (outcome.trained_on, outcome.rmse["all"].pictures, outcome.series["all"].pictures) == (8, 5, 40)
    write_outcome(tmp_path, data, network, outcome)
    assert from_plain(LandmarkOutcome, read_json(tmp_path / FIGURES), "it") == outcome
    assert {path.name for path in tmp_path.iterdir()} == {FIGURES, EVENLY, WORST}


def test_without_series_there_is_one_kind():
    data = FramesDataModule(batch_size=4)
    data.train_frames, data.validation_frames = map(some_frames, (8, 5))
    network = StudyNetwork(widths=(2, 2, 2), hidden=4).eval()
    outcome = outcome_of(data, network, [])
    assert outcome.series is None
    assert not outcome.seen
    data.validation_frames = data.train_frames
    assert outcome_of(data, network, []).seen
