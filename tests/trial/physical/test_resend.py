"""Attacked pictures go on every path, once, and what comes of it adds up."""

import numpy as np
import pandas as pd
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.trial.physical.channels import Saved
from facetrial.trial.physical.resend import NOT_FOUND, Sending, _judged
from facetrial.trial.rows import ABSTAINED
from tests.helpers.sent import PATHS, sent, sent_trial


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    return sent_trial(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def found(trial) -> pd.DataFrame:
    return sent(trial)


def test_a_file_without_loss_gives_the_verdict_in_8_bits(trial, found):
    rows = trial[2]
    assert found["file"].tolist() == sorted(rows["file"])
    known = rows.set_index("file").loc[found["file"]]
    assert rows["correct_clean"].all()
    assert (~known["correct_8bit"]).sum() > 0
    for version, column in (("clean", "clean"), ("attacked", "8bit")):
        assert found[f"predicted_{version}_png"].tolist() == known[f"predicted_{column}"].tolist()
        assert found[f"correct_{version}_png"].tolist() == known[f"correct_{column}"].tolist()


def test_a_picture_without_a_face_is_told_and_is_not_recognised(trial, found):
    grey = found["file"] == trial[2]["file"][0]
    assert not found.loc[grey, "found_attacked_found_again"].any()
    assert (found.loc[grey, "predicted_attacked_found_again"] == NOT_FOUND).all()
    assert not found.loc[grey, "correct_attacked_found_again"].any()
    assert found["found_clean_found_again"].all()
    assert found["found_attacked_jpeg_5"].all()


def test_what_was_sent_is_not_sent_again(trial, found):
    faces, victim, rows, shards = trial

    class Broken(Saved):
        def __call__(self, sent):
            raise AssertionError("sent again")

    paths = {name: path for name, path in PATHS.items()}
    paths["png"] = Broken("PNG")
    again = Sending(paths)(victim, faces, rows, shards, torch.device("cpu"))
    pd.testing.assert_frame_equal(again, found)
    with pytest.raises(AssertionError, match="sent again"):
        Sending(paths)(victim, faces, rows, shards, torch.device("cpu"), resume=False)
    (kept,) = shards.folder.glob("physical-*/rows-*.csv")
    whole = kept.read_text()
    kept.write_text("\n".join(whole.splitlines()[:4]) + "\n")
    sent = Sending(PATHS)(victim, faces, rows, shards, torch.device("cpu"))
    pd.testing.assert_frame_equal(sent, found)


def test_pictures_that_could_not_be_attacked_are_not_sent(trial):
    faces, victim, rows, shards = trial
    fewer = rows.assign(status=["not_attackable", *rows["status"][1:]])
    sent = Sending({"png": PATHS["png"]})(victim, faces, fewer, shards, torch.device("cpu"))
    assert len(sent) == len(rows) - 1


def test_no_path():
    with pytest.raises(FacetrialError, match="at least one path"):
        Sending({})


def test_no_answer_is_nobodys():
    """The first person would be named, and be right of their own pictures."""

    def silent(images):
        return torch.full((len(images), 3), torch.nan)

    crops = np.zeros((2, 4, 4, 3), np.uint8)
    found, identities = np.array([True, True]), np.array([0, 2])
    said = _judged(silent, crops, found, identities, ["a", "b", "c"], torch.device("cpu"))
    assert said == ([ABSTAINED] * 2, [False] * 2)
