"""What is certified, as a report shows it."""

from dataclasses import replace

import numpy as np

from facetrial.metrics.certified import certified_summary
from facetrial.metrics.security_curve import CurvePoint
from facetrial.report.sections.certified import (
    certified_chart,
    certified_section,
    certified_sentence,
    describe_certified,
)
from facetrial.trial.certificate import Certificate
from tests.helpers.defended import PEOPLE
from tests.helpers.made_up import about, made_up_rows, made_up_summary


def test_a_certificates_figure_and_words():
    rows = made_up_rows(PEOPLE, attacked=0.4)
    rows["certified_class"] = rows["identity"]
    rows["certified_radius"] = np.linspace(0, 0.7, len(rows))
    certified = certified_summary(rows, Certificate(100, 1000, 0.001), 0.25)
    for point in certified.points:
        assert point.value == (rows["certified_radius"] >= point.radius).mean()
    summary = made_up_summary(rows, about(), {"A": 60, "B": 90}, certified=certified)
    [series] = certified_chart(summary, certified).series
    assert list(series.x) == [point.radius for point in certified.points]
    left = tuple(CurvePoint(0.5, 0.4, 0.6, 9, size) for size in (0.1, 0.2))
    chart = certified_chart(summary, replace(certified, left=left))
    assert list(chart.series[1].x) == [0.1, 0.2]
    assert "without a wrong name; there an abstention is none" in chart.caption
    aimed = certified_chart(replace(summary, goal="impersonation"), replace(certified, left=left))
    assert "pictures that are not taken for the target." in aimed.caption
    assert "each with confidence 99.9 %" in certified_section(summary).charts[0].caption
    assert "At L2 radius 0.5" in certified_sentence(certified)
    assert "certified right, each with confidence 99.9 % (" in certified_sentence(certified)
    assert "each with confidence 95 % (" in certified_sentence(replace(certified, alpha=0.05))
    assert all(f"{point.radius:.3g}: " in describe_certified(certified) for point in certified.points)
