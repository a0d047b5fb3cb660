"""The files of a study's table."""

import csv
import io

import pytest

from facetrial.metrics.parts import NoiseLevel
from facetrial.sweep.study.files import cells_csv, study_markdown, write_study
from facetrial.sweep.study.table import build_study
from tests.helpers.sweeps import made_up_trials


@pytest.fixture(scope="module")
def trials():
    return made_up_trials()


@pytest.fixture(scope="module")
def study(trials):
    return build_study(trials)


def test_written_files(study, tmp_path):
    written = write_study(study, tmp_path)
    names = {"study.md", "study.csv", "study_comparisons.csv", "study.png", "study.svg"}
    assert {path.name for path in written} == {path.name for path in tmp_path.iterdir()} == names
    text = (tmp_path / "study.md").read_text()
    assert ", study 62.5%)" in text
    assert f"the {study.n} of {study.n_tested} test pictures" in text
    lines = list(csv.DictReader(io.StringIO((tmp_path / "study.csv").read_text())))
    assert len(lines) == 6 * 7
    first = lines[0]
    assert (first["person"], first["column"], float(first["study"])) == ("George W Bush", "raw", 0.98)
    assert float(first["value"]) == study.cells["George W Bush", "raw"].figure.value


def test_synthetic_table_takes_the_people_with_most_pictures_and_is_marked():
    study = build_study(made_up_trials(synthetic=True, data="synthetic", limit=50))
    assert study.rows[:2] == ["George W Bush", "Tony Blair"]
    assert all(cell.beside is None for cell in study.cells.values())
    text = study_markdown(study)
    assert "> **Synthetic" in text
    assert "data.limit=50" in text
    assert ", study " not in text
    assert all(line["synthetic"] == "True" for line in csv.DictReader(io.StringIO(cells_csv(study))))


def test_how_the_noise_level_was_found_is_told():
    level = NoiseLevel(0.123, 0.2, 0.123, 0.258, 0.11, {"Tony Blair": 9, "Bill Clinton": 4}, 486)
    text = study_markdown(build_study(made_up_trials(noise_level=level)))
    assert "RMS 0.1230" in text
    assert "2 people (13 pictures)" in text
    assert "validation" not in study_markdown(build_study(made_up_trials()))
