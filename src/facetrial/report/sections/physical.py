"""What a report says of the paths: whether the attack survives being saved, and being found again."""

from facetrial.metrics.physical import PathFigures, Physical
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import figure_in_words, interval, percent

_HEADER = (
    "path", "recognised, clean", "recognised, attacked", "attack success", "no face found, clean",
    "no face found, attacked",
)  # fmt: skip
_FIGURES = ("clean", "attacked", "success", "not_found_clean", "not_found_attacked")
_BROKEN = 0.9  # of the accuracy in float32: a path that leaves less of it says little of the attack


def physical_section(summary: TrialSummary) -> Section | None:
    """The section, from a trial's summary; None where no picture was sent anywhere."""
    physical = summary.physical
    if physical is None:
        return None
    paths = physical.paths
    labels = [path.label for path in paths]
    chart = Chart(
        name="physical",
        alt="Success of the attack on each path with 95 % intervals: "
        + "; ".join(f"{path.label}: {figure_in_words(path.success)}" for path in paths)
        + ". The table holds the same figures.",
        caption="What is left of the attack on its way to the recogniser, and how many clean pictures are recognised "
        "on the same way. Whiskers: 95 % intervals.",
        x_title="",
        y_title="share of pictures",
        series=[
            Series.of("attack success", labels, [path.success for path in paths], tone="attacked"),
            Series.of("recognised, clean", labels, [path.clean for path in paths], tone="clean"),
        ],
        sideways=True,
    )
    table = Table(
        "Attacked and clean pictures on the same paths",
        _HEADER,
        [(path.label, *(getattr(path, figure) for figure in _FIGURES)) for path in paths],
    )
    return Section("What survives being saved", _sentences(physical), _note(physical), (chart,), (table,))


def _sentences(physical: Physical) -> list[str]:
    first, *paths = physical.paths
    whom = (
        "pictures recognised clean"
        if physical.goal == "dodging"
        else "pictures not already taken for the target"
    )
    said = []
    if first.success.n:
        told = [f"{percent(p.success.value)} {_on(p)} ({interval(p.success)})" for p in paths if p.success.n]
        said.append(
            f"As found, in float32, the attack succeeds on {percent(first.success.value)} of "
            f"{first.success.n} {whom}; " + ", ".join(told) + "."
        )
    for path in paths:
        label = path.label[0].upper() + path.label[1:]
        missing = path.not_found_attacked
        if missing.value > 0:
            clean = path.not_found_clean
            said.append(
                f"{label}: no face is found in {percent(missing.value)} of the attacked pictures and in "
                f"{percent(clean.value)} of the clean ones; they count as not recognised."
            )
        if first.clean.value and path.clean.value < _BROKEN * first.clean.value:
            said.append(
                f"{label}: of the clean pictures, too, only {percent(path.clean.value)} are "
                "recognised; what this path does to the attack says little."
            )
    return said


def _on(path: PathFigures) -> str:
    return f"when {path.label}" if path.found_again else f"as {path.label}"


def _note(physical: Physical) -> str:
    note = (
        "Files are written and read by Pillow. Success is taken among pictures that pass when clean on the same path. "
        "An attack that stops as soon as a picture fools the recogniser leaves it at the edge of doing so; "
        "attack.method.early_stop=false goes on. "
    )
    if physical.cut_again:
        return note + (
            "Found again: the change is carried back into the photograph that the face was cut from; it is saved, "
            "the face is looked for again, and cut and aligned anew."
        )
    return note + (
        "Found again: these pictures are crops from the start; they are saved, and a face is looked for in them, but "
        "they are not cut anew."
    )
