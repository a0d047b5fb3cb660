"""The report of a trial: one HTML file that needs nothing else, and its figures beside it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Section
from facetrial.report.rendering.formatting import judged, ranked_people, things
from facetrial.report.rendering.html import data_address, write_html
from facetrial.report.rendering.render import show_chart, show_sections
from facetrial.report.sections.accuracy import accuracy_chart, people_chart
from facetrial.report.sections.certified import certified_section
from facetrial.report.sections.class_size import class_size_section
from facetrial.report.sections.flagging import flagging_section
from facetrial.report.sections.left_out import left_out_section
from facetrial.report.sections.pairs import pairs_section
from facetrial.report.sections.physical import physical_section
from facetrial.report.sections.power import power_section
from facetrial.report.sections.security_curve import curve_section
from facetrial.report.sections.tasks import tasks_section
from facetrial.report.showcase import IMAGES, read_image
from facetrial.report.wording import banners, headline, sentences, trust
from facetrial.trial.showcase_cases import EVENLY, JUST_FOOLED, JUST_ROBUST, WORST, Case

# What a trial's report has to show, in the order of the page: each makes a section of the summary, or None.
TRIAL_SECTIONS: list[Callable[[TrialSummary], Section | None]] = [
    curve_section,
    certified_section,
    flagging_section,
    tasks_section,
    pairs_section,
    physical_section,
    power_section,
    class_size_section,
    left_out_section,
]
KINDS = {
    WORST: (
        "Most surely mistaken",
        "The attack succeeded, and the margin under attack is the lowest of all.",
    ),
    JUST_FOOLED: ("Only just fooled", "The attack succeeded by the narrowest margins."),
    JUST_ROBUST: ("Only just withstood", "The attack failed by the narrowest margins."),
    EVENLY: (
        "Not chosen",
        "Drawn evenly over people before the trial, so that extremes are not taken for the rule.",
    ),
}


def write_report(folder: str | Path, summary: TrialSummary, config: str = "", private: bool = False) -> Path:
    """Writes `report.html` into `folder`, and each of its charts as PNG and SVG beside it.

    Args:
        folder: the run's folder, with the pictures of `summary.cases`, if any, as `write_showcase` leaves them.
        summary: of the trial.
        config: the composed config as YAML text.
        private: whether it is to be said that pictures are left out on purpose.

    Returns:
        The path of `report.html`.
    """
    folder = Path(folder)
    charts = [accuracy_chart(summary), *([people_chart(summary)] if ranked_people(summary) else [])]
    return write_html(
        folder / "report.html",
        "report.html",
        title=f"{summary.attack} against {summary.embedder}",
        summary=summary,
        words={
            "banners": banners,
            "headline": headline,
            "judged": judged,
            "sentences": sentences,
            "things": things,
            "trust": trust,
        },
        charts=[show_chart(chart, folder, [summary]) for chart in charts],
        sections=show_sections(
            [section for make in TRIAL_SECTIONS if (section := make(summary)) is not None], folder, [summary]
        ),
        groups=showcase_groups(folder, summary.cases or ()),
        people=people_lines(summary),
        checks=sorted(summary.checks.items(), key=lambda item: (item[1].passed is None, item[1].passed)),
        config=config,
        private=private,
    )


def showcase_groups(folder: Path, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """What the showcase shows: for each kind of case its title, what it is, and a card a picture."""
    groups = []
    for kind, (title, note) in KINDS.items():
        cards = [
            vars(case) | {"images": {image: _address(read_image(folder, case, image)) for image in IMAGES}}
            for case in cases
            if case.kind == kind
        ]
        if cards:
            groups.append({"title": title, "note": note, "cards": cards})
    return groups


def _address(path: Path) -> str:
    return data_address(path.read_bytes(), "image/png")


def people_lines(summary: TrialSummary) -> list[dict[str, Any]]:
    """A line a person, the least recognised under attack first, those who could not be attacked last."""
    ranked = ranked_people(summary)
    seen = {name for name, _ in ranked}
    rest = [(name, person) for name, person in summary.per_identity.items() if name not in seen]
    return [{"name": name} | vars(person) for name, person in ranked + rest]
