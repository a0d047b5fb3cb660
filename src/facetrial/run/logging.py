"""What a trial tells its loggers, under the same names in every trial, so that a sweep compares in their pages."""

from typing import Any

import numpy as np
import pandas as pd
from lightning.pytorch.loggers import MLFlowLogger, TensorBoardLogger, WandbLogger
from PIL import Image

from facetrial.metrics.summary import TrialSummary
from facetrial.report.wording import headline
from facetrial.run.context import TrialContext
from facetrial.runtime.loggers import log_checkpoint
from facetrial.sweep.csv_table import FIGURES, PLAIN, figure_columns

_COUNTS = ("n", "not_attackable", "not_reached", "trusted", "seconds", "images_per_second")
_FILES = ("report.html", "summary.json", "verdicts.csv")
_SHOWCASE = "showcase.png"


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


def log_results(context: TrialContext, summary: TrialSummary, rows: pd.DataFrame) -> None:
    """Tells every logger of a trial that is done: its figures, and to those that can keep more than that, more."""
    for logger in context.trainer.loggers:
        if isinstance(logger, WandbLogger):
            log_trial(logger.experiment, context, summary, rows)
        elif isinstance(logger, MLFlowLogger):
            log_to_mlflow(logger, context, summary)
        elif isinstance(logger, TensorBoardLogger):
            log_to_tensorboard(logger, context, summary)
        else:
            logger.log_metrics({f"trial/{name}": getattr(summary, name).value for name in FIGURES})
        logger.finalize("success")


def log_to_mlflow(logger: MLFlowLogger, context: TrialContext, summary: TrialSummary) -> None:
    """Tells an MLflow run of a trial: config, tags, figures, and its files as artifacts."""
    logger.log_hyperparams(context.settings)
    logger.log_metrics(trial_metrics(summary))
    for tag in trial_tags(summary, context.region_name):
        name, _, value = tag.partition(":")
        logger.experiment.set_tag(logger.run_id, name, value or "true")
    for name in (*_FILES, _SHOWCASE):
        if (context.folder / name).is_file():
            logger.experiment.log_artifact(logger.run_id, str(context.folder / name))


def log_to_tensorboard(logger: TensorBoardLogger, context: TrialContext, summary: TrialSummary) -> None:
    """Tells TensorBoard of a trial: config and figures among its hyper-parameters, the verdict, the showcase."""
    logger.log_hyperparams(context.settings, trial_metrics(summary))
    logger.log_metrics(trial_metrics(summary))
    logger.experiment.add_text("trial/verdict", headline(summary))
    if (context.folder / _SHOWCASE).is_file():
        with Image.open(context.folder / _SHOWCASE) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        logger.experiment.add_image("trial/showcase", pixels, dataformats="HWC")


def log_trial(run: Any, context: TrialContext, summary: TrialSummary, rows: pd.DataFrame) -> None:
    """Tells a wandb run of a trial: config, tags, figures, verdicts, showcase; report and checkpoint as artifacts."""
    import wandb

    run.config.update(context.settings, allow_val_change=True)
    run.config.update({"trial": {key: getattr(summary, key) for key in PLAIN}}, allow_val_change=True)
    run.tags = tuple(dict.fromkeys([*(run.tags or ()), *trial_tags(summary, context.region_name)]))
    # A column of text and numbers would be refused.
    verdicts = rows.astype({name: str for name in rows if not pd.api.types.is_numeric_dtype(rows[name])})
    logged: dict[str, Any] = {
        "trial/verdicts": wandb.Table(dataframe=verdicts.assign(synthetic=summary.synthetic))
    }
    if (context.folder / _SHOWCASE).is_file():
        logged["trial/showcase"] = wandb.Image(str(context.folder / _SHOWCASE))
    run.log(trial_metrics(summary) | logged)
    run.summary.update(trial_metrics(summary))
    report = wandb.Artifact(f"report-{run.id}", "report")
    for name in _FILES:
        report.add_file(str(context.folder / name))
    run.log_artifact(report)
    log_checkpoint(run, context.plan.path)
