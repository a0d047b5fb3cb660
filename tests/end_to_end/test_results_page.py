"""docs/results.md says what docs/results/*.json holds, and its commands are those of today; `make results` in small."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from benchmarks.results import figures
from benchmarks.results.page import Results, cell, page, read_results, sentences
from benchmarks.results.plan import HEAD, PLACES, TABLES, Sweep, Table
from facetrial.core.plain import from_plain, read_json
from facetrial.report.rendering.formatting import NOTHING
from facetrial.runtime.settings import check_settings
from tests.helpers.configs import composed
from tests.helpers.paths import ROOT

DOCS = ROOT / "docs"
FOUND = read_results(DOCS / "results")


def in_cells(text: str) -> set[str]:
    """The numbers in the tables of a page, but for those in the names of rows and columns."""
    rows = re.findall(r"^\| (?!:--)(?! \|)[^|]*\|(.*)\|$", text, flags=re.MULTILINE)
    return {number for row in rows for number in re.findall(r"[+-]?\d[\d,]*(?:\.\d+)?", row)}


def test_the_page_is_that_of_its_files():
    assert (DOCS / "results.md").read_text(encoding="utf-8") == page(FOUND)
    assert {path.stem for path in (DOCS / "results").glob("*")} <= TABLES.keys()


@pytest.mark.parametrize("name", FOUND)
def test_every_number_of_a_table_is_in_its_file(name):
    """By numbers that this test rounds itself."""
    scales = {figures.SHARE: (100, "{:.1f}"), figures.POINTS: (100, "{:+.1f}")}
    known = set()
    for one in FOUND[name].figures:
        scale, form = scales.get(one.unit, (1, "{:.2f}"))
        known |= {form.format(scale * value) for value in (one.value, one.low, one.high)}
        known |= {f"{one.n:,}", f"{one.people:,}", "0.1", "99.9"}  # what is not all or nothing: < 0.1, > 99.9
    shown = in_cells(page({name: FOUND[name]}))
    assert shown
    assert shown <= known


def test_no_figure_is_of_drawn_faces_or_names_a_place():
    for results in FOUND.values():
        assert not results.drawn
        commands = {*results.commands, *(command for one in results.figures for command in one.commands)}
        assert not [
            word for command in commands for word in command.split() if "=/" in word or word[0] in "/~"
        ]


def words(values: dict[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in values.items()]


@pytest.mark.parametrize("name", TABLES)
def test_the_commands_are_of_today(name, tmp_path):
    """Every value that a sweep goes over, if not every pair of them."""
    table = TABLES[name]
    assert callable(getattr(figures, table.read))
    planned = [" ".join(["python evaluate.py -m", *words(one.values)]) for one in table.commands()]
    if name in FOUND:
        assert list(FOUND[name].commands) == planned
    filled = dict.fromkeys(PLACES, "null") | {"LFW": str(tmp_path)}
    for sweep in table.commands():
        # Of a sweep Hydra composes first what it does not go over: that must stand by itself.
        one = {key: filled.get(value, value) for key, value in sweep.values.items() if "," not in value}
        composed(tmp_path, *words(one))
        seen: set[tuple[str, str]] = set()
        for trial in sweep.trials():
            if not set(trial.items()) <= seen:
                seen |= set(trial.items())
                here = {key: filled.get(value, value) for key, value in trial.items()}
                check_settings(composed(tmp_path, *words(here)))


def test_trials_of_a_sweep():
    sweep = Sweep("Net", {"attack": "random,pgd", "seed": "0,1", "data": "lfw"})
    assert len(sweep.trials()) == 4
    assert sweep.trials()[1] == {"attack": "random", "seed": "1", "data": "lfw"}


def made_up(row: str, value: float, low: float, high: float, p: float | None, unit: str = "points"):
    return figures.Figure(row, "won", unit, value, low, high, 40, 8, (0,), ("python evaluate.py",), (), p)


CLAIMS = Table("Won", "", "left", (), {"won": ("less", "more", "not shown")})


def test_sentences_claim_what_is_shown_after_holms_correction():
    less, more = made_up("a", -0.2, -0.3, -0.1, 0.001), made_up("b", 0.2, 0.1, 0.3, 0.002)
    unsure = made_up("c", 0.1, -0.1, 0.3, 0.3)
    assert list(sentences(CLAIMS, [less, more, unsure])) == ["less: a.", "more: b.", "not shown: c."]
    barely = made_up("d", 0.2, 0.01, 0.4, 0.04)
    assert list(sentences(CLAIMS, [barely])) == ["more: d."]
    assert list(sentences(CLAIMS, [barely, unsure])) == ["not shown: d; c."]
    odds = [made_up("e", 1.5, 1.1, 2.0, None, "odds"), made_up("f", 1.5, 0.9, 2.0, None, "odds")]
    assert list(sentences(CLAIMS, odds)) == ["more: e.", "not shown: f."]


def test_cells():
    assert cell(made_up("a", -0.043, -0.0631, -0.025, 0.01)) == "-4.3 [-6.3, -2.5]"
    assert cell(made_up("a", 0.99996, 0.5, 1.0, None, "%")) == "> 99.9 [50.0, 100.0]"
    beyond = replace(made_up("a", 1.5, 0.5, float("nan"), None, "1/255"), failed=("names",))
    assert cell(beyond) == f"1.50 [0.50, {NOTHING}] †"


def test_what_is_not_measured_is_named():
    results = Results(
        "code", {"FACENET": "0123"}, False, ("python evaluate.py",), (made_up("a", 0.1, 0.0, 0.2, 0.5),)
    )
    text = page({"noise": results})
    assert text.startswith(HEAD)
    assert "| a | +10.0 [+0.0, +20.0] | 40 | 8 |" in text
    assert "FACENET 0123" in text
    fewer = replace(made_up("a", 0.5, 0.4, 0.6, None, "%"), column="clean", n=9)
    both = page({"noise": replace(results, figures=(*results.figures, fewer))})
    assert "| a | +10.0 [+0.0, +20.0] | 50.0 [40.0, 60.0], n 9 | 40 | 8 |" in both
    assert TABLES["noise"].title not in text.partition("Not measured yet: ")[2]
    assert TABLES["clean"].title in text.partition("Not measured yet: ")[2]


def test_in_small(tmp_path):
    command = [
        sys.executable, "-m", "benchmarks.results", "--small", "--docs", str(tmp_path / "docs"), "--runs",
        str(tmp_path / "runs"), f"paths.models={tmp_path / 'models'}", f"paths.cache={tmp_path / 'cache'}",
    ]  # fmt: skip

    def start(*further: str) -> subprocess.CompletedProcess:
        return subprocess.run([*command, *further], cwd=ROOT, capture_output=True, text=True, timeout=500)

    done = start("--tables", "caps")
    assert done.returncode == 0, done.stdout + done.stderr
    written = (tmp_path / "docs" / "results.md").read_text(encoding="utf-8")
    results = from_plain(Results, read_json(tmp_path / "docs" / "results" / "caps.json"), "caps.json")
    assert results.drawn
    assert {one.column for one in results.figures} == {
        "at most 5",
        "at most 20",
        "at most 100",
        "most less fewest",
    }
    assert all(one.people == 4 and one.n == 8 and len(one.commands) <= 2 for one in results.figures)
    assert "Drawn faces" in written
    assert str(tmp_path) not in written

    again = start("--tables", "caps")
    assert again.returncode == 0
    assert again.stdout.count("Taken over:") + again.stderr.count("Taken over:") == 6
    (tmp_path / "docs" / "results.md").unlink()
    assert start("--render").returncode == 0
    assert (tmp_path / "docs" / "results.md").read_text(encoding="utf-8") == written
    refused = start("--tables", "nose")
    assert refused.returncode == 1
    assert "There are no tables nose" in refused.stderr
