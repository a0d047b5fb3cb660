import csv
import io

import numpy as np
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import wilson
from facetrial.sweep.study.files import cells_csv, study_markdown, write_study
from facetrial.sweep.study.table import EVERYBODY, STUDY_FIGURES, build_study
from tests.helpers.sweeps import made_up_trials


@pytest.fixture(scope="module")
def trials():
    return made_up_trials()


@pytest.fixture(scope="module")
def study(trials):
    return build_study(trials)


def test_cells_are_of_the_pictures_that_every_attack_reached(trials, study):
    reached = np.logical_and.reduce([rows["reached"] for _, rows in trials])
    assert (study.n, study.n_tested) == (reached.sum(), len(reached))
    assert study.n < study.n_tested
    own = reached & (trials[0][1]["identity"] == "Tony Blair").to_numpy()
    columns = {
        "raw": (0, "clean"),
        "random": (0, "attacked"),
        "landmarks": (1, "attacked"),
        "adv": (4, "attacked"),
    }
    for key, (trial, version) in columns.items():
        cell = next(c for c in study.cells if c.person == "Tony Blair" and c.column.key == key)
        right = trials[trial][1].loc[own, f"correct_{version}"]
        assert cell.figure == wilson(int(right.sum()), len(right))
        assert cell.study == STUDY_FIGURES["Tony Blair"][key]


def test_rows_and_columns(study):
    assert [c.person for c in study.cells[::4]] == [*STUDY_FIGURES, EVERYBODY]
    assert [c.column.key for c in study.cells[:4]] == ["raw", "random", "landmarks", "adv"]
    assert {c.column.key for c in study.further} == {"scattered", "adv_raw", "adv_random"}
    assert all(c.study is None for c in study.cells if c.person == EVERYBODY)


def test_not_attackable_pictures_are_not_compared(trials):
    (summary, rows), *others = trials
    rows = rows.copy()
    left_out = rows["reached"] & (np.arange(len(rows)) < 30)
    rows.loc[left_out, "status"] = "not_attackable"
    fewer = build_study([(summary, rows), *others])
    assert fewer.n < build_study(trials).n


def test_sentences_say_what_the_intervals_allow(study):
    by_pair = {(c.second.key, c.first.key): c for c in study.comparisons}
    claim = by_pair["landmarks", "random"]
    assert claim.difference.high < 0
    assert claim.p < 0.001
    assert "points lower than under the same noise all over" in claim.sentence
    assert claim.sentence.endswith("holds here.")
    undecided = by_pair["landmarks", "scattered"]
    assert undecided.difference.low < 0 < undecided.difference.high
    assert undecided.sentence.startswith("These pictures do not decide")
    assert "points higher than without it" in by_pair["adv", "landmarks"].sentence
    assert set(by_pair) == {
        ("landmarks", "random"),
        ("landmarks", "scattered"),
        ("scattered", "random"),
        ("adv", "landmarks"),
        ("adv_random", "random"),
        ("adv_raw", "raw"),
    }


def test_claim_that_fails_is_said_to_fail(trials):
    turned = [
        (
            summary
            | {"attack": {"random": "landmarks", "landmarks": "random"}.get(summary["attack"], "scattered")},
            rows,
        )
        for summary, rows in trials
    ]
    claim = build_study(turned).comparisons[0]
    assert "does not hold here" in claim.sentence


def test_written_files(study, tmp_path):
    written = write_study(study, tmp_path)
    names = {"study.md", "study.csv", "study_comparisons.csv", "study.png", "study.svg"}
    assert {path.name for path in written} == {path.name for path in tmp_path.iterdir()} == names
    text = (tmp_path / "study.md").read_text()
    assert "study 0.625" in text
    assert f"the {study.n} of {study.n_tested} test pictures" in text
    lines = list(csv.DictReader(io.StringIO((tmp_path / "study.csv").read_text())))
    assert len(lines) == 6 * 7
    first = lines[0]
    assert (first["person"], first["column"], float(first["study"])) == ("George W Bush", "raw", 0.98)
    assert float(first["value"]) == study.cells[0].figure.value


def test_synthetic_table_takes_the_people_with_most_pictures_and_is_marked():
    study = build_study(made_up_trials(synthetic=True, data="synthetic", limit=50))
    assert study.people[:2] == ["George W Bush", "Tony Blair"]
    assert all(cell.study is None for cell in study.cells)
    text = study_markdown(study)
    assert "> **Synthetic" in text
    assert "data.limit=50" in text
    assert "study 0." not in text
    assert all(line["synthetic"] == "True" for line in csv.DictReader(io.StringIO(cells_csv(study))))


def test_how_the_noise_level_was_found_is_told():
    level = {"rms": 0.123, "costs_enough": 0.2, "still_reached": 0.123, "wanted_cost": 0.258, "cost": 0.11}
    level |= {"people": {"Tony Blair": 9, "Bill Clinton": 4}, "pictures": 486}
    text = study_markdown(build_study(made_up_trials(noise_level=level)))
    assert "RMS 0.1230" in text
    assert "2 people (13 pictures)" in text
    assert "validation" not in study_markdown(build_study(made_up_trials()))


def test_changed_attacks_keep_their_column(trials):
    changed = [(s | {"attack": f"{s['attack']} (budget.rms=0.2)"}, rows) for s, rows in trials]
    assert build_study(changed).cells == build_study(trials).cells
    with pytest.raises(FacetrialError, match=r"budget\.rms=0\.2"):
        build_study([changed[0], *trials[1:]])


def test_what_does_not_fit_is_named(trials):
    with pytest.raises(FacetrialError, match="lacks attack=landmarks defense=adv_landmarks"):
        build_study(trials[:4])
    with pytest.raises(FacetrialError, match="two trials of attack=random defense=none"):
        build_study([*trials, trials[0]])
    (summary, rows), *others = trials
    with pytest.raises(FacetrialError, match="share seed"):
        build_study([(summary | {"seed": 1}, rows), *others])
    with pytest.raises(FacetrialError, match="same pictures"):
        build_study([(summary, rows[3:]), *others])
    with pytest.raises(FacetrialError, match="Jane Doe"):
        build_study(trials, people=["Jane Doe", "Tony Blair"])
    with pytest.raises(FacetrialError, match="no picture on which every attack"):
        build_study([(summary, rows.assign(reached=False)), *others])
    with pytest.raises(FacetrialError, match="same recogniser"):
        build_study([(summary, rows.assign(correct_clean=~rows["correct_clean"])), *others])
