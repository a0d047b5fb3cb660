"""Finished trials of a sweep, made up."""

import csv

from facetrial.core.plain import write_json
from facetrial.sweep.study.table import STUDY_FIGURES
from facetrial.trial.rows import write_rows
from tests.helpers.made_up import about, made_up_rows, made_up_summary

PEOPLE = dict(zip(STUDY_FIGURES, (40, 8, 6, 20, 9), strict=True)) | {f"P{i}": 4 for i in range(20)}


ACCURACIES = {
    ("random", "none"): 0.9,
    ("landmarks", "none"): 0.6,
    ("scattered", "none"): 0.6,
    ("random", "adv_landmarks"): 0.9,
    ("landmarks", "adv_landmarks"): 0.8,
}


def made_up_trials(**changes) -> list:
    trials = []
    for number, ((attack, defense), accuracy) in enumerate(ACCURACIES.items()):
        rows = made_up_rows(PEOPLE, accuracy, seed=number, out_of_reach=0.05)
        n_train = {name: 3 * count for name, count in PEOPLE.items()}
        summary = made_up_summary(rows, about(attack=attack, defense=defense), n_train, **changes)
        trials.append((summary, rows))
    return trials


def write_trials(folder, trials, name):
    for number, (summary, rows) in enumerate(trials):
        run = folder / name(number, summary)
        run.mkdir(parents=True)
        write_json(summary, run / "summary.json")
        write_rows(rows, run / "verdicts.csv")
        yield run, summary


def add_overrides(run, *overrides):
    (run / ".hydra").mkdir(parents=True)
    (run / ".hydra" / "overrides.yaml").write_text("".join(f"- {o}\n" for o in overrides))


def read_csv(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))
