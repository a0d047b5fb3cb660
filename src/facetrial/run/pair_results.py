"""What a finished trial of verification leaves in its run folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig, OmegaConf

from facetrial.metrics.summary import summarise
from facetrial.metrics.summary_json import write_json
from facetrial.metrics.tasks.pair_protocol import names_as_numbers, protocol_summary
from facetrial.report.console import print_summary
from facetrial.report.trial_report import write_report
from facetrial.run.logging import log_results
from facetrial.run.results import about_trial
from facetrial.trial.embedding_shards import VERSIONS
from facetrial.trial.pair_trial import PairedFaces
from facetrial.trial.rows import ATTACKED, write_rows

_ACCURACIES = {
    "clean_accuracy": "clean",
    "robust_accuracy": "attacked",
    "robust_accuracy_8bit": "8bit",
}


@dataclass
class JudgedPairs:
    """Pairs with what was said of them clean.

    Attributes:
        faces: N pairs.
        similarities: float32 (N,), cosine, clean.
        thresholds: float64 (N,), at which each is judged.
    """

    faces: PairedFaces
    similarities: np.ndarray
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
    config: DictConfig,
    folder: Path,
    rows: pd.DataFrame,
    checks: Mapping[str, Mapping[str, Any]],
    judged: JudgedPairs,
    about: Mapping[str, Any],
    loggers: Sequence[Logger],
) -> dict[str, Any]:
    """Writes `verdicts.csv` (a row a pair), `pairs.csv` (similarities), `summary.json` and `report.html`.

    The summary's accuracies are of verdicts on pairs; `pairs` in it tells the rest, clean of all pairs of the list.

    Args:
        about: of `list`, `threshold`, `attacked_side`, `mirror`, `embedder_as_published`, `seconds` and
            `images_per_second`.
        Others are as in `write_results`.

    Returns:
        The summary.
    """
    pairs = judged.faces.pairs
    similarities = {"clean": judged.similarities.astype(np.float64)}
    attacked = np.zeros(len(pairs), dtype=bool)
    hit = rows[rows["status"] == ATTACKED]
    attacked[judged.places(hit)] = True
    for version in VERSIONS[1:]:
        similarities[version] = np.full(len(pairs), np.nan)
        similarities[version][judged.places(hit)] = judged.similarities_of(hit, version)
    folds = np.array([pair.fold for pair in pairs])
    people = names_as_numbers(*zip(*(pair.people for pair in pairs), strict=True))
    found = protocol_summary(similarities, attacked, judged.faces.same, people, folds, judged.thresholds)

    synthetic = False
    speed = {name: about[name] for name in ("seconds", "images_per_second")}
    n_train = dict.fromkeys(rows["identity"], 0)
    summary = summarise(rows, about_trial(config, synthetic) | speed, n_train, checks)
    summary |= {
        name: found["accuracy"][version] for name, version in _ACCURACIES.items() if name != "clean_accuracy"
    }
    summary |= {
        "task": "verification",
        "per_identity": {},  # a pair is of two people
        "attack_parts": OmegaConf.to_container(config.attack, resolve=True),
        "pairs": {name: value for name, value in about.items() if name not in speed} | found,
    }
    table = pd.DataFrame(
        {
            "first": [pair.first for pair in pairs],
            "second": [pair.second for pair in pairs],
            "same": judged.faces.same,
            "fold": folds + 1,
            "threshold": judged.thresholds,
            **{f"similarity_{version}": similarities[version] for version in VERSIONS},
        }
    )
    write_rows(table.assign(synthetic=synthetic), folder / "pairs.csv")
    write_rows(rows.assign(synthetic=synthetic), folder / "verdicts.csv")
    write_json(summary, folder / "summary.json")
    write_report(folder, summary, OmegaConf.to_yaml(config, resolve=True))
    log_results(loggers, config, summary, rows, folder)
    print_summary(summary)
    return summary
