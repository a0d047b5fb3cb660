"""What a report says of the tasks: a table of clean against attacked, and how similarities move."""

from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.tasks.results import ByVersion, OverPeople, Tasks, TooFew, Unavailable, Verification
from facetrial.metrics.tasks.summary import figures_of
from facetrial.report.rendering.components import Cell, Chart, Noted, Section, Series, Table
from facetrial.report.rendering.formatting import figure_in_words, percent, rate_in_words
from facetrial.trial.embedding_shards import Version

SHOWN: dict[Version, str] = {"clean": "clean", "attacked": "attacked", "8bit": "after rounding to 8 bits"}


def line_of(title: str, figures: ByVersion) -> list[Cell]:
    """A line of a table: a figure of each version."""
    return [title, *(figures.get(version) for version in SHOWN)]


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
            "In verification an attacked picture is one side of each pair and clean pictures are the other. In its "
            "figures and those of the open set everyone weighs the same, or every couple of two people, whatever their "
            "number of pictures, and intervals are over people. Below them stands what they are where every pair or "
            "picture weighs the same, as the field has it, and how many people of one weight that rests on. "
            "Thresholds are set on validation pictures, which are not scored, and stay as they are under attack; "
            "curves, their area and the equal error rate are of the test pictures, and set none."
            + (_TRAINED if tasks.open_set.trained_on_all else "")
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
        tar, far = point.tar.over_people, point.far.over_people
        sentences.append(
            f"At the threshold that accepts {rate_in_words(point.wanted)} of the validation pairs of two people, "
            f"{figure_in_words(far['clean'], 2)} of the clean test pairs of two people are accepted, "
            f"{percent(tar['clean'].value)} of the clean pairs of one person, and {percent(tar['attacked'].value)} of "
            "those with an attacked side."
        )
        if point.impersonation is not None:
            taken = point.impersonation.over_people
            sentences.append(
                f"There, {percent(taken['attacked'].value)} of the pairs of an attacked picture and one of its target "
                f"are accepted; before the attack it was {percent(taken['clean'].value)}."
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
            f"{what} at a {rate} of {rate_in_words(point.wanted)} cannot be told: the {task.set_on.pictures:,} "
            f"validation pictures are worth {point.found:,} independent {things}, and {point.needed:,} are needed."
            for point in task.points
            if isinstance(point, TooFew)
        ]
        if task is tasks.verification and isinstance(task.accuracy, Unavailable):
            sentences.append(f"{what} at the best threshold cannot be told: {task.accuracy.unavailable}.")
    return sentences


_TITLES = {
    "identification top1": "Identification among {people}: right name first",
    "identification rank5": "Identification: right name among the first five",
    "verification eer": "Verification: equal error rate",
    "verification auroc": "Verification: area under the curve",
    "verification accuracy": "Verification: right at the best threshold of validation pictures",
    "verification tar": "Verification: pairs of one person accepted, false accepts {rate}",
    "verification far": "Verification: pairs of two people accepted, false accepts {rate}",
    "verification impersonation": "Verification: accepted as the target, false accepts {rate}",
    "open_set identified": "Open set: found and named rightly, false alarms {rate}",
    "open_set false_alarms": "Open set: people outside taken for somebody, {rate}",
}


def _lines(tasks: Tasks) -> list[list[Cell]]:
    lines: list[list[Cell]] = []
    for task, name, wanted, person, found in figures_of(tasks):
        if person:
            continue
        rate = "" if wanted is None else rate_in_words(wanted)
        title = _TITLES[f"{task} {name}"].format(people=tasks.identification.people, rate=rate)
        if isinstance(found, OverPeople):
            each = "picture" if task == "open_set" else "pair"
            lines.append([title, *(_noted(found, version, each) for version in SHOWN)])
        else:
            lines.append(line_of(title, found))
    return lines


def _noted(found: OverPeople, version: Version, each: str) -> Noted:
    """A figure with the people that it is of, what it is pooled, and on as many people as what that rests."""
    people, worth = found.people[version], found.effective_people[version]
    pooled = f"{each} by {each} {percent(found.pooled[version])}, as of {worth:.1f} people"
    return Noted(found.over_people[version], f"{people} people; {pooled}")


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
            "Pairs of one person accepted, at each share of the test's own clean pairs of two people accepted. "
            "Everyone weighs the same, and no threshold is set by it."
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
        caption=(
            "Cosine similarities of all pairs, everyone of one weight: where the curves of one and of two people meet, "
            "they are confused."
        ),
        x_title="cosine similarity",
        y_title="share of pairs",
        series=series,
        to_largest=True,
    )
