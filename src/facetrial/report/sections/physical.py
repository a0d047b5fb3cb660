"""What a report says of the paths: whether the attack survives being saved, and being found again."""

from collections.abc import Mapping
from typing import Any

from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import interval, percent

_HEADER = (
    "path", "recognised, clean", "recognised, attacked", "attack success", "no face found, clean",
    "no face found, attacked",
)  # fmt: skip
_FIGURES = ("clean", "attacked", "success", "not_found_clean", "not_found_attacked")
_BROKEN = 0.9  # of the accuracy in float32: a path that leaves less of it says little of the attack


def physical_section(summary: Mapping[str, Any]) -> Section | None:
    """The section, from a trial's summary; None where no picture was sent anywhere."""
    physical = summary.get("physical")
    if physical is None:
        return None
    paths = physical["paths"]
    labels = [path["label"] for path in paths]
    chart = Chart(
        name="physical",
        alt="Success of the attack on each path with 95 % intervals: "
        + "; ".join(
            f"{p['label']}: {percent(p['success']['value'])} ({interval(p['success'])})" for p in paths
        )
        + ". The table holds the same figures.",
        caption="What is left of the attack on its way to the recogniser, and how many clean pictures are recognised "
        "on the same way. Whiskers: 95 % intervals.",
        x_title="",
        y_title="share of pictures",
        series=[
            _series("attack success", "success", "attacked", paths, labels),
            _series("recognised, clean", "clean", "clean", paths, labels),
        ],
    )
    table = Table(
        "Attacked and clean pictures on the same paths",
        _HEADER,
        [(path["label"], *(path[figure] for figure in _FIGURES)) for path in paths],
    )
    return Section("What survives being saved", _sentences(physical), _note(physical), (chart,), (table,))


def _series(name: str, figure: str, tone: str, paths: list[Mapping[str, Any]], labels: list[str]) -> Series:
    values = [path[figure] for path in paths]
    low, high = ([value[key] for value in values] for key in ("low", "high"))
    return Series(name, labels, [value["value"] for value in values], low, high, tone=tone)


def _sentences(physical: Mapping[str, Any]) -> list[str]:
    first, *paths = physical["paths"]
    whom = (
        "pictures recognised clean"
        if physical["goal"] == "dodging"
        else "pictures not already taken for the target"
    )
    said = []
    if first["success"]["n"]:
        told = [
            f"{percent(p['success']['value'])} {_on(p)} ({interval(p['success'])})"
            for p in paths
            if p["success"]["n"]
        ]
        said.append(
            f"As found, in float32, the attack succeeds on {percent(first['success']['value'])} of "
            f"{first['success']['n']} {whom}; " + ", ".join(told) + "."
        )
    for path in paths:
        label = path["label"][0].upper() + path["label"][1:]
        missing = path["not_found_attacked"]
        if missing["value"]:
            clean = path["not_found_clean"]
            said.append(
                f"{label}: no face is found in {percent(missing['value'])} of the attacked pictures and in "
                f"{percent(clean['value'])} of the clean ones; they count as not recognised."
            )
        if first["clean"]["value"] and path["clean"]["value"] < _BROKEN * first["clean"]["value"]:
            said.append(
                f"{label}: of the clean pictures, too, only {percent(path['clean']['value'])} are "
                "recognised; what this path does to the attack says little."
            )
    return said


def _on(path: Mapping[str, Any]) -> str:
    return f"as {path['label']}" if path["label"].startswith(("PNG", "JPEG")) else f"when {path['label']}"


def _note(physical: Mapping[str, Any]) -> str:
    note = (
        "Files are written and read by Pillow. Success is taken among pictures that pass when clean on the same path. "
        "An attack that stops as soon as a picture fools the recogniser leaves it at the edge of doing so; "
        "attack.method.early_stop=false goes on. "
    )
    if physical["cut_again"]:
        return note + (
            "Found again: the change is carried back into the photograph that the face was cut from; it is saved, "
            "MTCNN finds the face again, and it is cut and aligned anew."
        )
    return note + (
        "Found again: these pictures are crops from the start; they are saved, and MTCNN looks for a face in them, but "
        "they are not cut anew."
    )
