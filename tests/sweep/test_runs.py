"""The runs of a sweep, and which of them belong to one table."""

from pathlib import Path

import pytest

from facetrial.sweep.runs import Run, picks_attack_or_defense, runs_of_tables, table_name


def test_a_tables_name_is_a_file_name():
    assert table_name("study", "") == "study"
    assert table_name("study", "seed=1 +a/b=[x,y]") == "study-seed=1-+a-b=-x-y"


def runs_with(*overrides):
    return [Run(Path(str(number)), given, None) for number, given in enumerate(overrides)]


def test_runs_that_differ_in_more_than_attack_and_defence_have_tables_of_their_own():
    runs = runs_with(
        ("attack=random", "seed=0", "data=lfw"),
        ("attack=pgd", "seed=0", "data=lfw"),
        ("attack=random", "seed=1", "data=lfw"),
        ("defense=adv", "attack=pgd", "data=lfw", "seed=1"),
    )
    tables = runs_of_tables(runs, picks_attack_or_defense)
    assert tables == {"seed=0": runs[:2], "seed=1": runs[2:]}


def test_runs_of_one_setting_are_one_table_without_a_name():
    runs = runs_with(("attack=random", "seed=0"), ("attack=pgd", "seed=0"))
    assert runs_of_tables(runs, picks_attack_or_defense) == {"": runs}
    assert runs_of_tables([], picks_attack_or_defense) == {}


@pytest.mark.parametrize(
    ("override", "picks"),
    [
        ("attack=pgd", True),
        ("+defense=adv", True),
        ("experiment=study", True),
        ("attack.budget.eps=3", False),
        ("attack@defense.adv.attack=pgd", False),
        ("seed=1", False),
    ],
)
def test_what_picks_a_column(override, picks):
    assert picks_attack_or_defense(override) is picks
