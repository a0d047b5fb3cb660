"""Kaggle's files of keypoints: read from CSV and from archives, kept, and refused where they are broken."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.data.keypoints_csv import COLUMNS, has_file, read_frames, read_test_frames
from tests.helpers.kaggle_rows import faces, planted, table


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
        "zeros": lambda: rows.assign(
            **{f"nose_tip_{axis}": rows[f"nose_tip_{axis}"].where(rows.index != 3, 0.0) for axis in "xy"}
        ),
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
        ("zeros", r"1 points lie in the corner, .* such as nose_tip of line 5"),
        ("text", r"line 5.*left_eye_center_x.*right here"),
    ],
)
def test_a_bad_file_is_an_error_that_names_the_row(tmp_path, rows, what, message):
    broken(rows, what).to_csv(tmp_path / "training.csv", index=False)
    with pytest.raises(FacetrialError, match=message):
        read_frames(tmp_path, "training", tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("\n", ",7\n").replace(",7\n", "\n", 1), "cannot be read as CSV"),
        (lambda text: text.replace("nose_tip_x", "nose_tip_y"), "its header names nose_tip_y twice"),
        (lambda text: "," * 2**20, "is no header"),
        (lambda text: "x" * 2**20, "is no header"),
        (lambda text: ",".join(map(str, range(101))) + text, "no header of at most 100 columns"),
        (lambda text: text + "\n" * 2000, "more than 1,0.. lines"),
        (lambda text: text.replace("\n", "\r", 1) + "\r" * 2000, "training.csv"),
        (lambda text: text + "," * 2**18, "more cells than its header has columns"),
        (lambda text: "", "cannot be read as CSV"),
        (lambda text: "\n\n", "cannot be read as CSV"),
        (lambda text: "\0" * 300, "training.csv"),
        (lambda text: text[: len(text) // 2], r"training.csv, line \d+"),
        (lambda text: text + '"', "training.csv"),
        (lambda text: text.replace(" ", ";", 3), "a pixel is no number"),
        (lambda text: text.replace(" ", " 99999999999999999999 ", 1), "pixels from"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, rows, change, said):
    (tmp_path / "training.csv").write_text(change(rows.to_csv(index=False)))
    with pytest.raises(FacetrialError, match=said):
        read_frames(tmp_path, "training", tmp_path / "cache")


@pytest.mark.parametrize("mirrored", [1, 6])
def test_left_and_right_are_those_of_the_person_who_is_shown(tmp_path, mirrored):
    """Pictures that were mirrored, and their labels not named anew; one in twelve may be an error of its own."""
    pictures, landmarks = faces(12)
    landmarks[-mirrored:, :, 0] = 95 - landmarks[-mirrored:, :, 0]
    table(pictures, landmarks).to_csv(tmp_path / "training.csv", index=False)
    if mirrored == 1:
        assert len(read_frames(tmp_path, "training", tmp_path / "cache")) == 12
        return
    with pytest.raises(FacetrialError, match=r"in 6 rows, such as line 8, left_eye_center lies to the left"):
        read_frames(tmp_path, "training", tmp_path / "cache")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", ",\n").replace(",\n", "\n", 1),  # an empty cell at each line's end
        lambda text: text + "\n\n",
    ],
)
def test_tables_as_other_programs_write_them(tmp_path, rows, change):
    (tmp_path / "training.csv").write_bytes(change(rows.to_csv(index=False)).encode())
    assert len(read_frames(tmp_path, "training", tmp_path / "cache")) == len(rows)


def test_lines_are_counted_through_the_whole_file(tmp_path, rows, monkeypatch):
    monkeypatch.setattr("facetrial.data.keypoints_csv._LINES", 2)
    rows.to_csv(tmp_path / "training.csv", index=False)
    frames = read_frames(tmp_path, "training", tmp_path / "cache")
    assert np.allclose(frames.landmarks.flatten(1).numpy() + 1, rows[list(COLUMNS)].to_numpy(), atol=1e-4)
    for what, message in (("outside", "line 5.*nose_tip_x"), ("short", "line 5.*9211")):
        broken(rows, what).to_csv(tmp_path / "training.csv", index=False)
        with pytest.raises(FacetrialError, match=message):
            read_frames(tmp_path, "training", tmp_path / "cache")
    pictures = pd.DataFrame({"ImageId": [7, 3, 12, 1], "Image": rows["Image"][:4]})
    pictures.to_csv(tmp_path / "test.csv", index=False)
    assert read_test_frames(tmp_path, tmp_path / "cache")[1].tolist() == [7, 3, 12, 1]
    pictures.assign(ImageId=[7, 3, 12, 7]).to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(FacetrialError, match="ImageId must hold different"):
        read_test_frames(tmp_path, tmp_path / "cache")


@pytest.mark.parametrize("content", ["\xe9".encode("latin-1"), "a,b".encode("utf-16")])
def test_what_is_no_unicode_is_named(tmp_path, content):
    (tmp_path / "training.csv").write_bytes(content)
    with pytest.raises(FacetrialError, match=r"training\.csv cannot be read as CSV"):
        read_frames(tmp_path, "training", tmp_path / "cache")


@pytest.mark.parametrize("ids", [(1, 3), ("1.0", "3.0"), (-1, 2**53 - 1)])
def test_the_ids_of_test_pictures_are_whole_numbers(tmp_path, rows, ids):
    pd.DataFrame({"ImageId": ids, "Image": rows["Image"][:2]}).to_csv(tmp_path / "test.csv", index=False)
    _, found = read_test_frames(tmp_path, tmp_path / "cache")
    assert found.tolist() == [int(float(number)) for number in ids]


@pytest.mark.parametrize(
    "ids",
    [
        (1, 10**20),
        (1, 2**63),
        (1, -(2**64)),
        (1, 2**53),
        (1, 1.5),
        (1, 1),
        (1, "1.0"),
        (1, "x"),
        (1, ""),
        (1, "inf"),
    ],
)
def test_other_ids_are_refused(tmp_path, rows, ids):
    pd.DataFrame({"ImageId": ids, "Image": rows["Image"][:2]}).to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(FacetrialError, match="ImageId must hold different whole numbers"):
        read_test_frames(tmp_path, tmp_path / "cache")


def test_a_zip_that_does_not_hold_it_is_named(tmp_path):
    (tmp_path / "training.zip").write_bytes(zipped("other.csv", b"1"))
    assert not has_file(tmp_path, "training.csv")
    with pytest.raises(FacetrialError, match=r"training\.zip lies there and does not hold it"):
        read_frames(tmp_path, "training", tmp_path / "cache")


def test_a_file_that_is_there_and_cannot_be_read_is_not_missing(tmp_path):
    (tmp_path / "test.zip").write_bytes(zipped("test.csv", b"x" * 1000)[:-40])
    with pytest.raises(FacetrialError, match=r"test\.zip cannot be read"):
        has_file(tmp_path, "test.csv")


def test_a_broken_zip_is_an_error(tmp_path):
    (tmp_path / "training.zip").write_bytes(zipped("training.csv", b"x" * 1000)[:-40])
    with pytest.raises(FacetrialError, match=r"training\.zip cannot be read"):
        read_frames(tmp_path, "training", tmp_path / "cache")


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


@pytest.mark.real
def test_the_real_rows(shared, tmp_path):
    frames = read_frames(shared / "data" / "facial-keypoints", "test", tmp_path)
    assert frames.images.shape == (664, 1, 96, 96)
    assert frames.landmarks.isnan().all()
