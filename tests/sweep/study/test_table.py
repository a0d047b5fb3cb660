"""The study's table: which pictures, people and trials are compared, and what does not fit."""

from dataclasses import replace

import numpy as np
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import wilson
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
        cell = study.cells["Tony Blair", key]
        right = trials[trial][1].loc[own, f"correct_{version}"]
        assert cell.figure == wilson(int(right.sum()), len(right))
        assert cell.beside.value == STUDY_FIGURES["Tony Blair"][key]


def test_rows_and_columns(study):
    assert study.rows == [*STUDY_FIGURES, EVERYBODY]
    further = ["scattered", "adv_raw", "adv_random"]
    assert list(study.columns) == ["raw", "random", "landmarks", "adv", *further]
    assert set(study.cells) == {(row, key) for row in study.rows for key in study.columns}
    assert all(study.cells[EVERYBODY, key].beside is None for key in study.columns)


def test_not_attackable_pictures_are_not_compared(trials):
    (summary, rows), *others = trials
    rows = rows.copy()
    left_out = rows["reached"] & (np.arange(len(rows)) < 30)
    rows.loc[left_out, "status"] = "not_attackable"
    fewer = build_study([(summary, rows), *others])
    assert fewer.n < build_study(trials).n


def test_changed_attacks_keep_their_column(trials):
    changed = [
        (replace(one, chosen=replace(one.chosen, attack_changes={"budget.rms": "0.2"})), rows)
        for one, rows in trials
    ]
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
        build_study([(replace(summary, seed=1), rows), *others])
    with pytest.raises(FacetrialError, match="same pictures"):
        build_study([(summary, rows[3:]), *others])
    with pytest.raises(FacetrialError, match="Jane Doe"):
        build_study(trials, people=["Jane Doe", "Tony Blair"])
    with pytest.raises(FacetrialError, match="no picture on which every attack"):
        build_study([(summary, rows.assign(reached=False)), *others])
    with pytest.raises(FacetrialError, match="same recogniser"):
        build_study([(summary, rows.assign(correct_clean=~rows["correct_clean"])), *others])
