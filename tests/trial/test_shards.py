"""Rows that come back from disk as they were."""

import pandas as pd

from facetrial.trial.rows import at_stake
from facetrial.trial.shards import Shards


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
