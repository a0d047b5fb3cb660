"""One report over all runs of a sweep."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from facetrial.metrics.flagging import FLAGS_COUNT, LEFT
from facetrial.metrics.parts import Person
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import interval, percent, shown_name, things
from facetrial.report.rendering.html import write_html
from facetrial.report.rendering.render import show_chart, show_sections, show_table
from facetrial.report.sections.left_out import left_out_of_all
from facetrial.report.strength import attack_in_words
from facetrial.report.wording import banners, clean_words
from facetrial.statistics.intervals import METHOD
from facetrial.sweep.class_size import class_size_sweep_section
from facetrial.sweep.comparisons import comparisons_section
from facetrial.sweep.defenses.section import defenses_section
from facetrial.sweep.defenses.table import DefenseTable
from facetrial.sweep.planned import Plan
from facetrial.sweep.region_atlas import atlas_section
from facetrial.sweep.runs import FinishedRun, Run, finished_runs, flags, own_overrides, table_name
from facetrial.sweep.security_curves import curves_section
from facetrial.sweep.showcase import sweep_showcase
from facetrial.sweep.study.section import study_section
from facetrial.sweep.study.table import Study
from facetrial.sweep.training import training_section

# What a sweep's report has to show after the comparisons, in the order of the page: each makes a section of all
# finished runs, or None.
SWEEP_SECTIONS: list[Callable[[Sequence[FinishedRun]], Section | None]] = [
    training_section,
    curves_section,
    class_size_sweep_section,
    atlas_section,
]


def write_sweep_report(
    runs: Sequence[Run],
    studies: Mapping[str, Study],
    folder: str | Path,
    defenses: Mapping[str, DefenseTable] | None = None,
    plans: Sequence[Plan] = (),
) -> Path:
    """Writes `report.html` over all runs into the sweep's folder, with the tables of the study and of defences, if any.

    It is self-contained but for links to the runs' own reports below the same folder. Its charts lie beside it as PNG
    and SVG.
    """
    folder = Path(folder)
    finished = finished_runs(runs)
    summaries = [run.summary for run in finished]
    lines = [
        {
            "name": run.folder.relative_to(folder).as_posix(),
            "summary": run.summary,
            "failure": run.failure,
            "overrides": " ".join(own_overrides(run, runs)),
            "has_report": (run.folder / "report.html").is_file(),
        }
        for run in runs
    ]
    made = [comparisons_section(finished, plans, runs), *(make(finished) for make in SWEEP_SECTIONS)]
    sections = [section for section in made if section is not None]
    for title, table in (defenses or {}).items():
        sections.append(defenses_section(table, table_name("defenses", title), title))
    if (left_out := left_out_of_all(summaries)) is not None:
        sections.append(left_out)
    # What the sweep was made for stands before all else.
    first = [study_section(study, table_name("study", title), title) for title, study in studies.items()]
    warnings = [banner for summary in summaries for banner in banners(summary)]
    return write_html(
        folder / "report.html",
        "sweep.html",
        title="Sweep",
        headline=headline(summaries, len(runs)),
        banners=list(dict.fromkeys(warnings)),
        failed=failed_checks(finished),
        lines=lines,
        flags=FLAGS_COUNT if flags(summaries) else "",
        chart=show_chart(runs_chart(finished), folder, summaries) if finished else None,
        first=show_sections(first, folder, summaries),
        sections=show_sections(sections, folder, summaries),
        people=show_table(people) if (people := people_table(finished)).lines else None,
        cards=sweep_showcase(finished),
        versions=versions(summaries),
    )


def headline(summaries: Sequence[TrialSummary], count: int) -> str:
    """The sweep in one sentence: the trial, of those that are trusted, in which least is left, with its interval."""
    trials = f"{len(summaries)} of {count} trials finished" if len(summaries) < count else f"{count} trials"
    measured = [summary for summary in summaries if summary.left_robust.n]
    if not measured:
        return f"{trials}; no picture could be attacked."
    sound = [summary for summary in measured if summary.doubt is None]
    if len(sound) < len(summaries):
        trials += f", {len(summaries) - len(sound)} not trusted"
    least = min(sound or measured, key=lambda summary: summary.left_robust.value)
    left, word = least.left_robust, "recognised" if least.flagging is None else LEFT
    defence = f"against defence {least.defense}" if least.chosen.defenses else "without defence"
    alike = sum(summary.left_robust.value == left.value for summary in sound or measured) - 1
    others = f" (as little in {alike} other{'s' if alike > 1 else ''})" if alike else ""
    return (
        f"{trials}. Least is left by {attack_in_words(least)} {defence}{others}: {percent(left.value)} of the "
        f"{things(least, 'faces')} {word} (95 % interval {interval(left)}); {clean_words(least)}."
    )


def failed_checks(finished: Sequence[FinishedRun]) -> list[dict[str, Any]]:
    """Every check that failed, with its run, but for attacks that were not to know the defence: banners say that."""
    return [
        {"run": run.name, "name": name, **vars(check)}
        for run in finished
        if not run.summary.only_naive
        for name, check in run.summary.failed_checks.items()
    ]


def versions(summaries: Sequence[TrialSummary]) -> dict[str, str]:
    """Of each package the versions that the runs were made with."""
    found: dict[str, list[str]] = {}
    for summary in summaries:
        for package, version in summary.versions.items():
            found.setdefault(package, []).append(version)
    return {package: ", ".join(dict.fromkeys(seen)) for package, seen in found.items()}


def runs_chart(finished: Sequence[FinishedRun]) -> Chart:
    """What is recognised clean and left robust under attack in each run, with intervals."""
    names = _distinct([run.name for run in finished])
    flagged = flags(run.summary for run in finished)
    return Chart(
        "runs",
        "Accuracy clean and attacked of each trial with 95 % intervals; the table below holds the same figures.",
        "Attack / defence of each trial, in the order of the table. Whiskers: 95 % intervals, "
        f"{METHOD}." + (f" {FLAGS_COUNT}" if flagged else ""),
        "",
        LEFT if flagged else "recognised",
        [
            Series.of("clean", names, [run.summary.clean_kept for run in finished], tone="clean"),
            Series.of("attacked", names, [run.summary.left_robust for run in finished], tone="attacked"),
        ],
        sideways=True,
    )


def people_table(finished: Sequence[FinishedRun]) -> Table:
    """A line a person, a column a trial: the share of attacked pictures recognised."""
    people: dict[str, Person] = {}
    for run in finished:
        people |= {name: person for name, person in run.summary.per_identity.items() if name not in people}
    lines = []
    for name, person in sorted(people.items()):
        found = [run.summary.per_identity.get(name) for run in finished]
        cells = [None if one is None else one.robust for one in found]
        trained = {one.n_train for one in found if one is not None}  # differs where this is what is swept
        lines.append([shown_name(name), person.n_train if len(trained) == 1 else None, *cells])
    header = ["person", "trained on", *(run.name for run in finished)]
    return Table("Recognised under attack, person by person", header, lines)


def _distinct(names: Sequence[str]) -> list[str]:
    """The same names, those that occur again with a number, so that each has a place of its own."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
