"""What so many pictures can and cannot show, on a page."""

from facetrial.metrics.power import Power
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Section, Table
from facetrial.report.rendering.formatting import pictures, shown_name

_SHOWN = 40


def power_sentence(power: Power) -> str:
    """What the person with most pictures can and cannot show.

    >>> power_sentence(power_summary({"Ann": 29}))
    '29 pictures of one person (Ann) cannot show a five-point difference: the smallest that they show four times out of five is 25.9 points, even if every change goes the same way; five points need 157 pictures.'
    """  # noqa: E501
    name, most = max(power.people.items(), key=lambda person: person[1].n)
    n, smallest = most.n, most.smallest
    who = f"{pictures(n)} of one person ({shown_name(name)})"
    needed = f"five points need {power.pictures_needed} pictures"
    if smallest is None:
        return f"{who} cannot show any difference, however large: six must change the same way; {needed}."
    least = f"the smallest that they show four times out of five is {100 * smallest:.1f} points"
    if smallest > power.difference:
        return f"{who} cannot show a five-point difference: {least}, even if every change goes the same way; {needed}."
    return f"{who} can show a five-point difference if every change goes the same way: {least}."


def power_section(summary: TrialSummary) -> Section | None:
    """What the pictures of each person can show."""
    power = summary.power
    if power is None or not power.people:
        return None
    ranked = sorted(power.people.items(), key=lambda person: (-person[1].n, person[0]))
    enough = sum(one.smallest is not None and one.smallest <= power.difference for _, one in ranked)
    lines = [
        [shown_name(name), one.n, None if one.smallest is None else round(100 * one.smallest, 1)]
        for name, one in ranked[:_SHOWN]
    ]
    header = ["person", "attacked pictures", "smallest difference, points"]
    few = (
        ""
        if len(ranked) <= _SHOWN
        else f" The table shows the {_SHOWN} of {len(ranked)} people with most pictures."
    )
    return Section(
        "What so few pictures can show",
        [
            power_sentence(power),
            f"Of {len(ranked)} people, {enough} {'has' if enough == 1 else 'have'} enough pictures for that.",
        ],
        "The smallest difference between two trials on the same pictures of a person that McNemar's exact test finds "
        "at 5 % with a power of 80 %, if every picture that changes does so in the same direction; with changes both "
        "ways it takes a larger one." + few,
        tables=[Table("Power person by person", header, lines)],
    )
