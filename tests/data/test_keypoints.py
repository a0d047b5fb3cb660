import io
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.data.framed import FramedFaces, Frames
from facetrial.data.keypoints import Keypoints, hold_out_groups, likeness
from facetrial.data.keypoints_csv import COLUMNS, read_frames
from facetrial.data.photos.near_duplicates import group_near_duplicates, most_alike
from facetrial.data.synthetic import SyntheticFaces
from facetrial.faces.frames import MEAN_SHAPE


def faces(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (count, 96, 96) of soft spots, and landmarks (count, 15, 2) near the mean shape."""
    generator = np.random.default_rng(seed)
    coarse = torch.from_numpy(generator.random((count, 1, 12, 12)))
    smooth = torch.nn.functional.interpolate(coarse, size=(96, 96), mode="bicubic").clamp(0, 1)
    landmarks = np.array(MEAN_SHAPE) + generator.normal(0, 1, (count, 15, 2))
    return (smooth[:, 0] * 255).byte().numpy(), landmarks.round(3)


def table(pictures: np.ndarray, landmarks: np.ndarray) -> pd.DataFrame:
    """Rows as Kaggle writes them."""
    rows = pd.DataFrame(landmarks.reshape(len(pictures), 30), columns=list(COLUMNS))
    rows["Image"] = [" ".join(map(str, picture.ravel())) for picture in pictures]
    return rows


@pytest.fixture
def rows() -> pd.DataFrame:
    return table(*faces(6))


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["csv", "zip", "outer"])
def test_rows_come_back_from_csv_zip_and_outer_zip(tmp_path, rows, kind):
    pictures, landmarks = faces(6)
    rows.loc[2, list(COLUMNS[4:])] = np.nan
    landmarks[2, 2:] = np.nan
    content = rows.to_csv(index=False).encode()
    if kind == "csv":
        (tmp_path / "training.csv").write_bytes(content)
    else:
        inner = zipped("training.csv", content)
        name = "training.zip" if kind == "zip" else "facial-keypoints-detection.zip"
        (tmp_path / name).write_bytes(inner if kind == "zip" else zipped("training.zip", inner))
    for _ in range(2):  # parsed, then from the cache
        frames = read_frames(tmp_path, "training", tmp_path / "cache")
        assert np.array_equal(frames.images[:, 0].numpy(), pictures)
        # The file counts pixels from 1.
        assert np.allclose(frames.landmarks.numpy() + 1, landmarks, atol=1e-4, equal_nan=True)
    assert len(list((tmp_path / "cache" / "keypoints").iterdir())) == 1


def broken(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    rows = rows.astype({"left_eye_center_x": object})
    short, words = rows.loc[3, "Image"].rsplit(" ", 5)[0], "cat " + rows.loc[3, "Image"].split(" ", 1)[1]
    changes = {
        "column": lambda: rows.drop(columns="nose_tip_y"),
        "no rows": lambda: rows.iloc[:0],
        "short": lambda: rows.assign(Image=rows["Image"].where(rows.index != 3, short)),
        "words": lambda: rows.assign(Image=rows["Image"].where(rows.index != 3, words)),
        "bright": lambda: rows.assign(
            Image=rows["Image"].where(rows.index != 3, words.replace("cat", "256"))
        ),
        "no picture": lambda: rows.assign(Image=rows["Image"].where(rows.index != 3)),
        "outside": lambda: rows.assign(nose_tip_x=rows["nose_tip_x"].where(rows.index != 3, 97.5)),
        "text": lambda: rows.assign(
            left_eye_center_x=rows["left_eye_center_x"].where(rows.index != 3, "right here")
        ),
    }
    return changes[what]()


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("column", "nose_tip_y"),
        ("no rows", "no rows"),
        ("short", r"line 5.*9211"),
        ("words", r"line 5.*number"),
        ("bright", r"line 5.*256"),
        ("no picture", r"line 5.*empty"),
        ("outside", r"line 5.*nose_tip_x.*outside"),
        ("text", r"line 5.*left_eye_center_x.*right here"),
    ],
)
def test_a_bad_file_is_an_error_that_names_the_row(tmp_path, rows, what, message):
    broken(rows, what).to_csv(tmp_path / "training.csv", index=False)
    with pytest.raises(FacetrialError, match=message):
        read_frames(tmp_path, "training", tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_missing_file_says_what_to_download(tmp_path):
    with pytest.raises(FacetrialError, match=r"facial-keypoints-detection.*data.root"):
        Keypoints(root=str(tmp_path), cache=str(tmp_path / "cache")).setup()


def test_a_broken_zip_is_an_error(tmp_path):
    (tmp_path / "training.zip").write_bytes(zipped("training.csv", b"x" * 1000)[:-40])
    with pytest.raises(FacetrialError, match=r"training\.zip cannot be read"):
        read_frames(tmp_path, "training", tmp_path / "cache")


def planted(count: int, copies: int) -> tuple[Frames, np.ndarray]:
    """Faces, each with near copies: darker, noisier and shifted by a pixel or two; and which belong together."""
    pictures, landmarks = faces(count)
    generator = np.random.default_rng(1)
    images, points, groups = [], [], []
    for person in range(count):
        for _ in range(copies):
            shift = generator.integers(-2, 3, 2)
            moved = np.roll(pictures[person], shift[::-1], (0, 1)) * generator.uniform(0.6, 1.0)
            images.append((moved + generator.normal(0, 3, moved.shape)).clip(0, 255).astype(np.uint8))
            points.append(landmarks[person] + shift)
            groups.append(person)
    order = generator.permutation(len(images))
    frames = Frames(
        torch.from_numpy(np.stack(images))[order][:, None],
        torch.from_numpy(np.stack(points)).float()[order],
    )
    return frames, np.array(groups)[order]


def test_planted_duplicates_are_grouped_and_never_parted():
    frames, expected = planted(count=40, copies=4)
    groups = group_near_duplicates(likeness(frames), alike=0.4)
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
    everything = likeness(frames)
    rows = {bytes(image): row for row, image in enumerate(frames.images.flatten(1).numpy())}
    trained, held_out = (
        everything[[rows[bytes(image)] for image in part.images.flatten(1).numpy()]]
        for part in (strict.train_frames, strict.validation_frames)
    )
    assert most_alike(held_out, trained).max() <= 0.3


def test_correlations_are_numpys():
    vectors = np.random.default_rng(0).normal(size=(9, 50))
    expected = np.corrcoef(vectors)[:4, 4:].max(1)
    assert np.allclose(most_alike(vectors[:4], vectors[4:]), expected, atol=1e-5)


@pytest.mark.parametrize(("count", "copies"), [(1, 1), (1, 8)])
def test_faces_too_few_or_too_alike_to_split(tmp_path, count, copies):
    frames, _ = planted(count=count, copies=copies)
    table(frames.images[:, 0].numpy(), frames.landmarks.numpy()).to_csv(
        tmp_path / "training.csv", index=False
    )
    with pytest.raises(FacetrialError, match=f"of {count * copies} labelled faces"):
        Keypoints(root=str(tmp_path), cache=str(tmp_path / "cache")).setup()


def test_a_damaged_cache_is_parsed_again(tmp_path):
    frames, _ = planted(count=3, copies=1)
    table(frames.images[:, 0].numpy(), frames.landmarks.numpy()).to_csv(
        tmp_path / "training.csv", index=False
    )
    first = read_frames(tmp_path, "training", tmp_path / "cache")
    (kept,) = (tmp_path / "cache").rglob("*.npz")
    kept.write_bytes(kept.read_bytes()[:1000])
    again = read_frames(tmp_path, "training", tmp_path / "cache")
    assert torch.equal(first.images, again.images)


def test_drawn_faces_fill_the_frame():
    data = FramedFaces(SyntheticFaces(people=2, pictures=6, pictures_min=5, size=112, batch_size=4))
    data.setup()
    assert data.synthetic
    landmarks = data.train_frames.landmarks
    assert data.train_frames.images.shape[1:] == (1, 96, 96)
    assert (landmarks.mean(0) - torch.tensor(MEAN_SHAPE)).abs().mean() < 8


@pytest.mark.real
def test_the_real_rows(shared, tmp_path):
    frames = read_frames(shared / "data" / "facial-keypoints", "test", tmp_path)
    assert frames.images.shape == (664, 1, 96, 96)
    assert frames.landmarks.isnan().all()
