"""The charts at the head of a trial's report: accuracy, and each person under attack."""

from collections.abc import Sequence

import numpy as np

from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Chart, Series
from facetrial.report.rendering.formatting import (
    FIGURES,
    figure_in_words,
    interval,
    judged,
    percent,
    ranked_people,
    shown_name,
    things,
)
from facetrial.statistics.intervals import METHOD, Interval, rate_over_people

FEWEST_PEOPLE_FOR_GROUPS = 20
NUM_GROUPS = 5


def accuracy_chart(summary: TrialSummary) -> Chart:
    """Accuracy clean, attacked and attacked in 8 bits, with 95 % intervals."""
    bars = (
        ("clean", "clean_accuracy", "clean"),
        ("attacked", "robust_accuracy", "attacked"),
        ("attacked, 8-bit", "robust_accuracy_8bit", "eight_bit"),
    )
    parts = [f"{FIGURES[key]} {figure_in_words(getattr(summary, key))}" for _, key, _ in bars]
    return Chart(
        "accuracy",
        "Bar chart with 95 % intervals: " + "; ".join(parts) + ".",
        f"Share of {things(summary)} {judged(summary)}. Whiskers: 95 % intervals, {METHOD}.",
        "",
        judged(summary),
        [Series.of("", [name], [getattr(summary, key)], bars=True, tone=tone) for name, key, tone in bars],
    )


def people_chart(summary: TrialSummary) -> Chart:
    """Each person's accuracy under attack against the number of pictures the recogniser was trained on.

    With many people also the accuracy of groups of them, the fifth with the fewest training pictures first.
    """
    people = ranked_people(summary)
    trained = np.array([max(person.n_train, 1) for _, person in people], dtype=float)
    figures = [person.robust for _, person in people]
    series = [
        Series.of(
            "one person (larger: more tested)",
            trained.tolist(),
            figures,
            labels=[
                f"{shown_name(name)}: {percent(person.robust.value)} of {person.robust.n} "
                f"(95 %: {interval(person.robust)}), trained on {person.n_train}"
                for name, person in people
            ],
            sizes=[figure.n for figure in figures],
            tone="attacked",
        )
    ]
    if len(people) >= FEWEST_PEOPLE_FOR_GROUPS:
        series.append(_groups_by_training(trained, figures))
    return Chart(
        "people",
        f"Scatter of the accuracy under attack of {len(people)} people against their number of training pictures; "
        "the table of all people holds the same figures.",
        "Each person under attack, by training pictures. Whiskers: 95 % intervals, Wilson's for one person.",
        "training pictures of the person",
        "recognised under attack",
        series,
        log_x=True,
    )


def _groups_by_training(trained: np.ndarray, figures: Sequence[Interval]) -> Series:
    order = np.argsort(trained, kind="stable")
    tested = np.array([figure.n for figure in figures])
    right = np.round([figure.value * figure.n for figure in figures]).astype(int)
    centres, groups = [], []
    for members in np.array_split(order, NUM_GROUPS):
        hits = [np.arange(n) < k for k, n in zip(right[members], tested[members], strict=True)]
        groups.append(rate_over_people(np.concatenate(hits), np.repeat(members, tested[members])))
        centres.append(float(np.exp(np.log(trained[members]).mean())))
    return Series.of("a fifth of the people", centres, groups, line=True, tone="ink")
