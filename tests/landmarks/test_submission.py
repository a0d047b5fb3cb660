"""Kaggle's scores, and a submission that answers what its table asks for."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.data.keypoints_csv import COLUMNS
from facetrial.landmarks.inference import find_in_frames
from facetrial.landmarks.network import StudyNetwork
from facetrial.landmarks.submission import asked_in, write_submission


class Shows(StudyNetwork):
    """Finds the mean shape, moved down by the mean light of the picture."""

    def forward(self, images):
        return self.mean_shape + images.mean((1, 2, 3))[:, None, None] * torch.tensor([0.0, 4.0])


LIGHT = {7: 10, 3: 120, 12: 250}  # of the test pictures, by ImageId, in the order of the file


@pytest.fixture
def competition(tmp_path) -> Path:
    """Test pictures of one light each, and a table that asks for their points out of order."""
    pictures = [" ".join([str(light)] * 96 * 96) for light in LIGHT.values()]
    pd.DataFrame({"ImageId": list(LIGHT), "Image": pictures}).to_csv(tmp_path / "test.csv", index=False)
    wanted = pd.DataFrame([(image, name) for name in COLUMNS for image in sorted(LIGHT)])
    wanted.columns = ["ImageId", "FeatureName"]
    wanted.insert(0, "RowId", range(100, 100 + len(wanted)))
    wanted.sample(frac=1, random_state=0).to_csv(tmp_path / "IdLookupTable.csv", index=False)
    return tmp_path


def submitted(folder: Path) -> pd.DataFrame:
    asked = asked_in(folder, folder / "cache")
    write_submission(asked, Shows().eval(), folder / "submission.csv")
    return pd.read_csv(folder / "submission.csv")


def check_answers(folder: Path, answers: pd.DataFrame) -> None:
    wanted = pd.read_csv(folder / "IdLookupTable.csv")
    assert answers["RowId"].tolist() == wanted["RowId"].tolist()
    for (_, row), answer in zip(wanted.iterrows(), answers["Location"], strict=True):
        expected = dict(zip(COLUMNS, found_in_light(LIGHT[row["ImageId"]]).flatten(), strict=True))
        assert answer == pytest.approx(expected[row["FeatureName"]] + 1, abs=1e-3)


def found_in_light(light: int) -> np.ndarray:
    frames = torch.full((1, 1, 96, 96), light / 255)
    return find_in_frames(Shows().eval(), frames)[0].numpy()


def test_the_submission_answers_what_was_asked(competition):
    answers = submitted(competition)
    check_answers(competition, answers)
    assert answers["Location"].nunique() > 30  # the answers tell the pictures apart


def test_a_submission_from_kaggles_outer_zip(competition, tmp_path_factory):
    folder = tmp_path_factory.mktemp("zipped")
    inner = folder / "test.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.write(competition / "test.csv", "test.csv")
    with zipfile.ZipFile(folder / "facial-keypoints-detection.zip", "w") as archive:
        archive.write(inner, "test.zip")
        archive.write(competition / "IdLookupTable.csv", "IdLookupTable.csv")
    inner.unlink()
    check_answers(competition, submitted(folder))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.assign(ImageId=99), "asks for ImageId 99; none of the 3 test pictures"),
        (lambda t: t.assign(ImageId=np.nan), "asks for ImageId nan"),
        (lambda t: t.assign(FeatureName="left_ear_x"), "asks for 'left_ear_x'"),
        (
            lambda t: t.assign(FeatureName=[None, *t["FeatureName"][1:-1], "left_ear_x"]),
            "asks for 'left_ear_x'",
        ),
        (lambda t: t.assign(FeatureName=[None, *t["FeatureName"][1:]]), "asks for 'nan'"),
        (lambda t: t.drop(columns="ImageId"), "lacks the column"),
        (lambda t: t.assign(RowId=[None, *t["RowId"][1:]]), "a RowId of its own"),
        (lambda t: t.assign(RowId=[t["RowId"].iloc[-1], *t["RowId"][1:]]), "a RowId of its own"),
        (lambda t: t.iloc[:0, :0], "cannot be read as CSV"),
    ],
)
def test_a_lookup_table_that_does_not_fit(competition, spoil, message):
    path = competition / "IdLookupTable.csv"
    spoil(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(FacetrialError, match=message):
        asked_in(competition, competition / "cache")


def test_without_a_test_set_there_is_no_submission(tmp_path):
    assert asked_in(tmp_path, tmp_path / "cache") is None
