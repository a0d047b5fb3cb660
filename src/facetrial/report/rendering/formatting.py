"""Figures as they are shown: percentages, intervals, names and what is counted."""

import math

from facetrial.core.errors import visible
from facetrial.metrics.flagging import LEFT
from facetrial.metrics.parts import Person
from facetrial.metrics.summary import TrialSummary
from facetrial.statistics.intervals import Interval

FIGURES = {
    "clean_accuracy": "accuracy, clean",
    "robust_accuracy": "accuracy, attacked",
    "robust_accuracy_8bit": "accuracy, attacked and saved in 8 bits",
    "attack_success": "attack success",
}
NOTHING = "–"  # noqa: RUF001


def percent(value: float | None, digits: int = 1) -> str:
    """0.1234 -> "12.3 %"; nothing measured -> a dash. What isn't all or nothing is never rounded to it."""
    if value is None or math.isnan(value):
        return NOTHING
    smallest = 0.5 * 10 ** -(digits + 2)
    if 0 < value < smallest:
        return f"< {10**-digits:.{digits}f} %"
    if 1 - smallest < value < 1:
        return f"> {100 - 10**-digits:.{digits}f} %"
    return f"{100 * value:.{digits}f} %"


def rate_in_words(rate: float) -> str:
    """A wanted rate as people say it: 0.01 -> "1 %", 0.0001 -> "0.01 %"."""
    return f"{100 * rate:.2g} %"


def interval(figure: Interval, digits: int = 1) -> str:
    """From 0.1 to 0.2 -> "10.0 to 20.0 %"."""
    if math.isnan(figure.value):
        return NOTHING
    return f"{100 * figure.low:.{digits}f} to {100 * figure.high:.{digits}f} %"


def figure_in_words(figure: Interval, digits: int = 1) -> str:
    """ "15.0 % (10.0 to 20.0 %)"."""
    return f"{percent(figure.value, digits)} ({interval(figure, digits)})"


def points(difference: float) -> str:
    """-0.1234 -> "-12.3"."""
    return f"{100 * difference:+.1f}"


def signed(margin: float) -> str:
    """0.314 -> "+0.31"; unknown or infinite -> a dash."""
    return f"{margin:+.2f}" if math.isfinite(margin) else NOTHING


def ranked_people(summary: TrialSummary) -> list[tuple[str, Person]]:
    """People who could be attacked, the least recognised under attack first, then by number of pictures."""
    people = [(name, one) for name, one in summary.per_identity.items() if one.robust.n]
    return sorted(people, key=lambda item: (item[1].robust.value, -item[1].robust.n, item[0]))


def things(summary: TrialSummary, pictures: str = "pictures") -> str:
    """What was judged."""
    return "pairs" if summary.of_pairs else pictures


def judged(summary: TrialSummary) -> str:
    """What a right verdict on them is called."""
    right = "judged rightly" if summary.of_pairs else "recognised"
    return f"{right} (flagged or not)" if summary.flagging is not None else right


def left(summary: TrialSummary) -> str:
    """What `left_robust` is a share of."""
    return LEFT if summary.flagging is not None else judged(summary)


def shown_name(name: str) -> str:
    """A person's name as it is said: LFW's folders have underscores for blanks. Nothing in it acts on a terminal."""
    return visible(name.replace("_", " "))


def pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"
