"""Pictures of a trial to look at: clean, the perturbation magnified, attacked.

A trial keeps those that say most: where the recogniser is most surely wrong, and where it nearly was or nearly was not;
and, so that extremes are not taken for the rule, a few evenly over people.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from facetrial.core.errors import visible
from facetrial.core.files import written_whole
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.formatting import signed
from facetrial.report.rendering.html import png
from facetrial.report.rendering.theme import LIGHT, Theme, mark, new_grid, save_figure
from facetrial.runtime.finished_files import as_left
from facetrial.trial.showcase_cases import EVENLY, Answer, Case, Pictures, choose_cases

IMAGES = ("clean", "perturbation", "attacked")
IN_OVERVIEW = 2  # of these in showcase.png
FOLDER = "showcase"
_GAINS = (1, 2, 3, 5, 10, 20, 50, 100, 200)


def write_showcase(
    folder: Path, rows: pd.DataFrame, pictures: Pictures, summary: TrialSummary
) -> tuple[Case, ...]:
    """Writes three PNG of each picture into `folder`/showcase, in 8 bits, and `showcase.png`, an overview of each kind.

    Args:
        folder: of the run; pictures of an earlier start are removed.
        rows: all verdict rows.
        pictures: of the chosen cases, those that are kept, and any others, which are shown evenly.
        summary: for what must be known of the trial.

    Returns:
        The cases, for the summary.
    """
    for path in (folder / FOLDER).glob("*-*.png"):
        path.unlink()
    (folder / "showcase.png").unlink(missing_ok=True)
    chosen = choose_cases(rows)
    kinds = {file: kind for kind, files in chosen.items() for file in files if file in pictures}
    kinds |= {file: EVENLY for file in pictures if file not in kinds}
    if not kinds:
        return ()
    gain = common_gain(pictures)
    by_file = rows.set_index("file")
    cases = []
    for number, (file, kind) in enumerate(kinds.items(), start=1):
        row, (clean, attacked) = by_file.loc[file], pictures[file]
        name = f"{number:02}-{kind}"
        for image, pixels in zip(IMAGES, (clean, magnified(clean, attacked, gain), attacked), strict=True):
            with written_whole(folder / FOLDER / f"{name}-{image}.png") as temporary:
                temporary.write_bytes(png(pixels))
        answers = (
            Answer(row[f"predicted_{v}"], bool(row[f"correct_{v}"]), float(row[f"margin_{v}"]))
            for v in ("clean", "attacked")
        )
        cases.append(Case(kind, file, row["identity"], gain, name, *answers))
    of_kinds = {kind: [case for case in cases if case.kind == kind] for kind in dict.fromkeys(kinds.values())}
    overview = [case for same in of_kinds.values() for case in same[:IN_OVERVIEW]]
    save_figure(showcase_figure(folder, overview, summary), folder / "showcase.png")
    return tuple(cases)


def read_image(folder: Path, case: Case, image: str) -> Path:
    """The file of a case's image: "clean", "perturbation" or "attacked".

    Raises:
        Damaged: the trial in `folder` is finished, and it is not as it left it.
    """
    return as_left(folder, f"{FOLDER}/{case.name}-{image}.png")


def common_gain(pictures: Pictures) -> int:
    """By how much perturbations can be magnified, all alike, with hardly any (2 %) of their values cut."""
    changes = np.concatenate([np.abs(attacked - clean).ravel() for clean, attacked in pictures.values()])
    largest = float(np.quantile(changes[changes > 0], 0.98)) if (changes > 0).any() else 0.5
    return max([gain for gain in _GAINS if gain * largest <= 0.5], default=1)


def magnified(clean: np.ndarray, attacked: np.ndarray, gain: float) -> np.ndarray:
    """The perturbation, `gain` times, about middle grey: float32 (3, H, W) in [0, 1]."""
    return np.clip(0.5 + gain * (attacked - clean), 0.0, 1.0)


def showcase_figure(
    folder: Path, cases: Sequence[Case], summary: TrialSummary, theme: Theme = LIGHT
) -> Figure:
    """A row a case: clean, its perturbation magnified, attacked; with predicted names and margins."""
    figure, grid = new_grid(theme, 6.0, 2.3 * len(cases), columns=3, rows=len(cases))
    mark(figure, [summary], theme)
    for axes, case in zip(grid.reshape(-1, 3), cases, strict=True):
        titles = (prediction(case.clean), f"perturbation, magnified {case.gain} x", prediction(case.attacked))
        for one, image, title in zip(axes, IMAGES, titles, strict=True):
            with Image.open(read_image(folder, case, image)) as picture:
                one.imshow(np.asarray(picture), interpolation="nearest")
            one.set_title(visible(title), fontsize=8, color=theme.ink, parse_math=False)
            one.set_xticks([])
            one.set_yticks([])
            one.spines[:].set_visible(False)
        axes[0].set_ylabel(visible(case.identity), fontsize=8, parse_math=False)
    return figure


def prediction(answer: Answer) -> str:
    """Two lines, "Tony Blair" and "(right, margin +0.31)": who the recogniser named, and whether rightly."""
    sign = "right" if answer.correct else "wrong"
    return f"{answer.predicted}\n({sign}, margin {signed(answer.margin)})"
