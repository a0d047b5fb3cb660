"""What a training brings, over people and over trainings."""

from dataclasses import replace

import pytest

from facetrial.metrics.parts import Outcome
from facetrial.statistics.paired import paired_test
from facetrial.sweep.runs import Run, finished_runs
from facetrial.sweep.training import compare_trained, training_section
from facetrial.trial.rows import write_rows
from tests.helpers.made_up import about, made_up_rows, made_up_summary

PEOPLE = {f"P{i}": 8 for i in range(14)}


def runs_of(folder, left, attack="random"):
    """Trials by defence and seed, of which that share is left."""
    runs = []
    for number, ((defense, seed), share) in enumerate(left.items()):
        trained = (defense,) if defense.startswith("adv") else ()
        rows = made_up_rows(PEOPLE, share, clean=1.0, seed=number)
        told = about(attack=attack, defense=defense, seed=seed, trained=trained)
        run = folder / str(number)
        run.mkdir(parents=True)
        write_rows(rows, run / "verdicts.csv")
        overrides = (f"attack={attack}", f"defense={defense}", f"seed={seed}", "data=lfw")
        runs.append(Run(run, overrides, made_up_summary(rows, told, dict.fromkeys(PEOPLE, 5))))
    return finished_runs(runs)


def test_several_seeds_give_an_interval_over_trainings(tmp_path):
    left = {("none", seed): 0.5 for seed in range(4)} | {("adv", seed): 0.8 for seed in range(4)}
    runs = runs_of(tmp_path, left)
    [found] = compare_trained(runs)
    assert list(found.by_seed) == ["0", "1", "2", "3"]
    assert found.over_runs.value == pytest.approx(sum(found.by_seed.values()) / 4)
    assert found.over_runs.n == 4
    assert found.over_people.n == 4 * len(runs[0].rows)
    section = training_section(runs)
    [said] = section.sentences
    assert said.startswith("Under random, training by adv leaves ")
    assert "points more recognised than none (95 % interval over 4 training runs " in said
    assert "; over people +" in said
    [line] = section.tables[0].lines
    assert line[:3] == ["random", "adv", 4]
    assert line[5].count(",") == 3


def test_what_holds_of_these_people_alone_or_of_one_training_is_not_claimed(tmp_path):
    several = {("none", s): 0.5 for s in range(4)} | {
        ("adv", s): share for s, share in enumerate((0.9, 0.2, 0.8, 0.4))
    }
    [said] = training_section(runs_of(tmp_path / "a", several)).sentences
    assert "training by adv is not shown to leave fewer or more recognised than none" in said
    one = training_section(runs_of(tmp_path / "b", {("none", 0): 0.3, ("adv", 0): 0.9}))
    [said] = one.sentences
    assert said.startswith("1 of 1 differences rest on one training run; another may come out otherwise.")
    [line] = one.tables[0].lines
    assert line[4] is None


def test_a_training_that_is_not_trusted_is_called_so(tmp_path):
    left = {("none", seed): 0.5 for seed in range(2)} | {("adv", seed): 0.8 for seed in range(2)}
    runs = runs_of(tmp_path, left)
    checks = {"recognises": Outcome(False, "nobody is recognised")}
    runs[3] = replace(runs[3], summary=replace(runs[3].summary, checks=checks, trusted=False))
    section = training_section(runs)
    assert "training by adv (not trusted)" in section.sentences[0]
    assert section.tables[0].lines[0][1] == "adv (not trusted)"


def test_one_seed_is_tested_over_people(tmp_path):
    runs = runs_of(tmp_path, {("none", 0): 0.3, ("adv", 0): 0.9, ("jpeg", 0): 0.9})
    [found] = compare_trained(runs)
    before, after = (run.rows["correct_attacked"].to_numpy() for run in runs[:2])
    assert (found.over_people, found.p) == paired_test(before, after, runs[0].rows["identity"].to_numpy())


def test_none_to_compare_with(tmp_path):
    assert training_section(runs_of(tmp_path / "a", {("none", 0): 0.3, ("jpeg", 0): 0.9})) is None
    assert training_section(runs_of(tmp_path / "b", {("none", 1): 0.3, ("adv", 0): 0.9})) is None
