"""What a report says of the tasks: a table of clean against attacked, and how similarities move."""

from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.tasks.results import ByVersion, Tasks, TooFew, Unavailable, Verification
from facetrial.metrics.tasks.summary import figures_of
from facetrial.report.rendering.components import Cell, Chart, Section, Series, Table
from facetrial.report.rendering.formatting import percent, rate_in_words
from facetrial.trial.embedding_shards import Version

SHOWN: dict[Version, str] = {"clean": "clean", "attacked": "attacked", "8bit": "after rounding to 8 bits"}


def line_of(title: str, figures: ByVersion, set_to: str | None = None) -> list[Cell]:
    """A line of a table: a figure of each version; `set_to` instead of a clean one that was chosen."""
    clean, *others = (figures.get(version) for version in SHOWN)
    return [title, set_to or clean, *others]


def tasks_section(summary: TrialSummary) -> Section | None:
    """The section, from a trial's summary; None where it knows of no tasks."""
    tasks = summary.tasks
    if tasks is None:
        return None
    found = tasks.verification
    return Section(
        title="What it means for each task",
        sentences=_sentences(tasks),
        note=(
            "Thresholds are those of the clean pictures and stay as they are under attack. In verification an "
            "attacked picture is one side of each pair and clean pictures are the other; intervals draw people anew, "
            "since pairs share them." + (_TRAINED if tasks.open_set.trained_on_all else "")
        ),
        charts=() if isinstance(found, Unavailable) else (_curve_chart(found), _score_chart(found)),
        tables=(Table("Tasks", ("Task", *SHOWN.values()), _lines(tasks)),),
    )


_TRAINED = (
    " The network was trained on pictures of all these people, those outside the gallery among them: strangers would "
    "be harder."
)


def _sentences(tasks: Tasks) -> list[str]:
    sentences = []
    verification = () if isinstance(tasks.verification, Unavailable) else tasks.verification.points
    if told := [point for point in verification if not isinstance(point, TooFew)]:
        point = told[-1]
        sentences.append(
            f"At the threshold that accepts {rate_in_words(point.wanted)} of the clean pairs of two people, "
            f"{percent(point.tar['clean'].value)} of the clean pairs of one person are accepted and "
            f"{percent(point.tar['attacked'].value)} of those with an attacked side."
        )
        if point.impersonation is not None:
            sentences.append(
                f"There, {percent(point.impersonation['attacked'].value)} of the pairs of an attacked picture "
                "and one of its target are accepted; before the attack it was "
                f"{percent(point.impersonation['clean'].value)}."
            )
    for what, task, rate, things in (
        ("Verification", tasks.verification, "false accept rate", "pairs of two people"),
        (
            "Open-set identification",
            tasks.open_set,
            "false alarm rate",
            "pictures of people outside the gallery",
        ),
    ):
        if isinstance(task, Unavailable):
            sentences.append(f"{what} cannot be told: {task.unavailable}.")
            continue
        sentences += [
            f"{what} at a {rate} of {rate_in_words(point.wanted)} cannot be told: there are too few {things}, "
            f"{point.needed:,} are needed."
            for point in task.points
            if isinstance(point, TooFew)
        ]
    return sentences


_TITLES = {
    "identification top1": "Identification among {people}: right name first",
    "identification rank5": "Identification: right name among the first five",
    "verification eer": "Verification: equal error rate",
    "verification accuracy": "Verification: right at the best clean threshold",
    "verification tar": "Verification: pairs of one person accepted, FAR {rate}",
    "verification far": "Verification: pairs of two people accepted, FAR {rate}",
    "verification impersonation": "Verification: accepted as the target, FAR {rate}",
    "open_set identified": "Open set: found and named rightly, false alarms {rate}",
    "open_set false_alarms": "Open set: people outside taken for somebody, {rate}",
}


def _lines(tasks: Tasks) -> list[list[Cell]]:
    lines = []
    for task, name, wanted, person, versions in figures_of(tasks):
        if not person:
            rate = "" if wanted is None else rate_in_words(wanted)
            title = _TITLES[f"{task} {name}"].format(people=tasks.identification.people, rate=rate)
            lines.append(
                line_of(title, versions, f"set to {rate}" if name in ("far", "false_alarms") else None)
            )
    return lines


def _curve_chart(verification: Verification) -> Chart:
    curve = verification.curve
    series = [  # rounding to 8 bits would hide one line behind another
        Series.of(title, curve.far, figures, line=True, points=False, band=True)
        for title, figures in (("clean", curve.clean), ("attacked", curve.attacked))
    ]
    clean, attacked = curve.clean[0], curve.attacked[0]
    return Chart(
        name="verification",
        alt=(
            "Share of pairs of one person accepted against the false accept rate: from "
            f"{percent(clean.value)} clean and {percent(attacked.value)} attacked at "
            f"{rate_in_words(curve.far[0])}, to {percent(curve.clean[-1].value)} and "
            f"{percent(curve.attacked[-1].value)} at {rate_in_words(curve.far[-1])}."
        ),
        caption=(
            "Pairs of one person accepted, at thresholds set by the share of clean pairs of two people accepted."
        ),
        x_title="false accept rate on clean pictures",
        y_title="pairs of one person accepted",
        series=series,
        log_x=True,
    )


def _score_chart(verification: Verification) -> Chart:
    histogram = verification.histogram
    versions: tuple[Version, ...] = ("clean", "attacked")
    series = [
        Series(f"{title}, {version}", histogram.similarity, shares[version], line=True, points=False)
        for title, shares in (("one person", histogram.genuine), ("two people", histogram.impostor))
        for version in versions
    ]
    return Chart(
        name="similarities",
        alt="How similar pairs of one person and of two people are, clean and with an attacked side.",
        caption="Cosine similarities of all pairs: where the curves of one and of two people meet, they are confused.",
        x_title="cosine similarity",
        y_title="share of pairs",
        series=series,
    )
