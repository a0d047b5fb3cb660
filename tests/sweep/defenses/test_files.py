"""The files of a table of defences."""

import pandas as pd
import pytest

from facetrial.core.plain import write_json
from facetrial.sweep.defenses.files import write_defense_table
from facetrial.sweep.defenses.section import defenses_section
from facetrial.sweep.defenses.table import build_defense_table
from facetrial.sweep.gather import gather_sweep
from tests.helpers.defended import defended_trials, trial
from tests.helpers.sweeps import add_overrides


@pytest.fixture
def summaries():
    return defended_trials()


def test_a_sweep_over_seeds_writes_each_table(tmp_path):
    for seed in (0, 1):
        run = tmp_path / str(seed)
        add_overrides(run, "attack=pgd", "defense=jpeg", f"seed={seed}")
        write_json(trial("pgd", "jpeg", 0.3, seed=seed), run / "summary.json")
    written = {path.name for path in gather_sweep(tmp_path, defenses=True)}
    assert {
        f"defenses-seed={seed}.{kind}" for seed in (0, 1) for kind in ("md", "csv", "png", "svg")
    } <= written
    text = (tmp_path / "defenses-seed=1.md").read_text()
    assert "# Defences: seed=1" in text
    assert "(defenses-seed=1.png)" in text
    page = (tmp_path / "report.html").read_text()
    assert page.count("<h2>Defences: seed=") == 2


def test_naive_figures_are_spoken_of_where_there_are_some(summaries, tmp_path):
    for shown, spoken in ((summaries, True), ([summaries[0], *summaries[2:]], False)):
        table = build_defense_table(shown)
        write_defense_table(table, tmp_path)
        section = defenses_section(table)
        for text in ((tmp_path / "defenses.md").read_text(), section.note):
            assert ("what the defence hides" in text) == spoken
        assert ("Hollow" in section.charts[0].caption) == spoken


def test_files_hold_every_figure(summaries, tmp_path):
    written = write_defense_table(build_defense_table(summaries), tmp_path)
    assert {path.suffix for path in written} == {".md", ".csv", ".png", ".svg"}
    lines = pd.read_csv(tmp_path / "defenses.csv").set_index(["defense", "attack"])
    assert len(lines) == 4
    assert lines.loc[("jpeg", "pgd"), "naive"] == summaries[1].robust_accuracy.value
    assert lines.loc[("jpeg", "pgd"), "adaptive_low"] == summaries[0].robust_accuracy.low
    assert (lines["answers_per_second"] == 50).all()
    text = (tmp_path / "defenses.md").read_text()
    naive = 100 * summaries[1].robust_accuracy.value
    assert f", naive {naive:.1f} %)" in text
    assert "counts as recognised" in text
    write_defense_table(build_defense_table(summaries[:4]), tmp_path)
    assert "counts as recognised" not in (tmp_path / "defenses.md").read_text()
