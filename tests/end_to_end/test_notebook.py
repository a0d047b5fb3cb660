"""The notebook runs from top to bottom as it stands, in a folder in which there is nothing."""

import json
import re

import matplotlib
import pytest

from tests.helpers.paths import ROOT

NOTEBOOK = json.loads((ROOT / "docs" / "first-hour.ipynb").read_text("utf-8"))
CODE = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def test_it_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    names: dict = {}
    for cell in CODE:
        exec(compile(cell, "first-hour.ipynb", "exec"), names)
    assert "no face was found" in capsys.readouterr().out  # in one of 84 drawn ones
    summaries = {name: verdict.summary for name, verdict in names["verdicts"].items()}
    assert all(summary.trusted for summary in summaries.values())
    assert summaries["pgd"].clean_accuracy.value > 0.8
    assert summaries["pgd"].robust_accuracy.value < summaries["noise"].robust_accuracy.value
    behind = {name: verdict.summary for name, verdict in names["behind"].items()}
    assert behind["naive"].only_naive
    assert behind["pgd"].robust_accuracy.value < behind["naive"].robust_accuracy.value
    assert (tmp_path / "outputs" / "first-hour" / "report.html").is_file()


def test_what_it_shows_is_of_a_run_from_top_to_bottom():
    ran = [cell["execution_count"] for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert ran == list(range(1, len(CODE) + 1))
    outputs = [output for cell in NOTEBOOK["cells"] for output in cell.get("outputs", ())]
    assert not any(output["output_type"] == "error" for output in outputs)
    assert not re.search(r"/(home|root|tmp|work)/", json.dumps(outputs))


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", json.dumps(NOTEBOOK["cells"])))))
def test_its_links_lead_somewhere(link):
    assert (ROOT / "docs" / link).is_file()
