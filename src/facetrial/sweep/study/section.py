"""The study's table on a page, and as a figure."""

from collections.abc import Sequence

from facetrial.report.rendering.components import Chart, Section, Table
from facetrial.report.rendering.formatting import shown_name
from facetrial.statistics.intervals import METHOD
from facetrial.sweep.study.table import STUDY_COLUMNS, Study

_TONES = ("clean", "eight_bit", "attacked", "fourth")


def headed(title: str) -> str:
    """The heading of the table with that title."""
    return f"The study's table{': ' + title if title else ''}"


def study_section(study: Study, name: str = "study", title: str = "") -> Section:
    """A study's table and figure.

    Args:
        study: the table.
        name: of the figure's files.
        title: what sets this table apart from another of the same sweep.
    """
    note = (
        f"Every figure is of the {study.n} of {study.n_tested} test pictures on which every attack reached its budget. "
        f"Intervals: Wilson's within one person, {METHOD} for all. Adversarial training is "
        f"measured under noisy landmarks unless its column says otherwise. {noise_level(study)}"
    )
    return Section(
        headed(title),
        [comparison.sentence for comparison in study.comparisons],
        note.rstrip(),
        [study_chart(study, name)],
        [study_table(study)],
    )


def study_chart(study: Study, name: str = "study") -> Chart:
    """Points with intervals, a group a person; hollow points are the study's own figures."""
    places = {person: _name(study, person) for person in study.rows}
    return Chart(
        name,
        "Dot plot of the table below with 95 % intervals.",
        "Filled: measured here. Hollow: the study's own figure, where it has one.",
        "",
        "recognised",
        [
            series
            for column, tone in zip(STUDY_COLUMNS, _TONES, strict=True)
            for series in study.dots(column.key, tone, places)
        ],
    )


def study_table(study: Study, keys: Sequence[str] | None = None) -> Table:
    """A line a person, a column a trial; beside a figure what the study found, where it has a figure.

    Args:
        study: the table.
        keys: of the columns; all by default.
    """
    lines = [
        [shown_name(row), *study.shown(row, lambda found: f"study {found.value:.1%}", keys)]
        for row in study.rows
    ]
    header = ["person", *(study.columns[key] for key in keys or study.columns)]
    return Table("The study's table", header, lines)


def _name(study: Study, person: str) -> str:
    figure = study.cells[person, STUDY_COLUMNS[0].key].figure
    count = 0 if figure is None else figure.n
    first, _, last = shown_name(person).rpartition(" ")
    return f"{first}\n{last}\nn = {count}" if first else f"{last}\nn = {count}"


def noise_level(study: Study) -> str:
    """How the noise level was found, in a sentence; empty where it was given and not found."""
    level = study.about.noise_level
    if level is None:
        return ""
    return (
        f"The noise level was found on validation pictures: RMS {level.rms:.4f} of the pixel range, the lower of "
        f"{level.costs_enough:.4f}, where random noise costs {100 * level.wanted_cost:.1f} points as a mean over "
        f"{len(level.people)} people ({sum(level.people.values())} pictures), and {level.still_reached:.4f}, the "
        f"highest that noise on the landmarks still reaches on the wanted share of {level.pictures} pictures. At the "
        f"level used, random noise costs them {100 * level.cost:.1f} points."
    )
