"""What is left under attack against the number of training pictures a person has, over the people of a trial."""

from facetrial.metrics.class_size import ClassSize
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Chart, Section, Series
from facetrial.report.rendering.formatting import percent, shown_name


def class_size_sentence(found: ClassSize) -> str:
    """What the people of the trial show."""
    factor, first, last = found.doubling, found.curve[0], found.curve[-1]
    ends = f"95 % interval {factor.low:.2f} to {factor.high:.2f}, {found.people} people"
    if factor.low > 1:
        said = "People with more training pictures are recognised more often under attack"
    elif factor.high < 1:
        said = "People with more training pictures are recognised less often under attack"
    else:
        said = "These people do not decide whether more training pictures help under attack"
    return (
        f"{said}: with twice as many, the odds change by a factor of {factor.value:.2f} ({ends}), from "
        f"{percent(first.value)} with {first.n_train:.0f} to {percent(last.value)} with "
        f"{last.n_train:.0f}."
    )


def class_size_section(summary: TrialSummary) -> Section | None:
    """People by their number of training pictures, with the fitted curve."""
    found = summary.class_size
    if found is None:
        return None
    people = [(name, one) for name, one in summary.per_identity.items() if one.robust.n]
    fitted = found.curve
    chart = Chart(
        "class_size",
        "Share recognised under attack of each person against the number of training pictures. "
        + class_size_sentence(found),
        "A point a person; the line is a logistic regression on the logarithm, with its 95 % interval from a bootstrap "
        "over people.",
        "training pictures of the person",
        "recognised under attack",
        [
            Series(
                "people",
                [one.n_train for _, one in people],
                [one.robust.value for _, one in people],
                labels=[
                    f"{shown_name(name)}: {percent(one.robust.value, 0)} of {one.robust.n}, trained "
                    f"on {one.n_train}"
                    for name, one in people
                ],
            ),
            Series.of(
                "fitted", [point.n_train for point in fitted], fitted, line=True, points=False, band=True
            ),
        ],
        log_x=True,
    )
    return Section(
        "How many pictures of a person it takes",
        [class_size_sentence(found)],
        "People also differ in other things than their number of pictures; what it does by itself is shown by "
        "experiment=class_size, which trains on fewer pictures of the same people.",
        charts=[chart],
    )
