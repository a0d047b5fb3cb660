"""The folder that a trial from Python is given: what another one left there is not taken for this one's."""

import pytest

import facetrial
from facetrial.attacks import DDN, L2, PGD, Attack, Linf, Margin
from facetrial.regions import Everywhere
from facetrial.runtime.finished_files import read_finished


@pytest.fixture(scope="module")
def known():
    embedder = facetrial.load_embedder("small", size=32, channels=4, dimension=8)
    faces = facetrial.draw_faces(embedder, people=3, pictures=4)
    return facetrial.enrol(embedder, faces), faces


def test_what_another_trial_left_goes_into_a_folder_of_its_own(known, tmp_path):
    (tmp_path / "mine.csv").write_text("1")
    smallest = Attack(Everywhere(), L2(4.0), DDN(Margin(), steps=2))
    facetrial.evaluate(*known, smallest, folder=tmp_path, checks={})
    assert (tmp_path / "curve.csv").is_file()
    steps = Attack(Everywhere(), Linf(8.0), PGD(Margin(), steps=2, step=0.25))
    verdict = facetrial.evaluate(*known, steps, folder=tmp_path, checks={})
    assert not (tmp_path / "curve.csv").exists()  # which would be told as this attack's
    assert (tmp_path / "before-1" / "curve.csv").is_file()
    assert (tmp_path / "before-1" / "report.html").is_file()
    found = read_finished(tmp_path)
    assert found.changed(tmp_path) == []
    assert {"summary.json", "verdicts.csv", "report.html"} <= set(found.files)
    assert "mine.csv" not in found.files
    assert (tmp_path / "mine.csv").is_file()
    assert verdict.folder == tmp_path
