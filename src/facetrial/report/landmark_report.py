"""The report of a training of the landmark network: one page, made from what the training left in its folder."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from facetrial.core.plain import from_plain, read_json
from facetrial.faces.landmark_names import LANDMARK_NAMES
from facetrial.landmarks.outcome import EVENLY, FIGURES, WORST, LandmarkOutcome
from facetrial.landmarks.scores import Rmse
from facetrial.report.rendering.components import Chart, Drawing, Section, Series, Table
from facetrial.report.rendering.formatting import NOTHING
from facetrial.report.rendering.html import write_html
from facetrial.report.rendering.render import show_sections

_PIXELS = "RMSE in pixels of 96"
_PHOTOGRAPHS, _SERIES, _HELD_OUT, _SEEN = (
    "photographs",
    "frames of series",
    "pictures held out",
    "training pictures",
)
_KINDS = (
    "Photographs have no near-duplicate anywhere in the data; of series, such as frames of a video, several were held "
    "out together. What a network has on photographs is what it can be expected to have on other people's pictures, "
    "as far as these are alike."
)


def write_landmark_report(folder: str | Path) -> Path:
    """Writes `report.html` into the folder of a training, and its charts beside it.

    Raises:
        FacetrialError: the folder holds no `landmarks.json` that can be read.
    """
    folder = Path(folder)
    outcome = from_plain(LandmarkOutcome, read_json(folder / FIGURES), folder / FIGURES)
    sections = [_by_point(outcome), _learning(outcome), _pictures(folder)]
    banners = ["Trained on drawn faces: nothing here holds for photographs."] if outcome.synthetic else []
    if outcome.seen:
        banners.append(
            "No picture was held out: nothing here tells how far off it is on pictures it has not seen."
        )
    return write_html(
        folder / "report.html",
        "landmarks.html",
        title="the landmark network",
        headline=_headline(outcome),
        banners=banners,
        sections=show_sections(sections, folder, []),
    )


def _headline(outcome: LandmarkOutcome) -> str:
    where = "pictures it was trained on" if outcome.seen else f"{_kinds(outcome)[0][0]} it has not seen"
    return f"Landmarks are {_told(outcome.rmse['all'])} off on {where}"


def _told(score: Rmse) -> str:
    if score.value is None:
        return "an unknown number of pixels"
    between = "" if score.low is None else f" [{score.low:.2f}, {score.high:.2f}]"
    return f"{score.value:.2f}{between} pixels (RMSE, n = {score.pictures})"


def _kinds(outcome: LandmarkOutcome) -> list[tuple[str, Mapping[str, Rmse]]]:
    if outcome.series is None:
        return [(_SEEN if outcome.seen else _HELD_OUT, outcome.rmse)]
    return [(_PHOTOGRAPHS, outcome.rmse), (_SERIES, outcome.series)]


def _by_point(outcome: LandmarkOutcome) -> Section:
    kinds = _kinds(outcome)
    sentences = [f"It learned from {outcome.trained_on:,} frames."]
    if outcome.series is not None:
        one, other = outcome.rmse["all"].value, outcome.series["all"].value
        gap = "" if one is None or other is None else f": a gap of {one - other:+.2f} pixels"
        sentences.append(f"On {_SERIES} it is {_told(outcome.series['all'])} off{gap}.")
    names = ["all", *LANDMARK_NAMES]
    shown = [name.replace("_", " ") for name in LANDMARK_NAMES]
    series = []
    for kind, scores in kinds:
        found = [scores[name] for name in LANDMARK_NAMES]
        y, low, high = ([getattr(score, part) for score in found] for part in ("value", "low", "high"))
        series.append(Series(kind, shown, y, low, high))
    chart = Chart(
        name="error_by_point",
        alt="RMSE of each of the fifteen landmarks, with 95 % intervals",
        caption="RMSE of each landmark, with its 95 % interval over pictures.",
        x_title="landmark",
        y_title=_PIXELS,
        series=series,
        percent=False,
        sideways=True,
    )
    header = ["landmark", *(f"{kind}{part}" for kind, _ in kinds for part in ("", ": 95 %", ": labelled"))]
    lines = [
        [name.replace("_", " "), *(cell for _, scores in kinds for cell in _cells(scores[name]))]
        for name in names
    ]
    return Section(
        "How far off, point by point",
        sentences,
        _KINDS if outcome.series is not None else "",
        charts=[chart],
        tables=[Table(f"{_PIXELS} by landmark", header, lines)],
    )


def _cells(score: Rmse) -> tuple[float | str, str, float]:
    between = NOTHING if score.low is None else f"{score.low:.2f} to {score.high:.2f}"
    return (NOTHING if score.value is None else round(score.value, 2)), between, score.n


def _learning(outcome: LandmarkOutcome) -> Section:
    epochs = [point.epoch for point in outcome.learning]
    chart = Chart(
        name="learning",
        alt="RMSE in training and validation over the epochs",
        caption="Training is of augmented frames, by the network as it was at each step; validation by the mean of its "
        "weights.",
        x_title="epoch",
        y_title=_PIXELS,
        series=[
            Series("training", epochs, [point.train for point in outcome.learning], line=True),
            Series("validation", epochs, [point.validation for point in outcome.learning], line=True),
        ],
        percent=False,
    )
    return Section("How it learned", charts=[chart])


def _pictures(folder: Path) -> Section:
    note = "Circles are labels, crosses what the network finds; above each face its RMSE in pixels."
    alt = "Faces with labelled and found landmarks"
    drawings = [
        Drawing(Path(WORST).stem, f"{alt}, the worst first", "Where it is worst.", _read(folder / WORST)),
        Drawing(Path(EVENLY).stem, f"{alt}, not chosen", "Not chosen: evenly over those.", _read(folder / EVENLY)),
    ]  # fmt: skip
    return Section("What it finds", note=note, drawings=drawings)


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float32).transpose(2, 0, 1) / 255
