"""The tasks that one attack run answers: identification, verification, open-set identification."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from torch import nn

from facetrial.metrics.tasks.identification import identification_summary
from facetrial.metrics.tasks.open_set import open_set_summary, split_known
from facetrial.metrics.tasks.results import (
    ByVersion,
    Identification,
    OverPeople,
    Ranks,
    Tasks,
    Unavailable,
)
from facetrial.metrics.tasks.verification import verification_summary
from facetrial.recognition.layers import base_model
from facetrial.trial.embedding_shards import VERSIONS
from facetrial.trial.held_out import HeldOut
from facetrial.trial.rows import ATTACKED

_NO_EMBEDDINGS = (
    "not every picture has the one embedding that could be compared: the victim shows none, or some rows are of an "
    "earlier version (attack again with resume=false)"
)


def tasks_summary(
    rows: pd.DataFrame,
    embeddings: Mapping[str, np.ndarray] | None,
    held_out: HeldOut | None,
    victim: nn.Module,
    names: Sequence[str],
    split_seed: int,
    trained_on_all: bool,
) -> Tasks:
    """What the trial says of each task.

    Args:
        rows: verdict rows, one a picture.
        embeddings: for each of VERSIONS float32 (N, D) in the order of the rows; None where there are none.
        held_out: validation pictures, on which thresholds are set, with numbers of people as in `names`; None where
            these have none.
        victim: of the trial; people outside the gallery are compared with the gallery that its head keeps.
        names: the person's name for each identity.
        split_seed: of who is in the gallery and who is not.
        trained_on_all: whether the embedder was trained on pictures of all of these people.
    """
    identification = identification_summary(rows, len(names))
    if embeddings is None or held_out is None:
        return Tasks(identification, Unavailable(_NO_EMBEDDINGS), Unavailable(_NO_EMBEDDINGS))
    numbers = {name: number for number, name in enumerate(names)}
    identities = rows["identity"].map(numbers).to_numpy(dtype=np.int64)
    attackable = (rows["status"] == ATTACKED).to_numpy()
    targets = None
    if "target" in rows:
        targets = rows["target"].map(lambda name: numbers.get(name, -1)).to_numpy(dtype=np.int64)
    verification = verification_summary(embeddings, attackable, identities, held_out, targets)
    gallery = getattr(base_model(victim).head, "gallery", None)
    if gallery is None or gallery.shape[-1] != embeddings["clean"].shape[1]:
        no_gallery = Unavailable("the recogniser's head keeps no gallery to compare with")
        return Tasks(identification, verification, no_gallery)
    vectors = gallery.detach().cpu().numpy().astype(np.float32)
    known = split_known(len(names), split_seed)
    open_set = open_set_summary(embeddings, attackable, identities, held_out, vectors, known)
    return Tasks(identification, verification, replace(open_set, trained_on_all=trained_on_all))


def tasks_rows(tasks: Tasks) -> pd.DataFrame:
    """The table of `tasks.csv`: a line a figure, version and person; person is "" where it is over all."""
    lines = []
    for task, figure, wanted, person, found in figures_of(tasks):
        about = {"task": task, "figure": figure, "wanted_rate": wanted, "person": person}
        figures = found.over_people if isinstance(found, OverPeople) else found
        for version in VERSIONS:
            line = about | {"version": version} | vars(figures[version])
            for beside in ("pooled", "people", "effective_people"):
                line[beside] = getattr(found, beside)[version] if isinstance(found, OverPeople) else None
            lines.append(line)
    return pd.DataFrame(lines).astype({"people": "Int64"})


def figures_of(tasks: Tasks) -> Iterator[tuple[str, str, float | None, str, ByVersion | OverPeople]]:
    """Task, name, rate that it is for, person ("" over all) and the figures of all versions."""
    everyone: list[tuple[str, Identification | Ranks]] = [("", tasks.identification)]
    for person, own in everyone + list(tasks.identification.per_person.items()):
        yield "identification", "top1", None, person, own.top1
        if own.rank5 is not None:
            yield "identification", "rank5", None, person, own.rank5
    for task, name, wanted, found in figures_over_people(tasks):
        yield task, name, wanted, "", found


def figures_over_people(tasks: Tasks) -> Iterator[tuple[str, str, float | None, OverPeople]]:
    """Task, name, rate that it is for and the figures of all versions, of those in which everyone weighs the same."""
    verification, open_set = tasks.verification, tasks.open_set
    if not isinstance(verification, Unavailable):
        yield "verification", "eer", None, verification.eer
        yield "verification", "auroc", None, verification.auroc
        if not isinstance(verification.accuracy, Unavailable):
            yield "verification", "accuracy", None, verification.accuracy.right
    for task, part in (("verification", verification), ("open_set", open_set)):
        for point in () if isinstance(part, Unavailable) else part.points:
            for name in ("tar", "far", "impersonation", "identified", "false_alarms"):
                if (found := getattr(point, name, None)) is not None:
                    yield task, name, point.wanted, found
