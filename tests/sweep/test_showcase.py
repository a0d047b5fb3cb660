"""The pictures of a sweep's report: a case of each kind of each run, and of the hardest where they are too many."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from facetrial.report.showcase import IMAGES, read_image, write_showcase
from facetrial.sweep import showcase
from facetrial.sweep.runs import FinishedRun
from facetrial.sweep.showcase import sweep_showcase
from tests.helpers.made_up import about, made_up_rows, made_up_summary, some_pictures

PEOPLE = {"Ann": 10, "Bob": 10}
KINDS = ["worst", "just_fooled", "just_robust"]


@pytest.fixture
def runs(tmp_path):
    made = []
    for number, left in enumerate((0.7, 0.3, 0.5)):
        folder = tmp_path / str(number)
        folder.mkdir()
        rows = made_up_rows(PEOPLE, left, seed=number)
        rows["margin_attacked"] *= np.random.default_rng(number).uniform(0.5, 1.5, len(rows))
        summary = made_up_summary(rows, about(), dict.fromkeys(PEOPLE, 9))
        cases = write_showcase(folder, rows, some_pictures(rows, each=4), summary)
        made.append(
            FinishedRun(folder, (), replace(summary, cases=cases), ("first", "second", "third")[number])
        )
    return made


def cards_of(runs):
    return sweep_showcase(runs)


def test_each_run_shows_the_first_of_each_kind(runs):
    cards = cards_of(runs)
    assert [(card["run"], card["kind"]) for card in cards] == [
        (name, kind) for name in ("first", "second", "third") for kind in KINDS
    ]
    for card, run in zip(cards[::3], runs, strict=True):
        assert card["file"] == next(case.file for case in run.summary.cases if case.kind == "worst")
    assert [card["words"] for card in cards[:3]] == [
        "most surely mistaken", "only just fooled", "only just withstood"
    ]  # fmt: skip


def test_pictures_are_those_of_the_run_a_little_compressed(runs):
    card = cards_of(runs)[4]
    for image in IMAGES:
        head, _, content = card["images"][image].partition(",")
        assert head == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(content))) as shown:
            found = np.asarray(shown, dtype=float)
        with Image.open(read_image(runs[1].folder, runs[1].summary.cases[4], image)) as kept:
            expected = np.asarray(kept.convert("RGB"), dtype=float)
        assert found.shape == expected.shape
        assert np.abs(found - expected).mean() < 12


@pytest.mark.parametrize(
    ("most", "shown"),
    [
        (9, [(name, kind) for name in ("first", "second", "third") for kind in KINDS]),
        (6, [(name, kind) for name in ("first", "second", "third") for kind in KINDS[:2]]),
        (3, [(name, "worst") for name in ("first", "second", "third")]),
        (2, [("second", "worst"), ("third", "worst")]),
        (1, [("second", "worst")]),
    ],
)
def test_too_many_are_cut_by_kinds_and_then_to_the_hardest_runs(runs, monkeypatch, most, shown):
    monkeypatch.setattr(showcase, "MOST_CARDS", most)
    assert [(card["run"], card["kind"]) for card in cards_of(runs)] == shown


def test_runs_without_pictures_are_passed_over(runs):
    (runs[0].folder / "showcase").rename(runs[0].folder / "elsewhere")
    runs[1] = replace(runs[1], summary=replace(runs[1].summary, cases=()))
    assert {card["run"] for card in cards_of(runs)} == {"third"}
    assert sweep_showcase([]) == []
