"""What a trial tells Weights & Biases, under the same names in every trial, so that a sweep compares in its pages."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.core.hydra_config import HydraConfig
from lightning.pytorch.loggers import Logger, WandbLogger
from omegaconf import DictConfig, OmegaConf

from facetrial.metrics.summary import TrialSummary
from facetrial.runtime.loggers import log_checkpoint
from facetrial.sweep.csv_table import FIGURES, PLAIN, figure_columns
from facetrial.training.checkpoint import checkpoint_path

_COUNTS = ("n", "not_attackable", "not_reached", "trusted", "seconds", "images_per_second")


def trial_metrics(summary: TrialSummary) -> dict[str, float]:
    """The figures of a trial by their names: `trial/robust_accuracy`, and `_low`, `_high` and `_n` of each."""
    found = {f"trial/{name}": getattr(summary, name) for name in _COUNTS}
    for figure in FIGURES:
        found |= figure_columns(f"trial/{figure}", getattr(summary, figure))
    return {name: float(value) for name, value in found.items() if value is not None}


def trial_tags(summary: TrialSummary, region: str | None) -> list[str]:
    """Tags such as "attack:pgd", cut to the 64 letters that wandb allows."""
    about = {key: getattr(summary, key) for key in ("attack", "defense", "embedder", "goal", "seed")}
    about["region"] = region
    tags = [f"{key}:{value}"[:64] for key, value in about.items() if value is not None]
    return tags + (["synthetic"] if summary.synthetic else [])


def log_results(
    loggers: Iterable[Logger], config: DictConfig, summary: TrialSummary, rows: pd.DataFrame, folder: Path
) -> None:
    """Tells every logger of a trial that is done: its figures, and to wandb all that `log_trial` says."""
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            region = HydraConfig.get().runtime.choices.get("attack/region")
            log_trial(logger.experiment, config, region, summary, rows, folder, checkpoint_path(config))
        else:
            logger.log_metrics({f"trial/{name}": getattr(summary, name).value for name in FIGURES})
        logger.finalize("success")


def log_trial(
    run: Any,
    config: DictConfig,
    region: str | None,
    summary: TrialSummary,
    rows: pd.DataFrame,
    folder: Path,
    checkpoint: Path,
) -> None:
    """Tells a wandb run of a trial: config, tags, figures, verdicts, showcase; report and checkpoint as artifacts."""
    import wandb

    run.config.update(OmegaConf.to_container(config, resolve=True), allow_val_change=True)
    run.config.update({"trial": {key: getattr(summary, key) for key in PLAIN}}, allow_val_change=True)
    run.tags = tuple(dict.fromkeys([*(run.tags or ()), *trial_tags(summary, region)]))
    # A column of text and numbers would be refused.
    verdicts = rows.astype({name: str for name in rows if not pd.api.types.is_numeric_dtype(rows[name])})
    logged: dict[str, Any] = {
        "trial/verdicts": wandb.Table(dataframe=verdicts.assign(synthetic=summary.synthetic))
    }
    if (folder / "showcase.png").is_file():
        logged["trial/showcase"] = wandb.Image(str(folder / "showcase.png"))
    run.log(trial_metrics(summary) | logged)
    run.summary.update(trial_metrics(summary))
    report = wandb.Artifact(f"report-{run.id}", "report")
    for name in ("report.html", "summary.json", "verdicts.csv"):
        report.add_file(str(folder / name))
    run.log_artifact(report)
    log_checkpoint(run, checkpoint)
