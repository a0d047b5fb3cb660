"""What a finished trial leaves in its run folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig, OmegaConf

from facetrial.data.datamodule import FacesDataModule
from facetrial.metrics.certified import left_beside
from facetrial.metrics.class_size import class_size_summary
from facetrial.metrics.flagging import SUSPICION, flagging_summary
from facetrial.metrics.names import attack_name, embedder_name
from facetrial.metrics.power import power_summary
from facetrial.metrics.security_curve import SMALLEST, curve_rows, security_curve, sizes_shown
from facetrial.metrics.summary import summarise
from facetrial.metrics.summary_json import write_json
from facetrial.metrics.tasks.summary import tasks_rows
from facetrial.regions.regions import Region
from facetrial.report.console import print_summary
from facetrial.report.mean_face import write_mean_face
from facetrial.report.showcase import write_showcase
from facetrial.report.trial_report import write_report
from facetrial.run.logging import log_results
from facetrial.trial.certificate import RADIUS
from facetrial.trial.rows import ATTACKED, write_rows
from facetrial.trial.showcase_cases import Pictures


def write_results(
    config: DictConfig,
    folder: Path,
    rows: pd.DataFrame,
    checks: Mapping[str, Mapping[str, Any]],
    faces: FacesDataModule,
    pictures: Pictures,
    about: Mapping[str, Any],
    loggers: Sequence[Logger],
) -> dict[str, Any]:
    """Writes `verdicts.csv`, `summary.json`, the charts and `report.html`, logs and prints the figures.

    Where the attack looked for the smallest change, also the security curve: `curve.csv` and `curve` in the summary.

    Returns:
        The summary.
    """
    names = np.array(faces.names)[faces.train_faces.identities]
    n_train = dict(zip(*(values.tolist() for values in np.unique(names, return_counts=True)), strict=True))
    summary = summarise(rows, about_trial(config, faces.synthetic) | about, n_train, checks)
    summary |= {
        "attack_parts": OmegaConf.to_container(config.attack, resolve=True),
        "noise_level": OmegaConf.to_container(config.noise_level) if "noise_level" in config else None,
    }
    attacked = {name: person["robust"]["n"] for name, person in summary["per_identity"].items()}
    cap = OmegaConf.select(config, "data.train_pictures")
    summary["class_size"] = class_size_summary(summary["per_identity"], cap, faces.capped)
    region = instantiate(config.attack.region)
    summary["region"] = region_summary(region, rows)
    write_mean_face(faces.test_faces, region, config.seed, folder)
    summary["power"] = power_summary(attacked)
    if "certified" in about:
        summary["certified"] = about["certified"]
    if f"{SUSPICION}_clean" in rows:
        summary["flagging"] = flagging_summary(rows, summary["goal"])
    if SMALLEST in rows:
        budget = instantiate(config.attack.budget)
        sizes = sizes_shown(budget.norm, budget.limit)
        if RADIUS in rows and budget.norm == "l2":  # so that the two can be compared
            radii = [point["radius"] for point in summary["certified"]["points"]]
            sizes = sorted({*sizes, *(radius for radius in radii if 0 < radius <= budget.limit)})
            summary["certified"]["left"] = left_beside(
                rows, budget.limit, summary["goal"], sizes, summary["certified"]["largest"]
            )
        summary["curve"] = security_curve(rows, budget.norm, budget.limit, summary["goal"], sizes)
        write_rows(curve_rows(summary["curve"]).assign(synthetic=faces.synthetic), folder / "curve.csv")
    if "physical" in about:
        summary["physical"] = about["physical"]
    summary["tasks"] = about["tasks"]
    write_rows(tasks_rows(summary["tasks"]).assign(synthetic=faces.synthetic), folder / "tasks.csv")
    summary["cases"] = write_showcase(folder, rows, pictures, summary)
    write_rows(rows.assign(synthetic=faces.synthetic), folder / "verdicts.csv")
    write_json(summary, folder / "summary.json")
    write_report(folder, summary, OmegaConf.to_yaml(config, resolve=True))
    log_results(loggers, config, summary, rows, folder)
    print_summary(summary)
    return summary


def region_summary(region: Region, rows: pd.DataFrame) -> dict[str, Any]:
    """Where the attack was: the region's config name, its mean share of the picture, and the share asked for."""
    choices = HydraConfig.get().runtime.choices
    attacked = rows[rows["status"] == ATTACKED]
    return {
        "name": choices.get("attack/region") or choices.get("attack/region@attack.region"),
        "area": float(attacked["region_area"].mean()),
        "equal_area": region.area,
    }


def about_trial(config: DictConfig, synthetic: bool) -> dict[str, Any]:
    """What a summary says of the trial beside its figures: the names of the chosen configs."""
    choices = HydraConfig.get().runtime.choices
    defenses = "+".join(config.defense) or "none"
    return {
        "data": choices["data"],
        "synthetic": synthetic,
        "limit": config.data.limit,
        "embedder": embedder_name(choices["embedder"], config.embedder),
        "attack": attack_name(choices["attack"], HydraConfig.get().overrides.task),
        "defense": defenses,
        "goal": choices["goal"],
        "seed": config.seed,
    }
