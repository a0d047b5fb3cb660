"""The study's table on a page, and as a figure."""

from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import shown_name
from facetrial.sweep.study.table import EVERYBODY, STUDY_COLUMNS, Cell, Study

_TONES = ("clean", "eight_bit", "attacked", "fourth")


def study_section(study: Study, name: str = "study", title: str = "") -> Section:
    """A study's table and figure.

    Args:
        study: the table.
        name: of the figure's files.
        title: what sets this table apart from another of the same sweep.
    """
    note = (
        f"Every figure is of the {study.n} of {study.n_tested} test pictures on which every attack reached its budget. "
        "Intervals: Wilson's within one person, bootstrap over people, then pictures, for all. Adversarial training is "
        f"measured under noisy landmarks unless its column says otherwise. {noise_level(study)}"
    )
    return Section(
        f"The study's table{': ' + title if title else ''}",
        [comparison.sentence for comparison in study.comparisons],
        note.rstrip(),
        [study_chart(study, name)],
        [study_table(study)],
    )


def study_chart(study: Study, name: str = "study") -> Chart:
    """Points with intervals, a group a person; hollow points are the study's own figures."""
    people = [*study.people, EVERYBODY]
    series = []
    for column, tone in zip(STUDY_COLUMNS, _TONES, strict=True):
        cells = [_cell(study, person, column) for person in people]
        names = [_name(study, person) for person in people]
        figures = [cell.figure for cell in cells]
        parts = ([getattr(figure, part) for figure in figures] for part in ("value", "low", "high"))
        series.append(Series(column.title, names, *parts, tone=tone))
        known = [
            (name, cell.study) for name, cell in zip(names, cells, strict=True) if cell.study is not None
        ]
        if known:
            places, values = zip(*known, strict=True)
            series.append(Series("", places, values, hollow=True, tone=tone))
    return Chart(
        name,
        "Dot plot of the table below with 95 % intervals.",
        "Filled: measured here. Hollow: the study's own figure, where it has one.",
        "",
        "recognised",
        series,
    )


def study_table(study: Study) -> Table:
    """A line a person, a column a trial; beside a figure what the study found, where it has a figure."""
    columns = list(dict.fromkeys(cell.column for cell in study.cells + study.further))
    lines = []
    for person in [*study.people, EVERYBODY]:
        cells = [_cell(study, person, column) for column in columns]
        lines.append(
            [
                person,
                *(
                    cell.figure.as_dict()
                    | ({} if cell.study is None else {"note": f"study {cell.study:.1%}"})
                    for cell in cells
                ),
            ]
        )
    return Table("The study's table", ["person", *(column.title for column in columns)], lines)


def _cell(study: Study, person: str, column: object) -> Cell:
    return next(c for c in study.cells + study.further if c.person == person and c.column == column)


def _name(study: Study, person: str) -> str:
    count = next(cell.figure.n for cell in study.cells if cell.person == person)
    first, _, last = shown_name(person).rpartition(" ")
    return f"{first}\n{last}\nn = {count}" if first else f"{last}\nn = {count}"


def noise_level(study: Study) -> str:
    """How the noise level was found, in a sentence; empty where it was given and not found."""
    level = study.about.get("noise_level")
    if not level:
        return ""
    people = sum(level["people"].values())
    return (
        f"The noise level was found on validation pictures: RMS {level['rms']:.4f} of the pixel range, the lower of "
        f"{level['costs_enough']:.4f}, where random noise costs {100 * level['wanted_cost']:.1f} points as a mean over "
        f"{len(level['people'])} people ({people} pictures), and {level['still_reached']:.4f}, the highest that noise "
        f"on the landmarks still reaches on the wanted share of {level['pictures']} pictures. At the level used, "
        f"random noise costs them {100 * level['cost']:.1f} points."
    )
