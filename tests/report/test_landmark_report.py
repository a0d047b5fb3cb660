"""The report of a landmark training, made from what lies in its folder."""

from dataclasses import replace

import pytest
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.core.plain import write_json
from facetrial.faces.landmark_names import LANDMARK_NAMES
from facetrial.landmarks.outcome import EVENLY, FIGURES, WORST, Epoch, LandmarkOutcome
from facetrial.landmarks.scores import Rmse
from facetrial.report.landmark_report import write_landmark_report

NAMES = ("all", *LANDMARK_NAMES)
OUTCOME = LandmarkOutcome(
    synthetic=False,
    trained_on=2500,
    seen=False,
    rmse={name: Rmse(2.0, 1.8, 2.2, 150, 100) for name in NAMES},
    series={name: Rmse(1.5, 1.4, 1.6, 300, 200) for name in NAMES},
    learning=[Epoch(1, 5.0, 4.0), Epoch(2, 3.0, 2.0)],
)


def report(folder, outcome: LandmarkOutcome) -> str:
    write_json(outcome, folder / FIGURES)
    for name in (EVENLY, WORST):
        Image.new("RGB", (40, 20)).save(folder / name)
    return write_landmark_report(folder).read_text()


def test_both_kinds_stand_beside_one_another(tmp_path):
    page = report(tmp_path, OUTCOME)
    assert "2.00 [1.80, 2.20] pixels (RMSE, n = 100)" in page
    assert "a gap of +0.50 pixels" in page
    assert "drawn faces" not in page
    for chart in ("error_by_point", "learning"):
        assert (tmp_path / f"{chart}.png").stat().st_size > 5_000
        assert (tmp_path / f"{chart}.svg").is_file()


def test_drawn_faces_have_one_kind_and_a_banner(tmp_path):
    nothing = Rmse(None, None, None, 0, 0)
    scores = {name: nothing if name == "nose_tip" else Rmse(1.0, None, None, 1, 1) for name in NAMES}
    page = report(tmp_path, replace(OUTCOME, synthetic=True, series=None, rmse=scores))
    assert "nothing here holds for photographs" in page
    assert "pictures held out" in page
    assert "series" not in page.split("</header>")[0]


def test_what_was_trained_on_is_not_called_unseen(tmp_path):
    page = report(tmp_path, replace(OUTCOME, seen=True, series=None))
    assert "off on pictures it was trained on" in page
    assert "No picture was held out" in page
    assert "it has not seen</h1>" not in page
    assert "pictures held out" not in page


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(FacetrialError, match=r"landmarks\.json"):
        write_landmark_report(tmp_path)
