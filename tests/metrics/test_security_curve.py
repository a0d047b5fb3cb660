"""Security curves of changes that are known one by one."""

import numpy as np
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.metrics.security_curve import CurvePoint, curve_rows, security_curve, sizes_shown
from facetrial.report.sections.security_curve import size_in_words
from facetrial.statistics.intervals import rate_over_people
from tests.helpers.smallest_rows import SMALLEST, rows_with_smallest


@pytest.fixture
def rows():
    return rows_with_smallest()


def test_what_is_left_at_each_size(rows):
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    left = {point.size: point.value for point in curve.points}
    assert left == {
        0.25: 0.8,
        0.5: 0.7,
        1.0: 0.4,
        2.0: 0.4,
        4.0: 0.3,
        8.0: 0.2,
        16.0: 0.2,
        32.0: 0.1,
        64.0: 0.1,
    }
    assert curve.clean.value == 0.9
    assert all(point.n == 10 for point in curve.points)
    assert (curve.norm, curve.unit, curve.limit) == ("linf", "1/255", 64.0)


def test_the_median_is_of_the_pictures_right_when_clean(rows):
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    assert curve.median.value == pytest.approx(1.0)
    assert curve.median.n == 9
    assert 0 <= curve.median.low <= 1.0 <= curve.median.high


def test_a_point_has_the_interval_of_any_rate(rows):
    point = security_curve(rows, "linf", 64 / 255, "dodging", sizes=[1.0]).points[0]
    expected = rate_over_people(np.array(SMALLEST) > 1.0, rows["identity"].to_numpy())
    assert point == CurvePoint(**vars(expected), size=1.0)


def test_not_recognised_when_clean_is_never_left(rows):
    rows.loc[8, "smallest"] = np.inf
    left = security_curve(rows, "linf", 64 / 255, "dodging").points[-1].value
    assert left == 0.1


def test_not_attackable_pictures_stand_outside(rows):
    rows.loc[7, ["status", "smallest"]] = ["not_attackable", np.nan]
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    assert curve.points[-3].n == 9
    assert [point.value for point in curve.points[-3:]] == [pytest.approx(1 / 9), 0.0, 0.0]


def test_impersonation_counts_all_that_are_not_taken_for_the_target(rows):
    rows.loc[8, "smallest"] = 2.5 / 255
    curve = security_curve(rows, "linf", 64 / 255, "impersonation", sizes=[2.0, 3.0])
    assert [point.value for point in curve.points] == [0.5, 0.3]
    assert curve.clean.value == 1.0


def test_more_than_half_that_stand_have_no_finite_median(rows):
    rows["smallest"] = np.where(np.arange(10) < 4, rows["smallest"], np.inf)
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    assert curve.median.value == np.inf
    assert size_in_words(curve, curve.median.value) == "more than 64/255"


def test_sizes_that_are_shown():
    assert sizes_shown("linf", 64 / 255) == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
    assert sizes_shown("linf", 6 / 255) == [0.25, 0.5, 1.0, 2.0, 4.0, 6.0]
    assert sizes_shown("linf", 2 / 255) == [0.25, 0.5, 1.0, 2.0]
    assert sizes_shown("linf", 0.1 / 255) == [pytest.approx(0.1)]
    assert sizes_shown("l2", 8.0) == [0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("eps", [1, 4, 8, 16])
def test_a_change_of_full_size_is_no_larger_than_allowed(rows, eps):
    """float32(8 / 255) is above 8 / 255."""
    rows["smallest"] = np.full(10, eps / 255, dtype=np.float32)
    curve = security_curve(rows, "linf", eps / 255, "dodging")
    assert [point.value for point in curve.points[-2:]] == [0.9, 0.0]
    assert curve.points[-1].size == eps


def test_norms_but_linf_keep_their_units(rows):
    rows["smallest"] = SMALLEST
    curve = security_curve(rows, "l2", 32.0, "dodging", sizes=[1.0])
    assert curve.points[0].value == 0.4
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
    assert table["size"].tolist() == [0, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64]
    assert table["value"].tolist() == [0.9, 0.8, 0.7, 0.4, 0.4, 0.3, 0.2, 0.2, 0.1, 0.1]
