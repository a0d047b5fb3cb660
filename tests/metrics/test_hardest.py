"""Who is shown to be hit hardest, and that nobody is by chance."""

import time

import numpy as np

from facetrial.metrics.hardest import hit_hardest
from facetrial.metrics.parts import Person
from facetrial.report.wording import hardest_sentence, sentences
from facetrial.statistics.intervals import wilson
from tests.helpers.made_up import about, made_up_rows, made_up_summary


def people(**counts):
    return {name: Person(9, n, wilson(n, n), wilson(right, n)) for name, (right, n) in counts.items()}


def test_nobody_is_with_four_of_four_nor_as_the_lowest_of_many():
    assert hit_hardest(people(Ann=(4, 4), Bob=(4, 4), Cem=(8, 8))) is None
    assert hit_hardest(people(Ann=(0, 0), Bob=(0, 4))) is None
    many = {f"P{i}": (9, 10) for i in range(60)} | {"Ann": (1, 2), "Bob": (0, 1)}
    assert hit_hardest(people(**many)) is None
    assert hardest_sentence(None) == "Nobody is shown to be hit harder than the others."


def test_one_who_is_is_named_beside_the_others():
    found = hit_hardest(people(**{f"P{i}": (9, 10) for i in range(20)}, Ann_Lee=(2, 12)))
    assert found.name == "Ann_Lee"
    assert found.people == 21
    assert found.others.value == 0.9
    said = hardest_sentence(found)
    assert said.startswith(
        "Ann Lee is hit harder than the others: recognised on 2 of 12 attacked pictures (95 % interval"
    )
    assert "the others on 90.0 % of theirs" in said
    assert "as one of 21 people" in said


def test_of_people_who_are_alike_somebody_is_named_seldom():
    generator, named = np.random.default_rng(0), 0
    for _ in range(200):
        right = generator.binomial(8, 0.7, 30)
        named += hit_hardest(people(**{f"P{i}": (int(k), 8) for i, k in enumerate(right)})) is not None
    assert named <= 10  # 5 %


def test_of_many_people_each_is_not_gone_through_with_each():
    crowd = people(**{f"P{i}": (i % 5 + 5, 10) for i in range(20_000)}, Ann=(0, 30))
    started = time.process_time()
    assert hit_hardest(crowd).name == "Ann"
    assert time.process_time() - started < 10  # minutes, where everyone adds up all others


def test_a_trial_says_it():
    told = {name: 30 for name in "ABCDEF"}
    rows = made_up_rows(told, 0.95, clean=1.0)
    rows.loc[rows["identity"] == "C", "correct_attacked"] = False
    summary = made_up_summary(rows, about(), dict.fromkeys(told, 5))
    assert any(
        one.startswith("C is hit harder than the others: recognised on 0 of 30") for one in sentences(summary)
    )
    rows["correct_attacked"] = True
    even = sentences(made_up_summary(rows, about(), dict.fromkeys(told, 5)))
    assert "Nobody is shown to be hit harder than the others." in even
