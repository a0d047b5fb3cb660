"""The table of defences: which trials meet in a cell, and that none is left out."""

import csv
import io
from dataclasses import replace

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.metrics.parts import Outcome
from facetrial.sweep.defenses.files import defenses_csv, defenses_markdown
from facetrial.sweep.defenses.table import build_defense_table, build_defense_tables
from tests.helpers.defended import defended_trials, sweep_of, trial


@pytest.fixture
def summaries():
    return defended_trials()


def test_naive_and_adaptive_share_a_cell(summaries):
    table = build_defense_table(summaries)
    assert table.rows == ["none", "jpeg", "squeezing"]
    assert list(table.columns) == ["pgd", "random"]
    cell = table.cells["jpeg", "pgd"]
    assert cell.figure == summaries[0].robust_accuracy
    assert cell.beside == summaries[1].robust_accuracy
    assert table.cells["none", "pgd"].beside is None
    assert ("jpeg", "random") not in table.cells


def test_an_attack_of_its_own_config_may_be_the_naive_one():
    summaries = [trial("pgd", "jpeg", 0.3), trial("naive_pgd", "jpeg", 0.9, naive=True)]
    table = build_defense_table(summaries)
    assert list(table.columns) == ["pgd"]
    assert table.cells["jpeg", "pgd"].figure == summaries[0].robust_accuracy
    assert table.cells["jpeg", "pgd"].beside == summaries[1].robust_accuracy
    # Whatever it is called, it is not shown as one that knows the defence.
    other = build_defense_table([summaries[0], trial("my_attack", "jpeg", 0.9, naive=True)])
    assert other.cells["jpeg", "my_attack"].figure is None


def test_settings_of_a_defence_are_lines_of_their_own():
    runs = sweep_of(
        *((trial("pgd", "jpeg", left, defense_changes={"jpeg.quality": quality}), "defense=jpeg",
           f"defense.jpeg.quality={quality}") for quality, left in (("50", 0.3), ("75", 0.5))),
        *((trial("pgd", "adv", left, defense_changes={"attack@defense.adv.attack": attack}),
           f"attack@defense.adv.attack={attack}") for attack, left in (("random", 0.6), ("landmarks", 0.7))),
    )  # fmt: skip
    [table] = build_defense_tables(runs).values()
    assert table.rows == [
        "jpeg (quality=50)", "jpeg (quality=75)", "adv (attack=random)", "adv (attack=landmarks)",
    ]  # fmt: skip
    found = [table.cells[name, "pgd"].figure for name in table.rows]
    assert found == [run.summary.robust_accuracy for run in runs]


@pytest.mark.parametrize("told", ["by overrides", "by summaries"])
def test_seeds_have_tables_of_their_own(told):
    runs = sweep_of(
        *((trial("pgd", defense, 0.3 + 0.2 * seed, seed=seed),
           *((f"defense={defense}", f"seed={seed}", "data=lfw") if told == "by overrides" else ()))
          for seed in (0, 1) for defense in ("none", "jpeg"))
    )  # fmt: skip
    tables = build_defense_tables(runs)
    assert list(tables) == ["seed=0", "seed=1"]
    for seed, table in enumerate(tables.values()):
        assert table.rows == ["none", "jpeg"]
        assert [summary.seed for summary in table.summaries] == [seed, seed]


def test_no_run_is_left_out():
    runs = sweep_of(
        (trial("pgd", "jpeg", 0.3), "trainer.max_epochs=2"),
        (trial("pgd", "jpeg", 0.2), "trainer.max_epochs=4"),
        (trial("pgd", "jpeg", 0.1), "trainer.max_epochs=4"),
    )
    tables = build_defense_tables(runs)
    assert list(tables) == ["trainer.max_epochs=2", "trainer.max_epochs=4", "trainer.max_epochs=4 repeat 2"]
    left = [table.cells["jpeg", "pgd"].figure for table in tables.values()]
    assert left == [run.summary.robust_accuracy for run in runs]
    with pytest.raises(FacetrialError, match="two trials of attack=pgd"):
        build_defense_table([run.summary for run in runs])
    assert build_defense_tables([]) == {}


def test_where_pictures_are_flagged_flags_count(summaries):
    table, flagging = build_defense_table(summaries), summaries[-1].flagging
    assert table.cells["squeezing", "pgd"].figure == flagging.stands
    assert flagging.stands.value > summaries[-1].robust_accuracy.value
    clean = summaries[2].clean_accuracy.value
    assert table.lost("squeezing") == pytest.approx(clean - flagging.kept.value)


def test_what_is_lost_needs_the_recogniser_without(summaries):
    assert build_defense_table(summaries).lost("jpeg") == 0.0
    assert build_defense_table(summaries[:2]).lost("jpeg") is None


def test_a_cell_says_that_its_trial_is_not_trusted(summaries):
    checks = {**summaries[0].checks, "recognises": Outcome(False, "nobody is recognised")}
    summaries[0] = replace(summaries[0], checks=checks, trusted=False)
    table = build_defense_table(summaries)
    lines = list(csv.DictReader(io.StringIO(defenses_csv(table))))
    assert {(line["defense"], line["attack"]): line["trusted"] for line in lines} == {
        ("jpeg", "pgd"): "False",
        ("none", "pgd"): "True",
        ("none", "random"): "True",
        ("squeezing", "pgd"): "True",
    }
    [told] = [line for line in defenses_markdown(table).splitlines() if line.startswith("| jpeg")]
    assert told.count(", not trusted)") == 1
    assert "naive" in told
