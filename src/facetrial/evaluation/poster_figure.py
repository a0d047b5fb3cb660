"""The study's table as a figure."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from facetrial.evaluation.figures import LIGHT, Theme, draw_figures, mark, new_axes, percent_axis
from facetrial.evaluation.poster import EVERYBODY, STUDY_COLUMNS, Study
from facetrial.evaluation.verdict_words import shown_name

_MARKERS = ("o", "s", "D", "^")


def study_figure(study: Study, theme: Theme = LIGHT) -> Figure:
    """Points with intervals, a group a person; hollow points are the study's own figures."""
    figure, axes = new_axes(theme, 8.2, 4.2)
    percent_axis(axes, theme, "recognised")
    groups = [*study.people, EVERYBODY]
    colours = (theme.clean, theme.eight_bit, theme.attacked, theme.fourth)
    handles = []
    for number, column in enumerate(STUDY_COLUMNS):
        offset = (number - (len(STUDY_COLUMNS) - 1) / 2) * 0.19
        for place, person in enumerate(groups):
            cell = next(c for c in study.cells if c.person == person and c.column == column)
            draw_figures(axes, place + offset, cell.figure.as_dict(), colours[number], _MARKERS[number])
            if cell.study is not None:
                axes.plot(
                    place + offset + 0.07,
                    cell.study,
                    marker=_MARKERS[number],
                    markersize=6,
                    markerfacecolor="none",
                    color=colours[number],
                    linestyle="none",
                )
        style = {"marker": _MARKERS[number], "color": colours[number], "linestyle": "none"}
        handles.append(Line2D([], [], label=column.title, **style))
    if any(cell.study is not None for cell in study.cells):
        handles.append(
            Line2D(
                [],
                [],
                marker="o",
                color=theme.ink,
                markerfacecolor="none",
                linestyle="none",
                label="the study",
            )
        )
    count = {person: study.cells[i * len(STUDY_COLUMNS)].figure.n for i, person in enumerate(groups)}
    axes.set_xticks(range(len(groups)), [f"{_two_lines(person)}\nn = {count[person]}" for person in groups])
    for label in axes.get_xticklabels():
        label.set_parse_math(False)
    axes.axvline(len(groups) - 1.5, color=theme.muted, linewidth=0.6)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=5, fontsize=8, frameon=False, labelcolor=theme.ink
    )
    mark(figure, study.summaries, theme)
    return figure


def _two_lines(person: str) -> str:
    first, _, last = shown_name(person).rpartition(" ")
    return f"{first}\n{last}"
