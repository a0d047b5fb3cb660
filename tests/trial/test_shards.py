"""What a trial keeps comes back from disk as it was, or is gone, to be made again."""

import numpy as np
import pandas as pd
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.trial.rows import at_stake
from facetrial.trial.shards import Shards
from tests.helpers.made_up import made_up_rows


def test_people_whose_names_are_numbers_stay_names(tmp_path):
    rows = pd.DataFrame(
        {
            "file": ["0001/1.jpg", "0001/2.jpg"],
            "identity": ["0001", "0001"],
            "target": ["0002", "0002"],
            "predicted_clean": ["0001", "0001"],
            "predicted_attacked": ["0002", "0002"],
            "predicted_jpeg_95": ["0002", "0001"],
            "correct_clean": [True, True],
            "correct_attacked": [False, False],
        }
    )
    shards = Shards(tmp_path)
    shards.write(rows)
    read = shards.read()
    pd.testing.assert_frame_equal(read, rows)
    assert at_stake(read, "impersonation")[1].all()


@pytest.fixture
def rows():
    return made_up_rows({"Ann": 4, "Bob": 3}, attacked=0.5).sort_values("file", ignore_index=True)


class TestDamaged:
    """A damaged file is removed, with a word; what the others hold stays."""

    @pytest.fixture
    def shards(self, tmp_path, rows):
        shards = Shards(tmp_path)
        for _, part in rows.groupby("identity"):
            shards.write(part)
        return shards

    def test_a_flipped_letter_counts_for_none_of_the_batch(self, shards, rows, caplog):
        (path,) = shards.folder.glob("rows-*-4.csv")
        path.write_text(path.read_text().replace("True", "Trud", 1))
        read = shards.read()
        pd.testing.assert_frame_equal(read, rows[rows["identity"] == "Bob"].reset_index(drop=True))
        assert f"{path} is damaged" in caplog.text
        assert not path.exists()

    def test_wherever_it_is_cut_no_row_is_half(self, shards, rows):
        (path,) = shards.folder.glob("rows-*-4.csv")
        whole = path.read_bytes()
        for length in range(0, len(whole), 7):
            path.write_bytes(whole[:length])
            assert set(shards.read()["identity"]) == {"Bob"}

    def test_rows_that_are_gone_while_the_trial_runs_are_missed(self, shards, rows):
        pd.testing.assert_frame_equal(shards.rows_of(rows["file"].tolist()), rows)
        assert shards.rows_of(["Ann/Ann_0002.jpg"])["file"].tolist() == ["Ann/Ann_0002.jpg"]
        next(shards.folder.glob("rows-*-4.csv")).unlink()
        with pytest.raises(
            FacetrialError, match=r"lost the rows of 4 of 7 pictures, such as Ann/Ann_0000\.jpg"
        ):
            shards.rows_of(rows["file"].tolist())

    def test_pictures(self, shards):
        picture = np.linspace(0, 1, 3 * 20 * 20, dtype=np.float32).reshape(3, 20, 20)
        shards.write_picture("Ann/1", picture, 1 - picture)
        shards.write_saved("Ann/1", (picture * 255).astype(np.uint8).transpose(1, 2, 0))
        assert shards.has_saved("Ann/1")
        assert np.array_equal(shards.read_picture("Ann/1")[1], 1 - picture)
        for path in [*shards.folder.glob("showcase/*"), *shards.folder.glob("saved/*")]:
            path.write_bytes(path.read_bytes().replace(b"IDAT", b"IDAU").replace(b"clean", b"cleam"))
        assert not shards.has_saved("Ann/1")
        assert shards.read_picture("Ann/1") is None

    def test_to_keep_none_is_to_remove_all(self, shards, rows):
        shards.compact(rows[:0])
        assert list(shards.folder.iterdir()) == []
        assert len(shards.read()) == 0
