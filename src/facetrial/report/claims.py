"""What may be said of a difference: one sentence from estimate, interval and test, for all that compares.

Nothing is claimed that interval and test do not show, and what is not shown is said to be not shown.
"""

from facetrial.report.rendering.formatting import points
from facetrial.statistics.intervals import Interval
from facetrial.statistics.power import LEVEL

ONE_RUN = "one training run; another may come out otherwise"


def shown_side(figure: Interval, p: float | None = None, null: float = 0.0) -> int:
    """On which side of `null` a figure is shown to lie: 1 above, -1 below, 0 where that is not shown.

    Args:
        figure: with its 95 % interval.
        p: of the test, corrected where there are many; None: the interval alone decides.
        null: what would be no difference: 0 of differences, 1 of ratios.

    >>> shown_side(Interval(0.2, 0.1, 0.3, 40)), shown_side(Interval(0.2, 0.1, 0.3, 40), 0.08)
    (1, 0)
    """
    if not figure.n or (p is not None and not p < LEVEL):
        return 0
    return 1 if figure.low > null else -1 if figure.high < null else 0


def compared(
    first: str,
    second: str,
    difference: Interval,
    p: float | None = None,
    *,
    tests: int = 1,
    left: str = "recognised",
    over: str = "",
    note: str = "",
) -> str:
    """What a difference allows to say, as a clause without a full stop.

    Args:
        first: what is compared, as the subject of a sentence.
        second: what it is compared with.
        difference: the share left by the first less that left by the second, with its 95 % interval.
        p: of the test, after Holm's correction where there are several; None: there is none but the interval.
        tests: how many were corrected together.
        left: what the share is of.
        over: what the interval is over, where that is to be said: "over 5 training runs".
        note: what must be known besides.

    >>> compared("pgd", "random", Interval(-0.25, -0.4, -0.1, 40), 0.001)
    'pgd leaves 25.0 points fewer recognised than random (95 % interval 10.0 to 40.0; p 0.001)'
    >>> compared("pgd", "random", Interval(-0.25, -0.4, -0.1, 40), 0.08, tests=6)
    "pgd is not shown to leave fewer or more recognised than random (-25.0 points, 95 % interval -40.0 to -10.0; p 0.080 after Holm's correction for 6)"
    """  # noqa: E501
    side = shown_side(difference, p)
    corrected = f" after Holm's correction for {tests}" if tests > 1 else ""
    said = [] if p is None else [f"p {p_in_words(p)}{corrected}"]
    said += [note] if note else []
    interval = f"95 % interval {over + ' ' if over else ''}"
    if side:
        low, high = sorted(100 * abs(end) for end in (difference.low, difference.high))
        by = f"{100 * abs(difference.value):.1f} points {'more' if side > 0 else 'fewer'}"
        told = "; ".join([f"{interval}{low:.1f} to {high:.1f}", *said])
        return f"{first} leaves {by} {left} than {second} ({told})"
    if not difference.n:
        return f"{first} and {second} have no picture in common"
    ends = f"{points(difference.low)} to {points(difference.high)}"
    told = "; ".join([f"{points(difference.value)} points, {interval}{ends}", *said])
    return f"{first} is not shown to leave fewer or more {left} than {second} ({told})"


def p_in_words(p: float) -> str:
    """0.0000123 -> "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def as_sentence(clause: str) -> str:
    """A clause with a capital and a full stop."""
    return f"{clause[:1].upper()}{clause[1:]}."
