"""Figures beside shares: the curve's area and median, what flags are in sum, and whether intervals know of people."""

import math
from collections.abc import Iterator, Sequence

from facetrial.metrics.flagging import Flagging
from facetrial.metrics.security_curve import SecurityCurve
from facetrial.statistics.intervals import Interval

Row = dict[str, str]
_NEAR = 1e-5
_ALIKE = 2.0  # times a share varies as much as of independent pictures: surely more
_WIDER = 1.15  # its interval's width squared, beside Wilson's: in simulations never below 1.28
_FEW = 3  # people, of whom nothing is known of how alike their pictures are


def curve_beside(curve: SecurityCurve, smallest: Sequence[float]) -> Iterator[str]:
    """What is wrong in the curve's area and median, of the smallest changes in its unit."""
    if not smallest:
        return
    area = sum(min(size / curve.limit, 1.0) for size in smallest) / len(smallest)
    if curve.area.n != len(smallest) or abs(curve.area.value - area) > _NEAR:
        yield f"curve.area says {curve.area.value:.4g} of {curve.area.n}, the rows {area:.4g} of {len(smallest)}"
    ordered = sorted(size for size in smallest if size > 0)
    if not ordered:
        return
    middle = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    median, told = sum(middle) / 2, curve.median.value
    same = median == told or abs(median - told) <= _NEAR * abs(median)
    # Where a file has null for an infinite one.
    if curve.median.n != len(ordered) or not (same or (math.isinf(median) and math.isnan(told))):
        yield f"curve.median says {told:.4g} of {curve.median.n}, the rows {median:.4g} of {len(ordered)}"


def flags_beside(
    flagging: Flagging, attacked: Sequence[Row], risked: Sequence[Row], hit: Sequence[bool]
) -> Iterator[str]:
    """What is wrong in the figures of flags that are no plain share of all rows.

    Args:
        flagging: what is told.
        attacked: rows of attacked pictures.
        risked: those on which the attack could succeed.
        hit: one of these each: whether it did.
    """
    through = [won and row["flagged_attacked"] != "True" for row, won in zip(risked, hit, strict=True)]
    for name, figure, hits in (
        ("undetected_success", flagging.undetected_success, through),
        ("caught_8bit", flagging.caught_8bit, [row["flagged_8bit"] == "True" for row in attacked]),
    ):
        if figure.n != len(hits) or (hits and abs(figure.value - sum(hits) / len(hits)) > _NEAR):
            yield f"flagging.{name} says {figure.value:.4g} of {figure.n}, the rows {sum(hits)} of {len(hits)}"
    suspicions = [[_suspicion(row, version) for row in attacked] for version in ("clean", "attacked")]
    pairs = len(attacked) ** 2
    if pairs:
        area = _greater(*suspicions) / pairs
        if abs(flagging.auroc.value - area) > _NEAR:
            yield f"flagging.auroc says {flagging.auroc.value:.4g}, the rows {area:.4g}"


def _suspicion(row: Row, version: str) -> float:
    found = float(row[f"suspicion_{version}"] or "nan")
    return -math.inf if math.isnan(found) else found


def _greater(clean: Sequence[float], attacked: Sequence[float]) -> float:
    """In how many pairs the attacked one is more suspicious; ties by half."""
    both = sorted([(value, 0) for value in clean] + [(value, 1) for value in attacked])
    won, below, start = 0.0, 0, 0
    while start < len(both):
        end = start
        while end < len(both) and both[end][0] == both[start][0]:
            end += 1
        higher = sum(kind for _, kind in both[start:end])
        equal = end - start - higher
        won += higher * (below + equal / 2)
        below, start = below + equal, end
    return won


def knows_people(figure: Interval, people: Sequence[str], hits: Sequence[bool]) -> bool:
    """Whether an interval is wider than that of independent pictures, where those of one person surely are alike."""
    own: dict[str, list[bool]] = {}
    for who, hit in zip(people, hits, strict=True):
        own.setdefault(who, []).append(hit)
    n, share = len(hits), sum(hits) / len(hits) if len(hits) else 0.0
    if len(own) < _FEW or not 0 < share < 1:
        return True
    apart = sum((sum(each) - len(each) * share) ** 2 for each in own.values()) * len(own) / (len(own) - 1)
    if apart / (n * share * (1 - share)) < _ALIKE:
        return True
    z = 1.959964
    wilson = 2 * z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (figure.high - figure.low) ** 2 >= _WIDER * wilson**2
