"""The tasks that one attack run answers: identification, verification, open-set identification."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from facetrial.metrics.tasks.identification import identification_summary
from facetrial.metrics.tasks.open_set import open_set_summary, split_known
from facetrial.metrics.tasks.verification import verification_summary
from facetrial.recognition.layers import base_model
from facetrial.trial.embedding_shards import VERSIONS
from facetrial.trial.rows import ATTACKED

_NO_EMBEDDINGS = (
    "not every picture has the one embedding that could be compared: the victim shows none, or some rows are of an "
    "earlier version (attack again with resume=false)"
)


def tasks_summary(
    rows: pd.DataFrame,
    embeddings: Mapping[str, np.ndarray] | None,
    victim: nn.Module,
    names: Sequence[str],
    split_seed: int,
    trained_on_all: bool,
) -> dict[str, Any]:
    """What the summary says of the tasks.

    Args:
        rows: verdict rows, one a picture.
        embeddings: for each of VERSIONS float32 (N, D) in the order of the rows; None where there are none.
        victim: of the trial; people outside the gallery are compared with the gallery that its head keeps.
        names: the person's name for each identity.
        split_seed: of who is in the gallery and who is not.
        trained_on_all: whether the embedder was trained on pictures of all of these people.

    Returns:
        `identification`, `verification` and `open_set`; the latter two are {`unavailable`: why} where they cannot be
        told.
    """
    tasks = {"identification": identification_summary(rows, len(names))}
    if embeddings is None:
        return tasks | {
            "verification": {"unavailable": _NO_EMBEDDINGS},
            "open_set": {"unavailable": _NO_EMBEDDINGS},
        }
    numbers = {name: number for number, name in enumerate(names)}
    identities = rows["identity"].map(numbers).to_numpy(dtype=np.int64)
    attackable = (rows["status"] == ATTACKED).to_numpy()
    targets = None
    if "target" in rows:
        targets = rows["target"].map(lambda name: numbers.get(name, -1)).to_numpy(dtype=np.int64)
    tasks["verification"] = verification_summary(embeddings, attackable, identities, targets)
    gallery = getattr(base_model(victim).head, "gallery", None)
    if gallery is None or gallery.shape[-1] != embeddings["clean"].shape[1]:
        tasks["open_set"] = {"unavailable": "the recogniser's head keeps no gallery to compare with"}
    else:
        vectors = gallery.detach().cpu().numpy().astype(np.float32)
        known = split_known(len(names), split_seed)
        tasks["open_set"] = open_set_summary(embeddings, attackable, identities, vectors, known)
        tasks["open_set"]["trained_on_all"] = trained_on_all
    return tasks


def tasks_rows(tasks: Mapping[str, Any]) -> pd.DataFrame:
    """The table of `tasks.csv`: a line a figure, version and person; person is "" where it is over all."""
    lines = []
    for task, figure, wanted, person, versions in _figures(tasks):
        for version in VERSIONS:
            about = {
                "task": task,
                "figure": figure,
                "wanted_rate": wanted,
                "person": person,
                "version": version,
            }
            lines.append(about | {key: versions[version][key] for key in ("value", "low", "high", "n")})
    return pd.DataFrame(lines)


def _figures(tasks: Mapping[str, Any]) -> Iterator[tuple[str, str, float | None, str, Mapping[str, Any]]]:
    """Task, name, rate that it is for, person and the figures of all versions."""
    identification = tasks["identification"]
    for person, own in [("", identification), *identification["per_person"].items()]:
        for name in ("top1", "rank5"):
            if own.get(name) is not None:
                yield "identification", name, None, person, own[name]
    verification, open_set = tasks["verification"], tasks["open_set"]
    if "unavailable" not in verification:
        yield "verification", "eer", None, "", verification["eer"]
        yield "verification", "accuracy", None, "", verification["accuracy"]
    for task, points in (("verification", verification), ("open_set", open_set)):
        for point in points.get("points", ()):
            if point["threshold"] is None:
                continue
            for name, versions in point.items():
                if isinstance(versions, Mapping):
                    yield task, name, point["wanted"], "", versions
