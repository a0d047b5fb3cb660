"""Trials of a sweep, compared picture by picture: those that were planned, and all others."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from facetrial.metrics.flagging import flagging_summary
from facetrial.statistics.paired import holm, mcnemar, paired_difference
from facetrial.sweep.comparisons import compare_trials, comparisons_section
from facetrial.sweep.gather import gather_sweep
from facetrial.sweep.planned import read_plans
from facetrial.sweep.runs import Run, finished_runs
from facetrial.trial.rows import write_rows
from tests.helpers.made_up import about, made_up_rows, made_up_summary
from tests.helpers.sweeps import add_overrides, read_csv, write_trials

PEOPLE = {f"P{i}": 8 for i in range(12)}


def trial(attack, left, seed, people=PEOPLE, **changes):
    rows = made_up_rows(people, left, seed=seed)
    summary = made_up_summary(rows, about(attack=attack, **changes), dict.fromkeys(people, 5))
    return summary, rows


def runs_of(folder, trials, overrides=None):
    runs = []
    for number, (summary, rows) in enumerate(trials):
        run = folder / str(number)
        run.mkdir(parents=True)
        write_rows(rows, run / "verdicts.csv")
        given = (f"attack={summary.attack}",) if overrides is None else overrides[number]
        runs.append(Run(run, given, summary))
    return finished_runs(runs)


def test_every_pair_is_compared(tmp_path):
    trials = [trial("random", 0.9, 0), trial("landmarks", 0.5, 1), trial("scattered", 0.9, 2)]
    table = pd.DataFrame(compare_trials(runs_of(tmp_path, trials)))
    assert table[["first", "second"]].to_numpy().tolist() == [
        ["random / none", "landmarks / none"],
        ["random / none", "scattered / none"],
        ["landmarks / none", "scattered / none"],
    ]
    first, second = (rows["correct_attacked"].to_numpy() for _, rows in trials[:2])
    people = trials[0][1]["identity"].to_numpy()
    line = table.iloc[0]
    assert line["difference"] == pytest.approx(second.mean() - first.mean())
    assert line["difference"] == pytest.approx((line["gains"] - line["losses"]) / line["n"])
    assert line["mcnemar_p"] == mcnemar(first, second)
    assert (line["low"], line["high"]) == (
        (found := paired_difference(first, second, people)).low,
        found.high,
    )
    assert table["differs"].tolist() == [True, False, True]
    assert (table["p_holm"] >= table["p"]).all()


def test_pictures_that_could_not_be_attacked_in_one_are_left_out_and_others_are_not_compared(tmp_path):
    trials = [trial("random", 0.9, 0), trial("landmarks", 0.5, 1), trial("pgd", 0.5, 1, {"P1": 8})]
    trials[1][1].loc[:5, "status"] = "not_attackable"
    table = pd.DataFrame(compare_trials(runs_of(tmp_path, trials)))
    assert table["n"].tolist() == [90]


def test_flagged_pictures_are_left_standing(tmp_path):
    plain, flagging = trial("pgd", 0.4, 0), trial("pgd", 0.4, 1, defense="squeezing")
    rows = flagging[1]
    for version, above in (("clean", 0.95), ("attacked", 0.3), ("8bit", 0.3)):
        rows[f"suspicion_{version}"] = np.random.default_rng(2).random(len(rows))
        rows[f"flagged_{version}"] = rows[f"suspicion_{version}"] > above
    flagging = replace(flagging[0], flagging=flagging_summary(rows, "dodging")), rows
    runs = runs_of(tmp_path / "a", [plain, flagging])
    [line] = compare_trials(runs)
    assert line.left_second == pytest.approx(flagging[0].flagging.stands.value)
    assert line.left_second > flagging[0].robust_accuracy.value
    assert line.left_first == pytest.approx(plain[0].robust_accuracy.value)
    section = comparisons_section(runs)
    assert "recognised or flagged than" in section.sentences[0] + section.sentences[-1]
    assert "counts as recognised" in section.note
    without = comparisons_section(runs_of(tmp_path / "b", [plain, trial("random", 0.9, 2)]))
    assert "flagged" not in " ".join([*without.sentences, without.note])


THREE = [("attack=random", "seed=0"), ("attack=landmarks", "seed=0"), ("attack=scattered", "seed=0")]


def three():
    return [trial("random", 0.9, 0), trial("landmarks", 0.5, 1), trial("scattered", 0.9, 2)]


def test_without_plans_all_pairs_are_said_to_be_exploratory(tmp_path):
    section = comparisons_section(runs_of(tmp_path / "a", three()))
    assert section.sentences[0] == (
        "No comparison was planned, so that all are exploratory: of 3 pairs of trials on the same pictures, 2 differ "
        "after Holm's correction."
    )
    assert section.sentences[1].startswith("The most, picked for it and so likely too large: ")
    assert "after Holm's correction for 3" in section.sentences[1]
    [table] = section.tables
    assert table.title == "Exploratory: all pairs"
    assert table.lines[-1][-1] == "not shown"
    same = [trial("random", 0.9, 0), trial("again", 0.9, 0)]
    [said] = comparisons_section(runs_of(tmp_path / "b", same)).sentences
    assert said.endswith(
        "of 1 pair of trials on the same pictures, none is shown to differ after Holm's correction."
    )
    assert comparisons_section(runs_of(tmp_path / "c", same[:1])) is None


def test_planned_comparisons_are_corrected_among_themselves_and_stand_first(tmp_path):
    runs = runs_of(tmp_path, three(), THREE)
    plans = read_plans(
        [
            {"of": "attack", "against": "random", "each": ["landmarks", "scattered"]},
            {"of": "defense", "against": "none"},
        ]
    )
    found = compare_trials(runs, plans)
    assert [(one.first[:6], one.second[:6], one.planned) for one in found] == [
        ("random", "landma", True),
        ("random", "scatte", True),
        ("landma", "scatte", False),
    ]
    assert [one.p_holm for one in found[:2]] == holm([one.p for one in found[:2]]).tolist()
    assert found[2].p_holm == found[2].p  # alone among the others
    section = comparisons_section(runs, plans)
    count, shown, not_shown, other, missing = section.sentences
    assert count == "Of 2 planned comparisons, 1 is shown to differ."
    assert shown.startswith("Landmarks / none leaves ")
    assert "points fewer recognised than random / none (95 % interval " in shown
    assert "after Holm's correction for 2)" in shown
    assert not_shown.startswith(
        "Scattered / none is not shown to leave fewer or more recognised than random / none"
    )
    assert other.startswith("Exploratory, since nobody planned them: of 1 other pair")
    assert missing == "Planned, but not in this sweep: each of defense against none."
    assert [table.title for table in section.tables] == [
        "Planned comparisons",
        "Exploratory: all other pairs",
    ]


def test_a_planned_comparison_that_was_not_made_is_told(tmp_path):
    """It would otherwise be missing from those that p is corrected for, without a word."""
    trials = [*three()[:2], trial("scattered", 0.9, 2, {"P1": 8})]
    finished = runs_of(tmp_path, trials, THREE)
    started = [
        *(Run(run.folder, run.overrides, run.summary) for run in finished),
        Run(tmp_path / "3", ("attack=pgd", "seed=0"), None, "out of memory"),
    ]
    plans = read_plans(
        [{"of": "attack", "against": "random", "each": ["landmarks", "scattered", "pgd", "fmn"]}]
    )
    *_, absent, lost = comparisons_section(finished, plans, started).sentences
    assert absent == "Planned, but not in this sweep: fmn of attack against random."
    assert lost == (
        "Planned, but not compared, since one of both has not finished or they share no picture that was attacked: "
        "attack=scattered with attack=random; attack=pgd with attack=random."
    )


def test_many_planned_comparisons_are_counted_and_the_largest_is_told(tmp_path):
    trials = [trial("pgd", 0.2, 0)] + [
        trial("pgd", 0.5, n, defense=f"d{n}", trained=(f"d{n}",)) for n in range(1, 11)
    ]
    overrides = [(f"defense={summary.defense}",) for summary, _ in trials]
    section = comparisons_section(
        runs_of(tmp_path, trials, overrides), read_plans([{"of": "defense", "against": "none"}])
    )
    assert (
        section.sentences[0] == "Of 10 planned comparisons, 10 are shown to differ after Holm's correction."
    )
    assert section.sentences[1].startswith("The most: pgd / d")
    assert "one training run; another may come out otherwise" in section.sentences[1]
    assert len(section.tables[0].lines) == 10


def test_a_sweep_leaves_them(tmp_path):
    trials = [trial("random", 0.9, 0, synthetic=True), trial("landmarks", 0.5, 1, synthetic=True)]
    for run, summary in write_trials(tmp_path, trials, lambda number, _: str(number)):
        add_overrides(run, f"attack={summary.attack}")
    gather_sweep(tmp_path)
    [line] = read_csv(tmp_path / "comparisons.csv")
    assert line["synthetic"] == "True"
    assert "picture by picture" in (tmp_path / "report.html").read_text()


def test_names_tell_runs_apart(tmp_path):
    overrides = [("attack=random", "seed=0", "data=lfw"), ("attack=random", "seed=1", "data=lfw")]
    trials = [trial("random", 0.9, 0), trial("random", 0.9, 1)]
    assert [run.name for run in runs_of(tmp_path, trials, overrides)] == [
        "random / none, seed=0",
        "random / none, seed=1",
    ]
