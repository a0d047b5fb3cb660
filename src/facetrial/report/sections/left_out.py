"""Pictures that could not be used, on a page."""

from collections.abc import Sequence

from facetrial.core.errors import visible
from facetrial.metrics.parts import LeftOut
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Section, Table
from facetrial.report.rendering.formatting import pictures

_SHOWN = 200


def left_out_sentence(left_out: LeftOut) -> str:
    """How many pictures and people stand in no figure.

    >>> left_out_sentence(LeftOut(1, {"Ann/1.jpg": "an empty file"}, ()))
    '1 picture of the data could not be used. They stand in no figure.'
    """
    said = [f"{pictures(left_out.n)} of the data could not be used"] if left_out.n else []
    if left_out.people:
        one = len(left_out.people) == 1
        who = "1 person" if one else f"{len(left_out.people)} people"
        said.append(f"{who}, of whom too few are left, {'is' if one else 'are'} left out")
    return f"{'; '.join(said)}. They stand in no figure."


def left_out_section(summary: TrialSummary) -> Section | None:
    """Each picture that could not be used, with the reason, and each person of whom too few are left."""
    return None if summary.left_out is None else _section(summary.left_out)


def left_out_of_all(summaries: Sequence[TrialSummary]) -> Section | None:
    """The same of several trials, each picture once; None where all could be used."""
    found = [summary.left_out for summary in summaries if summary.left_out is not None]
    if not found:
        return None
    pictures = {name: reason for one in found for name, reason in one.pictures.items()}
    people = dict.fromkeys(name for one in found for name in one.people)
    return _section(LeftOut(max(len(pictures), *(one.n for one in found)), pictures, tuple(people)))


def _section(left_out: LeftOut) -> Section:
    lines = [[visible(name), visible(reason)] for name, reason in left_out.pictures.items()]
    lines += [[visible(name), "a person of whom too few pictures are left"] for name in left_out.people]
    rest = len(lines) - _SHOWN
    return Section(
        "Left out",
        [left_out_sentence(left_out)],
        f"{rest} more stand in summary.json." if rest > 0 else "",
        tables=[Table("Pictures and people left out", ["picture", "why"], lines[:_SHOWN])],
    )
