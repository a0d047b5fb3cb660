"""Attacked pictures go on every path, once, and what comes of it adds up."""

import numpy as np
import pandas as pd
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.metrics.physical import physical_summary
from facetrial.report.sections.physical import physical_section
from facetrial.statistics.intervals import rate_over_people
from facetrial.trial.physical.channels import FoundAgain, Saved
from facetrial.trial.physical.resend import NOT_FOUND, Sending
from facetrial.trial.shards import Shards
from facetrial.trial.verdicts import verdict_rows
from tests.helpers.sent import bytes_of, drawn_faces, strong, victim_of

PATHS = {"png": Saved("PNG"), "jpeg_5": Saved("JPEG", 5), "found_again": FoundAgain(Saved("PNG"))}


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """Faces, victim, rows, and shards with the attacked pictures: one of them is all grey, so that it has no face."""
    faces = drawn_faces()
    victim, test = victim_of(faces), faces.test_faces
    batch = test.batch(range(len(test)))
    attacked = strong()(victim, batch, 0)
    attacked.images[0] = 0.5
    rows = verdict_rows(victim, batch, attacked, faces.names, test.files)
    shards = Shards(tmp_path_factory.mktemp("shards"))
    for file, pixels in zip(test.files, bytes_of(attacked.images), strict=True):
        shards.write_saved(file, pixels)
    return faces, victim, rows, shards


@pytest.fixture(scope="module")
def found(trial) -> pd.DataFrame:
    faces, victim, rows, shards = trial
    return Sending(PATHS)(victim, faces, rows, shards, torch.device("cpu"))


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


class TestFigures:
    def test_they_are_rates_of_the_rows(self, trial, found):
        faces, _, rows, _ = trial
        physical = physical_summary(rows, found, Sending(PATHS).labels, "dodging", faces.alignment)
        assert [path["path"] for path in physical["paths"]] == ["float32", *PATHS]
        people = found["identity"].to_numpy()
        for path in physical["paths"][1:]:
            right = {
                v: found[f"correct_{v}_{path['path']}"].to_numpy(dtype=bool) for v in ("clean", "attacked")
            }
            assert path["clean"] == rate_over_people(right["clean"], people).as_dict()
            assert path["attacked"] == rate_over_people(right["attacked"], people).as_dict()
            assert path["success"]["n"] == right["clean"].sum()
            assert path["success"]["value"] == (~right["attacked"])[right["clean"]].mean()
        again = physical["paths"][-1]
        assert again["not_found_attacked"]["value"] == (~found["found_attacked_found_again"]).mean() > 0
        assert again["not_found_clean"]["value"] == 0
        assert physical["paths"][0]["success"]["value"] == (~rows["correct_attacked"]).mean()

    def test_success_of_impersonation_is_being_taken_for_the_target(self):
        rows = pd.DataFrame(
            {
                "file": list("abcd"), "identity": ["A"] * 4, "status": ["attacked"] * 4, "target": ["B"] * 4,
                "predicted_clean": ["A", "A", "A", "B"], "correct_clean": [True, True, True, False],
                "predicted_attacked": ["B", "B", "C", "B"], "correct_attacked": [False] * 4,
            }
        )  # fmt: skip
        sent = rows[["file", "identity"]].assign(
            predicted_clean_png=["A", "B", "A", "A"], correct_clean_png=[True, False, True, True],
            predicted_attacked_png=["B", "B", NOT_FOUND, "A"], correct_attacked_png=[False, False, False, True],
            found_clean_png=True, found_attacked_png=[True, True, False, True],
        )  # fmt: skip
        first, png = physical_summary(rows, sent, {"png": "PNG"}, "impersonation", None)["paths"]
        assert (first["success"]["value"], first["success"]["n"]) == (pytest.approx(2 / 3), 3)
        assert (png["success"]["value"], png["success"]["n"]) == (pytest.approx(1 / 3), 3)
        assert png["not_found_attacked"]["value"] == 0.25


def test_the_section_says_what_the_figures_say(trial, found):
    physical = physical_summary(trial[2], found, Sending(PATHS).labels, "dodging", None)
    physical["paths"][2]["clean"] = {"value": 0.5, "low": 0.2, "high": 0.8, "n": 6}
    section = physical_section({"physical": physical})
    labels = ["float32", "PNG", "JPEG 5", "found again (PNG)"]
    assert [line[0] for line in section.tables[0].lines] == labels
    assert all(list(series.x) == labels for series in section.charts[0].series)
    text = " ".join(section.sentences)
    assert "as JPEG 5" in text
    assert "Found again (PNG): no face is found in" in text
    assert "JPEG 5: of the clean pictures, too, only 50.0 %" in text
    assert "not cut anew" in section.note
    assert all(np.isfinite(y) for series in section.charts[0].series for y in series.y)


def test_trials_without_it_have_no_section():
    assert physical_section({}) is None
