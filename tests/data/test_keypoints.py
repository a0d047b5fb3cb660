"""Facial Keypoints as training data: near copies are never parted by the split."""

import numpy as np
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.data.face_likeness import likeness
from facetrial.data.framed import Frames
from facetrial.data.keypoints import Keypoints, hold_out_groups
from facetrial.data.landmark_augmentation import flip
from facetrial.data.photos.near_duplicates import group_near_duplicates, most_alike
from tests.helpers.kaggle_rows import planted, table


def test_a_missing_file_says_what_to_download(tmp_path):
    with pytest.raises(FacetrialError, match=r"facial-keypoints-detection.*data.root"):
        Keypoints(root=str(tmp_path), cache=str(tmp_path / "cache")).setup()


def test_planted_duplicates_are_grouped_and_never_parted():
    frames, expected = planted(count=40, copies=4)
    groups = group_near_duplicates(likeness(frames)[0], alike=0.4)
    assert (np.equal.outer(groups, groups) == np.equal.outer(expected, expected)).all()
    held_out = hold_out_groups(groups, share=0.25, seed=0)
    assert 0.2 < held_out.mean() < 0.35
    assert not set(expected[held_out]) & set(expected[~held_out])
    assert not np.array_equal(held_out, hold_out_groups(groups, share=0.25, seed=1))


def test_the_split_keeps_every_row_once(tmp_path):
    frames, _ = planted(count=30, copies=2)
    table(frames.images[:, 0].numpy(), frames.landmarks.numpy()).to_csv(
        tmp_path / "training.csv", index=False
    )
    settings = {"root": str(tmp_path), "cache": str(tmp_path / "cache"), "validation": 0.2, "batch_size": 8}
    data = Keypoints(**settings, largest_likeness=1.0)
    data.setup()
    assert len(data.validation_frames) == 12
    together = torch.cat([data.train_frames.images, data.validation_frames.images]).flatten(1)
    assert sorted(map(bytes, together.numpy())) == sorted(map(bytes, frames.images.flatten(1).numpy()))
    images, landmarks = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
    assert images.shape == (8, 1, 96, 96)
    assert landmarks.shape == (8, 15, 2)
    assert 0 <= images.min() <= images.max() <= 1

    # What is held out is like nothing that is trained on.
    strict = Keypoints(**settings, largest_likeness=0.3)
    strict.setup()
    assert 0 < len(strict.validation_frames) <= 12
    everything, _ = likeness(frames)
    rows = {bytes(image): row for row, image in enumerate(frames.images.flatten(1).numpy())}
    trained, held_out = (
        everything[[rows[bytes(image)] for image in part.images.flatten(1).numpy()]]
        for part in (strict.train_frames, strict.validation_frames)
    )
    assert most_alike(held_out, trained).max() <= 0.3


def test_a_face_and_its_mirror_image_lie_on_one_side(tmp_path):
    frames, _ = planted(count=80, copies=1)
    images, landmarks = flip(frames.images[:40], frames.landmarks[:40])
    both = Frames(torch.cat([frames.images, images]), torch.cat([frames.landmarks, landmarks]))
    table(both.images[:, 0].numpy(), both.landmarks.numpy()).to_csv(tmp_path / "training.csv", index=False)
    data = Keypoints(root=str(tmp_path), cache=str(tmp_path / "cache"), validation=0.3, largest_likeness=1.0)
    data.setup()
    trained = {bytes(image) for image in data.train_frames.images.numpy()}
    for held_out, expected in ((data.validation_frames, 12), (data.series_frames, 24)):
        assert len(held_out) == expected
        assert not trained & {bytes(image) for image in held_out.images.flip(-1).numpy()}


@pytest.mark.parametrize(("count", "copies"), [(1, 1), (1, 8)])
def test_faces_too_few_or_too_alike_to_split(tmp_path, count, copies):
    frames, _ = planted(count=count, copies=copies)
    table(frames.images[:, 0].numpy(), frames.landmarks.numpy()).to_csv(
        tmp_path / "training.csv", index=False
    )
    with pytest.raises(FacetrialError, match=f"of {count * copies} labelled faces"):
        Keypoints(root=str(tmp_path), cache=str(tmp_path / "cache")).setup()


def test_validation_goes_by_photographs_and_series_are_drawn_less_often(tmp_path):
    single, _ = planted(count=40, copies=1)
    series, _ = planted(count=80, copies=3)
    frames = Frames(
        torch.cat([single.images, series.images[120:]]), torch.cat([single.landmarks, series.landmarks[120:]])
    )
    table(frames.images[:, 0].numpy(), frames.landmarks.numpy()).to_csv(
        tmp_path / "training.csv", index=False
    )
    data = Keypoints(root=str(tmp_path), cache=str(tmp_path / "cache"), validation=0.25, largest_likeness=1.0)
    data.setup()
    alike = np.bincount(group_near_duplicates(likeness(frames)[0], data.alike))
    groups = group_near_duplicates(likeness(frames)[0], data.alike)
    sizes = {
        bytes(image): alike[group]
        for image, group in zip(frames.images.flatten(1).numpy(), groups, strict=True)
    }

    def sizes_of(part: Frames) -> list[int]:
        return [sizes[bytes(image)] for image in part.images.flatten(1).numpy()]

    assert set(sizes_of(data.validation_frames)) == {1}
    assert min(sizes_of(data.series_frames)) > 1
    singles = (alike == 1).sum()
    assert abs(len(data.validation_frames) - 0.25 * singles) <= 1
    assert np.allclose(data.train_weights.numpy(), np.array(sizes_of(data.train_frames)) ** -0.5)
