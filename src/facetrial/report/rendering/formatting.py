"""Figures as they are shown: percentages, intervals, names and what is counted."""

import math
from collections.abc import Mapping
from typing import Any

from facetrial.metrics.flagging import has_detector

FIGURES = {
    "clean_accuracy": "accuracy, clean",
    "robust_accuracy": "accuracy, attacked",
    "robust_accuracy_8bit": "accuracy, attacked and saved in 8 bits",
    "attack_success": "attack success",
}
NOTHING = "–"  # noqa: RUF001


def percent(value: float | None, digits: int = 1) -> str:
    """0.1234 -> "12.3 %"; nothing measured -> a dash. What isn't all or nothing is never rounded to it."""
    if _unknown(value):
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


def interval(figure: Mapping[str, Any], digits: int = 1) -> str:
    """{low: 0.1, high: 0.2} -> "10.0 to 20.0 %"."""
    if _unknown(figure["value"]):
        return NOTHING
    return f"{100 * figure['low']:.{digits}f} to {100 * figure['high']:.{digits}f} %"


def points(difference: float) -> str:
    """-0.1234 -> "-12.3"."""
    return f"{100 * difference:+.1f}"


def _unknown(value: float | None) -> bool:
    return value is None or math.isnan(value)


def ranked_people(summary: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """People who could be attacked, the least recognised under attack first, then by number of pictures."""
    people = [(n, p) for n, p in summary["per_identity"].items() if not _unknown(p["robust"]["value"])]
    return sorted(people, key=lambda item: (item[1]["robust"]["value"], -item[1]["robust"]["n"], item[0]))


def of_pairs(summary: Mapping[str, Any]) -> bool:
    """Whether the trial was of pairs of pictures."""
    return summary.get("task") == "verification"


def things(summary: Mapping[str, Any], pictures: str = "pictures") -> str:
    """What was judged."""
    return "pairs" if of_pairs(summary) else pictures


def judged(summary: Mapping[str, Any]) -> str:
    """What a right verdict on them is called."""
    right = "judged rightly" if of_pairs(summary) else "recognised"
    return f"{right} (flagged or not)" if has_detector(summary) else right


def shown_name(name: str) -> str:
    """A person's name as it is said: LFW's folders have underscores for blanks."""
    return name.replace("_", " ")


def pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"
