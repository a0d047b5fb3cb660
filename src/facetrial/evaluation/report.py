"""The report of a trial: one HTML file that needs nothing else, and its figures beside it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from facetrial.evaluation import figures, tables, verdict_words
from facetrial.evaluation.certificate_figure import certified_figure, describe_certified
from facetrial.evaluation.detection import describe_detection, detection_figure
from facetrial.evaluation.page import data_address, png, write_html
from facetrial.evaluation.power import power_section
from facetrial.evaluation.section_view import show_sections
from facetrial.evaluation.sections import Section
from facetrial.evaluation.tasks_section import tasks_section

TRIAL_SECTIONS: list[Callable[[Mapping[str, Any]], Section | None]] = [tasks_section, power_section]
"""What a trial's report has to show, in the order of the page: each makes a section of the summary, or None."""


def write_report(
    folder: str | Path,
    summary: Mapping[str, Any],
    rows: pd.DataFrame,
    pictures: figures.Pictures,
    config: str = "",
) -> Path:
    """Writes `report.html`, `accuracy.png`, `people.png` (each also as SVG) and `gallery.png` into `folder`.

    With a security curve in the summary, `curve.png` and `curve.svg` too; with certificates, `certified.png` and
    `certified.svg`; with detectors, `detection.png` and `detection.svg`.

    Args:
        folder: the run's folder.
        summary: of the trial, as `summarise` makes it or `read_summary` reads it.
        rows: verdict rows of at least the pictures in `pictures`.
        pictures: a few clean and attacked pictures to show; none leaves the gallery out.
        config: the composed config as YAML text.

    Returns:
        The path of `report.html`.
    """
    folder = Path(folder)
    charts = {"accuracy": figures.accuracy_figure, "people": figures.people_figure}
    if "curve" in summary:
        charts["curve"] = figures.curve_figure
    if "certified" in summary:
        charts["certified"] = certified_figure
    if "detection" in summary:
        charts["detection"] = detection_figure
    for name, draw in charts.items():
        figure = draw(summary)
        figures.save_figure(figure, folder / f"{name}.png")
        figures.save_figure(figure, folder / f"{name}.svg")
    if pictures:
        figures.save_figure(figures.gallery_figure(pictures, rows, summary), folder / "gallery.png")
    return write_html(
        folder / "report.html",
        "report.html",
        title="{attack} against {embedder}".format(**summary),
        summary=summary,
        words=verdict_words,
        describe_certified=describe_certified,
        describe_detection=describe_detection,
        sections=show_sections(
            [section for make in TRIAL_SECTIONS if (section := make(summary)) is not None], folder, [summary]
        ),
        charts={name: themed_chart(draw, summary) for name, draw in charts.items()},
        gain=figures.common_gain(pictures) if pictures else 1,
        cards=gallery_cards(pictures, rows),
        people=people_lines(summary),
        config=config,
    )


def themed_chart(draw: Callable[..., Figure], *arguments: Any) -> dict[str, str]:
    """A chart for light and for dark pages, as data addresses of SVG files."""
    return {
        name: data_address(figures.figure_bytes(draw(*arguments, theme=theme), "svg", True), "image/svg+xml")
        for name, theme in (("light", figures.LIGHT), ("dark", figures.DARK))
    }


def gallery_cards(pictures: figures.Pictures, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """What the gallery shows of each picture: three images and both predictions."""
    by_file = rows.set_index("file")
    gain = figures.common_gain(pictures) if pictures else 1
    cards = []
    for file, (clean, attacked) in pictures.items():
        row = by_file.loc[file]
        images = {
            "clean": clean,
            "perturbation": figures.magnified(clean, attacked, gain),
            "attacked": attacked,
        }
        versions = {
            version: {
                "predicted": row[f"predicted_{version}"],
                "correct": bool(row[f"correct_{version}"]),
                "margin": float(row[f"margin_{version}"]),
            }
            for version in ("clean", "attacked")
        }
        addresses = {name: data_address(png(image), "image/png") for name, image in images.items()}
        cards.append({"file": file, "identity": row["identity"], "images": addresses, **versions})
    return cards


def people_lines(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A line a person, the least recognised under attack first, those who could not be attacked last."""
    ranked = tables.ranked_people(summary)
    seen = {name for name, _ in ranked}
    rest = [(name, person) for name, person in summary["per_identity"].items() if name not in seen]
    return [{"name": name, **person} for name, person in ranked + rest]
