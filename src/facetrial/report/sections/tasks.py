"""What a report says of the tasks: a table of clean against attacked, and how similarities move."""

from collections.abc import Mapping, Sequence
from typing import Any

from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import percent, rate_in_words

_SHOWN = {"clean": "clean", "attacked": "attacked", "8bit": "after rounding to 8 bits"}


def tasks_section(summary: Mapping[str, Any]) -> Section | None:
    """The section, from a trial's summary; None where it knows of no tasks."""
    tasks = summary.get("tasks")
    if tasks is None:
        return None
    verification, open_set = tasks["verification"], tasks["open_set"]
    return Section(
        title="What it means for each task",
        sentences=_sentences(tasks),
        note=(
            "Thresholds are those of the clean pictures and stay as they are under attack. In verification an "
            "attacked picture is one side of each pair and clean pictures are the other; intervals draw people anew, "
            "since pairs share them." + (_TRAINED if open_set.get("trained_on_all") else "")
        ),
        charts=()
        if "unavailable" in verification
        else (_curve_chart(verification), _score_chart(verification)),
        tables=(Table("Tasks", ("Task", *_SHOWN.values()), _lines(tasks)),),
    )


_TRAINED = (
    " The network was trained on pictures of all these people, those outside the gallery among them: strangers would "
    "be harder."
)


def _sentences(tasks: Mapping[str, Any]) -> list[str]:
    sentences = []
    verification, open_set = tasks["verification"], tasks["open_set"]
    told = [p for p in verification.get("points", ()) if p["threshold"] is not None]
    if told:
        point = told[-1]
        sentences.append(
            f"At the threshold that accepts {rate_in_words(point['wanted'])} of the clean pairs of two people, "
            f"{percent(point['tar']['clean']['value'])} of the clean pairs of one person are accepted and "
            f"{percent(point['tar']['attacked']['value'])} of those with an attacked side."
        )
        if point["impersonation"] is not None:
            sentences.append(
                f"There, {percent(point['impersonation']['attacked']['value'])} of the pairs of an attacked picture "
                "and one of its target are accepted; before the attack it was "
                f"{percent(point['impersonation']['clean']['value'])}."
            )
    for what, task, rate, things in (
        ("Verification", verification, "false accept rate", "pairs of two people"),
        ("Open-set identification", open_set, "false alarm rate", "pictures of people outside the gallery"),
    ):
        if "unavailable" in task:
            sentences.append(f"{what} cannot be told: {task['unavailable']}.")
        for point in task.get("points", ()):
            if point["threshold"] is None:
                sentences.append(
                    f"{what} at a {rate} of {rate_in_words(point['wanted'])} cannot be told: there are too few "
                    f"{things}, {point['needed']:,} are needed."
                )
    return sentences


def _lines(tasks: Mapping[str, Any]) -> list[Sequence[Any]]:
    def line(title: str, figures: Mapping[str, Any], set_to: str | None = None) -> Sequence[Any]:
        shown = [figures[version] for version in _SHOWN]
        return (title, *([set_to, *shown[1:]] if set_to else shown))

    identification, verification, open_set = tasks["identification"], tasks["verification"], tasks["open_set"]
    lines = [
        line(f"Identification among {identification['people']}: right name first", identification["top1"])
    ]
    if identification["rank5"] is not None:
        lines.append(line("Identification: right name among the first five", identification["rank5"]))
    if "unavailable" not in verification:
        lines.append(line("Verification: equal error rate", verification["eer"]))
        lines.append(line("Verification: right at the best clean threshold", verification["accuracy"]))
    for point in verification.get("points", ()):
        if point["threshold"] is not None:
            rate = rate_in_words(point["wanted"])
            lines.append(line(f"Verification: pairs of one person accepted, FAR {rate}", point["tar"]))
            lines.append(
                line(
                    f"Verification: pairs of two people accepted, FAR {rate}", point["far"], f"set to {rate}"
                )
            )
            if point["impersonation"] is not None:
                lines.append(
                    line(f"Verification: accepted as the target, FAR {rate}", point["impersonation"])
                )
    for point in open_set.get("points", ()):
        if point["threshold"] is not None:
            rate = rate_in_words(point["wanted"])
            lines.append(line(f"Open set: found and named rightly, false alarms {rate}", point["identified"]))
            lines.append(
                line(
                    f"Open set: people outside taken for somebody, {rate}",
                    point["false_alarms"],
                    f"set to {rate}",
                )
            )
    return lines


def _curve_chart(verification: Mapping[str, Any]) -> Chart:
    curve = verification["curve"]
    series = [
        Series(
            name=title,
            x=curve["far"],
            y=[point["value"] for point in curve[version]],
            low=[point["low"] for point in curve[version]],
            high=[point["high"] for point in curve[version]],
            line=True,
            points=False,
            band=True,
        )
        for version, title in list(_SHOWN.items())[:2]  # rounding to 8 bits hides one line behind another
    ]
    clean, attacked = curve["clean"][0], curve["attacked"][0]
    return Chart(
        name="verification",
        alt=(
            "Share of pairs of one person accepted against the false accept rate: from "
            f"{percent(clean['value'])} clean and {percent(attacked['value'])} attacked at "
            f"{rate_in_words(curve['far'][0])}, to {percent(curve['clean'][-1]['value'])} and "
            f"{percent(curve['attacked'][-1]['value'])} at {rate_in_words(curve['far'][-1])}."
        ),
        caption=(
            "Pairs of one person accepted, at thresholds set by the share of clean pairs of two people accepted."
        ),
        x_title="false accept rate on clean pictures",
        y_title="pairs of one person accepted",
        series=series,
        log_x=True,
    )


def _score_chart(verification: Mapping[str, Any]) -> Chart:
    histogram = verification["histogram"]
    titles = {"genuine": "one person", "impostor": "two people"}
    series = [
        Series(
            name=f"{titles[kind]}, {version}",
            x=histogram["similarity"],
            y=histogram[kind][version],
            line=True,
            points=False,
        )
        for kind in titles
        for version in ("clean", "attacked")
    ]
    return Chart(
        name="similarities",
        alt="How similar pairs of one person and of two people are, clean and with an attacked side.",
        caption="Cosine similarities of all pairs: where the curves of one and of two people meet, they are confused.",
        x_title="cosine similarity",
        y_title="share of pairs",
        series=series,
    )
