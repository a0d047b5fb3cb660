"""The pictures of a sweep's report: of each run the cases that say most, as many as a page can hold."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from facetrial.report.rendering.html import data_address
from facetrial.report.showcase import IMAGES, read_image
from facetrial.sweep.runs import FinishedRun
from facetrial.trial.showcase_cases import JUST_FOOLED, JUST_ROBUST, WORST, Case

MOST_CARDS = 54  # some 5 MB of pictures
_WORDS = {WORST: "most surely mistaken", JUST_FOOLED: "only just fooled", JUST_ROBUST: "only just withstood"}
_QUALITY = 85


def sweep_showcase(finished: Sequence[FinishedRun]) -> list[dict[str, Any]]:
    """A card a picture: of each run one case of each kind, the hardest runs first where the page cannot hold them all.

    The pictures are compressed for the page; those in the runs' own reports are not.

    Args:
        finished: runs whose folders hold what `write_showcase` left.
    """
    with_cases = [run for run in finished if run.summary.cases]
    kinds = list(_WORDS)[: max(1, MOST_CARDS // max(len(with_cases), 1))]
    hardest = sorted(with_cases, key=_left)[: MOST_CARDS // len(kinds)]
    shown = {id(run) for run in hardest}
    return [
        {
            **vars(case),
            "run": run.name,
            "words": _WORDS[kind],
            "images": {image: _compressed(read_image(run.folder, case, image)) for image in IMAGES},
        }
        for run in with_cases
        if id(run) in shown
        for kind in kinds
        if (case := _first(run.summary.cases or (), kind)) is not None
        and all(read_image(run.folder, case, image).is_file() for image in IMAGES)
    ]


def _left(run: FinishedRun) -> float:
    left = run.summary.robust_accuracy
    return left.value if left.n else 1.0


def _first(cases: Sequence[Case], kind: str) -> Case | None:
    return next((case for case in cases if case.kind == kind), None)


def _compressed(path: Path) -> str:
    """A JPEG without subsampling, in which noise is seen to be noise, as a data address."""
    buffer = io.BytesIO()
    with Image.open(path) as image:
        image.convert("RGB").save(buffer, format="JPEG", quality=_QUALITY, subsampling=0, optimize=True)
    return data_address(buffer.getvalue(), "image/jpeg")
