"""What a trial tells Weights & Biases, under the same names in every trial, so that a sweep compares in its pages."""

from typing import Any

import pandas as pd
from lightning.pytorch.loggers import WandbLogger

from facetrial.metrics.summary import TrialSummary
from facetrial.run.context import TrialContext
from facetrial.runtime.loggers import log_checkpoint
from facetrial.sweep.csv_table import FIGURES, PLAIN, figure_columns

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


def log_results(context: TrialContext, summary: TrialSummary, rows: pd.DataFrame) -> None:
    """Tells every logger of a trial that is done: its figures, and to wandb all that `log_trial` says."""
    for logger in context.trainer.loggers:
        if isinstance(logger, WandbLogger):
            log_trial(logger.experiment, context, summary, rows)
        else:
            logger.log_metrics({f"trial/{name}": getattr(summary, name).value for name in FIGURES})
        logger.finalize("success")


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
    if (context.folder / "showcase.png").is_file():
        logged["trial/showcase"] = wandb.Image(str(context.folder / "showcase.png"))
    run.log(trial_metrics(summary) | logged)
    run.summary.update(trial_metrics(summary))
    report = wandb.Artifact(f"report-{run.id}", "report")
    for name in ("report.html", "summary.json", "verdicts.csv"):
        report.add_file(str(context.folder / name))
    run.log_artifact(report)
    log_checkpoint(run, context.plan.path)
