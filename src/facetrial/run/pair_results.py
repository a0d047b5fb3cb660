"""What a finished trial of verification leaves in its run folder."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from facetrial.metrics.parts import LeftOut
from facetrial.metrics.summary import VERIFICATION, TrialSummary, summarise
from facetrial.metrics.tasks.pair_list import ListOfPairs
from facetrial.metrics.tasks.pair_protocol import names_as_numbers, protocol_summary
from facetrial.run.context import TrialContext
from facetrial.run.results import TrialOutcome, publish
from facetrial.trial.embedding_shards import VERSIONS, Version
from facetrial.trial.pair_trial import PairedFaces
from facetrial.trial.rows import ATTACKED, write_rows


@dataclass
class JudgedPairs:
    """Pairs with what was said of them clean.

    Attributes:
        faces: N pairs.
        similarities: float32 (N,), cosine, clean.
        parts: int64 (D, N), as by `parts_of`.
        thresholds: float64 (N,), at which each is judged.
    """

    faces: PairedFaces
    similarities: np.ndarray
    parts: np.ndarray
    thresholds: np.ndarray

    def places(self, rows: pd.DataFrame) -> np.ndarray:
        """The number (M,) of each row's pair."""
        numbers = {file: number for number, file in enumerate(self.faces.attacked.files)}
        return rows["file"].map(numbers).to_numpy(dtype=np.int64)

    def similarities_of(self, rows: pd.DataFrame, version: str) -> np.ndarray:
        """The similarities (M,) that rows tell of, by their margins."""
        places = self.places(rows)
        margins = rows[f"margin_{version}"].to_numpy(dtype=np.float64)
        return self.thresholds[places] + np.where(self.faces.same[places], margins, -margins)


def write_pair_results(
    context: TrialContext,
    outcome: TrialOutcome,
    judged: JudgedPairs,
    about: ListOfPairs,
    left_out: LeftOut | None = None,
) -> TrialSummary:
    """Writes `verdicts.csv` (a row a pair), `pairs.csv` (similarities), `summary.json` and `report.html`.

    The summary's accuracies are of verdicts on pairs; `pairs` in it tells the rest, clean of all pairs of the list.

    Args:
        about: the list.
        left_out: pictures of the list that could not be used, whose pairs stand in no figure.
        Others are as in `write_results`.

    Returns:
        The summary.
    """
    rows, pairs = outcome.rows, judged.faces.pairs
    similarities: dict[Version, np.ndarray] = {"clean": judged.similarities.astype(np.float64)}
    attacked = np.zeros(len(pairs), dtype=bool)
    hit = rows[rows["status"] == ATTACKED]
    attacked[judged.places(hit)] = True
    for version in VERSIONS[1:]:
        similarities[version] = np.full(len(pairs), np.nan)
        similarities[version][judged.places(hit)] = judged.similarities_of(hit, version)
    folds = np.array([pair.fold for pair in pairs])
    people = names_as_numbers(*zip(*(pair.people for pair in pairs), strict=True))
    same = judged.faces.same
    found = protocol_summary(
        about, similarities, attacked, same, people, folds, judged.parts, judged.thresholds
    )

    synthetic = False
    n_train = dict.fromkeys(rows["identity"], 0)
    about_trial = context.about(synthetic)
    if len(rows) == len(pairs):
        about_trial = replace(about_trial, limit=None)
    summary = replace(
        summarise(rows, about_trial, n_train, outcome.checks, *outcome.speed),
        robust_accuracy=found.accuracy["attacked"],
        robust_accuracy_8bit=found.accuracy["8bit"],
        task=VERIFICATION,
        weak_on_purpose=outcome.weak_on_purpose,
        per_identity={},  # a pair is of two people
        over_people=None,
        left_out=left_out,
        attack_parts=context.settings["attack"],
        pairs=found,
    )
    table = pd.DataFrame(
        {
            "first": [pair.first for pair in pairs],
            "second": [pair.second for pair in pairs],
            "same": same,
            "fold": folds + 1,
            "threshold": judged.thresholds,
            **{f"similarity_{version}": similarities[version] for version in VERSIONS},
        }
    )
    write_rows(table.assign(synthetic=synthetic), context.folder / "pairs.csv")
    return publish(context, rows, summary)
