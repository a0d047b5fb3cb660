import json

import numpy as np
import pytest
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.metrics.security_curve import curve_rows, security_curve, sizes_shown
from facetrial.metrics.summary import summarise
from facetrial.metrics.summary_json import read_summary, write_json
from facetrial.report.rendering import theme as figures
from facetrial.report.rendering.chart_layout import lay_out
from facetrial.report.rendering.chart_matplotlib import chart_figure
from facetrial.report.rendering.chart_plotly import plotly_chart
from facetrial.report.sections.security_curve import curve_chart, size_in_words
from facetrial.report.trial_report import write_report
from facetrial.report.wording import sentences
from facetrial.statistics.intervals import rate_over_people
from facetrial.statistics.median import median_over_people
from tests.helpers.made_up import about, made_up_rows

# In 1/255, picture by picture: Ann's, Bob's, Cid's.
SMALLEST = [0.4, 0.75, 1.0, 3.0, 0.2, 0.6, 5.0, np.inf, 0.0, 20.0]
PEOPLE = {"Ann": 4, "Bob": 4, "Cid": 2}


@pytest.fixture
def rows():
    rows = made_up_rows(PEOPLE, attacked=0.0, clean=1.0)
    rows["smallest"] = np.array(SMALLEST) / 255
    rows.loc[8, "correct_clean"] = False
    return rows


def test_what_is_left_at_each_size(rows):
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    left = {point["size"]: point["value"] for point in curve["points"]}
    assert left == {0.25: 0.8, 0.5: 0.7, 1.0: 0.4, 2.0: 0.4, 4.0: 0.3, 8.0: 0.2, 16.0: 0.2}
    assert curve["clean"]["value"] == 0.9
    assert all(point["n"] == 10 for point in curve["points"])
    assert (curve["norm"], curve["unit"], curve["limit"]) == ("linf", "1/255", 64.0)


def test_the_median_is_of_the_pictures_right_when_clean(rows):
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    assert curve["median"]["value"] == pytest.approx(1.0)
    assert curve["median"]["n"] == 9
    assert 0 <= curve["median"]["low"] <= 1.0 <= curve["median"]["high"]


def test_a_point_has_the_interval_of_any_rate(rows):
    point = security_curve(rows, "linf", 64 / 255, "dodging", sizes=[1.0])["points"][0]
    expected = rate_over_people(np.array(SMALLEST) > 1.0, rows["identity"].to_numpy())
    assert point == {"size": 1.0, **expected.as_dict()}


def test_not_recognised_when_clean_is_never_left(rows):
    rows.loc[8, "smallest"] = np.inf
    left = security_curve(rows, "linf", 64 / 255, "dodging")["points"][-1]["value"]
    assert left == 0.2


def test_not_attackable_pictures_stand_outside(rows):
    rows.loc[7, ["status", "smallest"]] = ["not_attackable", np.nan]
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    assert curve["points"][-1]["n"] == 9
    assert curve["points"][-1]["value"] == pytest.approx(1 / 9)


def test_impersonation_counts_all_that_are_not_taken_for_the_target(rows):
    rows.loc[8, "smallest"] = 2.5 / 255
    curve = security_curve(rows, "linf", 64 / 255, "impersonation", sizes=[2.0, 3.0])
    assert [point["value"] for point in curve["points"]] == [0.5, 0.3]
    assert curve["clean"]["value"] == 1.0


def test_more_than_half_that_stand_have_no_finite_median(rows):
    rows["smallest"] = np.where(np.arange(10) < 4, rows["smallest"], np.inf)
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    assert curve["median"]["value"] == np.inf
    assert size_in_words(curve, curve["median"]["value"]) == "more than 64/255"


def test_sizes_that_are_shown():
    assert sizes_shown("linf", 64 / 255) == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0]
    assert sizes_shown("linf", 2 / 255) == [0.25, 0.5, 1.0, 2.0]
    assert sizes_shown("linf", 0.1 / 255) == [pytest.approx(0.1)]
    assert sizes_shown("l2", 8.0) == [0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0]


def test_norms_but_linf_keep_their_units(rows):
    rows["smallest"] = SMALLEST
    curve = security_curve(rows, "l2", 32.0, "dodging", sizes=[1.0])
    assert curve["points"][0]["value"] == 0.4
    assert size_in_words(curve, 1.25) == "1.25"


@pytest.mark.parametrize("sizes", [[], [0.0], [-1.0], [65.0]])
def test_sizes_that_were_not_looked_at_are_refused(rows, sizes):
    with pytest.raises(FacetrialError, match=r"sizes of a security curve must lie above 0 and up to .* 64;"):
        security_curve(rows, "linf", 64 / 255, "dodging", sizes=sizes)


def test_rows_without_smallest_are_refused(rows):
    with pytest.raises(FacetrialError, match="attack=smallest"):
        security_curve(rows.drop(columns="smallest"), "linf", 64 / 255, "dodging")


def test_the_table_starts_with_no_change(rows):
    table = curve_rows(security_curve(rows, "linf", 64 / 255, "dodging"))
    assert table["size"].tolist() == [0, 0.25, 0.5, 1, 2, 4, 8, 16]
    assert table["value"].tolist() == [0.9, 0.8, 0.7, 0.4, 0.4, 0.3, 0.2, 0.2]


@pytest.mark.parametrize("robust", [False, True])
def test_the_report_shows_it(rows, checks, tmp_path, robust):
    if robust:
        rows["smallest"] = np.inf
    summary = summarise(rows, about(), dict.fromkeys(PEOPLE, 5), checks)
    summary["curve"] = security_curve(rows, "linf", 64 / 255, "dodging")
    write_json(summary, tmp_path / "summary.json")
    summary = read_summary(tmp_path / "summary.json")
    text = write_report(tmp_path, summary).read_text(encoding="utf-8")
    Image.open(tmp_path / "curve.png").verify()
    assert "How much it takes" in text
    said = next(sentence for sentence in sentences(summary) if "smallest change" in sentence)
    assert ("is more than 64/255 at" if robust else "is 1/255 at the median (linf;") in said


def test_the_chart_holds_every_point_and_bears_nobody(rows):
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    chart = curve_chart(curve)
    assert list(chart.series[0].x) == [point["size"] for point in curve["points"]]
    assert list(chart.series[0].y) == [point["value"] for point in curve["points"]]
    assert (chart.level, chart.mark) == (curve["clean"]["value"], curve["median"]["value"])
    assert "1/255: 40.0 %" in chart.alt
    nobody = curve_chart(security_curve(rows.assign(status="not_attackable"), "linf", 64 / 255, "dodging"))
    assert lay_out(nobody).empty
    assert json.dumps(plotly_chart(nobody), allow_nan=False).count("nothing was measured") == 1
    assert figures.figure_bytes(chart_figure(nobody), "svg")


class TestMedian:
    def test_one_person_has_the_interval_between_order_statistics(self):
        # The 40th and 61st of 100: B(100, 1/2) lies below 40 with a chance of 0.0176, below 41 with one of 0.0284.
        found = median_over_people(np.arange(1.0, 101.0), np.zeros(100))
        assert (found.value, found.low, found.high, found.n) == (50.5, 40.0, 61.0, 100)

    def test_people_who_differ_widen_it(self):
        values = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 20)
        one = median_over_people(values, np.zeros(100))
        many = median_over_people(values, np.repeat(np.arange(5), 20))
        assert (one.low, one.high) == (2.0, 4.0)
        assert many.low < 2.0 or many.high > 4.0

    def test_few_pictures_tell_nothing(self):
        found = median_over_people(np.array([1.0, 2.0]), np.zeros(2))
        assert (found.low, found.high) == (-np.inf, np.inf)

    def test_no_picture(self):
        assert np.isnan(median_over_people(np.array([]), np.array([])).value)

    def test_not_a_number_is_refused(self):
        with pytest.raises(FacetrialError, match="1 values that are not numbers"):
            median_over_people(np.array([1.0, np.nan]), np.zeros(2))
