"""Security curves of a sweep, side by side."""

from dataclasses import replace

import numpy as np
import pytest

from facetrial.core.plain import write_json
from facetrial.metrics.security_curve import security_curve
from facetrial.metrics.summary_json import read_summary
from facetrial.sweep.runs import Run, finished_runs
from facetrial.sweep.security_curves import curves_section, curves_table
from tests.helpers.made_up import about, made_up_rows, made_up_summary

PEOPLE = {f"P{i}": 6 for i in range(10)}


def rows_with(scale, seed=0):
    rows = made_up_rows(PEOPLE, attacked=0.0, clean=1.0)
    rows["smallest"] = np.random.default_rng(seed).exponential(scale, len(rows)) / 255
    return rows


def run_of(folder, attack, scale, norm="linf", limit=8 / 255):
    rows = rows_with(scale)
    summary = made_up_summary(rows, about(attack=attack, synthetic=True), dict.fromkeys(PEOPLE, 5))
    summary = replace(summary, curve=security_curve(rows, norm, limit, "dodging"))
    folder.mkdir()
    write_json(summary, folder / "summary.json")
    [run] = finished_runs([Run(folder, (f"attack={attack}",), read_summary(folder / "summary.json"))])
    return run


def test_the_area_is_the_integral_of_the_curve():
    rows = rows_with(3.0)
    sizes = np.linspace(1e-6, 8, 4001)
    curve = security_curve(rows, "linf", 8 / 255, "dodging", sizes)
    left = [point.value for point in security_curve(rows, "linf", 8 / 255, "dodging", sizes[::40]).points]
    assert curve.area.value == pytest.approx(np.trapezoid(left, sizes[::40]) / 8, abs=0.01)
    assert curve.area.low < curve.area.value < curve.area.high
    assert curve.area.n == 60


def test_nothing_falls_or_all_does():
    rows = rows_with(3.0)
    rows["smallest"] = np.inf
    assert security_curve(rows, "linf", 8 / 255, "dodging").area.value == 1.0
    assert security_curve(rows.assign(correct_clean=False), "linf", 8 / 255, "dodging").area.value == 0.0
    rows["status"] = "not_attackable"
    assert np.isnan(security_curve(rows, "linf", 8 / 255, "dodging").area.value)


def test_curves_stand_side_by_side(tmp_path):
    runs = [run_of(tmp_path / "0", "fmn", 4.0), run_of(tmp_path / "1", "smallest", 1.0)]
    section = curves_section(runs)
    assert section.sentences[0].startswith("Up to 8/255 (linf), least is left by smallest / none: ")
    [chart], [table] = section.charts, section.tables
    assert [series.name for series in chart.series] == ["smallest / none", "fmn / none"]
    assert table.lines[0][1] == runs[1].summary.curve.area
    assert curves_section(runs[:1]) is None

    table = curves_table(runs)
    assert len(table) == 2 * (1 + len(runs[0].summary.curve.points))
    assert table["synthetic"].all()
    assert not len(curves_table([]))


def test_norms_have_charts_of_their_own_and_limits_are_compared(tmp_path):
    runs = [run_of(tmp_path / "0", "fmn", 4.0), run_of(tmp_path / "1", "smallest", 1.0, limit=4 / 255)]
    assert "no match" in curves_section(runs).sentences[0]
    runs += [run_of(tmp_path / str(i), "ddn", 4.0, "l2", 8.0) for i in (2, 3)]
    assert [chart.name for chart in curves_section(runs).charts] == [
        "curves_linf_dodging",
        "curves_l2_dodging",
    ]


def test_a_trial_in_which_nothing_could_be_attacked_stands_last(tmp_path):
    runs = [
        run_of(tmp_path / str(number), f"a{number}", scale) for number, scale in enumerate((4.0, 1.0, 2.0))
    ]
    nobody = security_curve(rows_with(1.0).assign(status="not_attackable"), "linf", 8 / 255, "dodging")
    runs[1] = replace(runs[1], summary=replace(runs[1].summary, curve=nobody))
    section = curves_section(runs)
    assert "least is left by a2 / none: " in section.sentences[0]
    assert [line[0] for line in section.tables[0].lines] == ["a2 / none", "a0 / none", "a1 / none"]
    assert section.tables[0].lines[0][-1].endswith(", n = 60")
    assert curves_section(runs[:2]).sentences == []
