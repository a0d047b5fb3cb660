"""What a finished trial leaves in its run folder."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig, OmegaConf

from facetrial.core.plain import from_plain, write_json
from facetrial.data.datamodule import FacesDataModule
from facetrial.metrics.certified import Certified, left_beside
from facetrial.metrics.class_size import class_size_summary
from facetrial.metrics.flagging import SUSPICION, flagging_summary
from facetrial.metrics.names import Chosen, defenses_name, embedder_name
from facetrial.metrics.parts import Cost, NoiseLevel, Outcome, RegionUsed
from facetrial.metrics.physical import Physical
from facetrial.metrics.power import power_summary
from facetrial.metrics.security_curve import SMALLEST, curve_rows, security_curve, sizes_shown
from facetrial.metrics.summary import About, TrialSummary, summarise
from facetrial.metrics.tasks.results import Tasks
from facetrial.metrics.tasks.summary import tasks_rows
from facetrial.report.console import print_summary
from facetrial.report.mean_face import write_mean_face
from facetrial.report.showcase import write_showcase
from facetrial.report.trial_report import write_report
from facetrial.run.logging import log_results
from facetrial.trial.rows import ATTACKED, write_rows
from facetrial.trial.showcase_cases import Pictures


def write_results(
    config: DictConfig,
    folder: Path,
    rows: pd.DataFrame,
    checks: Mapping[str, Outcome],
    faces: FacesDataModule,
    pictures: Pictures,
    speed: tuple[float, float | None],
    cost: Cost,
    tasks: Tasks,
    certified: Certified | None,
    physical: Physical | None,
    loggers: Sequence[Logger],
) -> TrialSummary:
    """Writes `verdicts.csv`, `summary.json`, the charts and `report.html`, logs and prints the figures.

    Where the attack looked for the smallest change, also the security curve: `curve.csv` and `curve` in the summary.

    Args:
        speed: seconds that the last start took, and its pictures a second.
    """
    names = np.array(faces.names)[faces.train_faces.identities]
    n_train = dict(zip(*(values.tolist() for values in np.unique(names, return_counts=True)), strict=True))
    summary = summarise(rows, about_trial(config, faces.synthetic), n_train, checks, *speed)
    goal, curve = summary.goal, None
    if SMALLEST in rows:
        budget = instantiate(config.attack.budget)
        sizes = sizes_shown(budget.norm, budget.limit)
        if certified is not None and budget.norm == "l2":  # so that the two can be compared
            radii = (point.radius for point in certified.points)
            sizes = sorted({*sizes, *(radius for radius in radii if 0 < radius <= budget.limit)})
            left = left_beside(rows, budget.limit, goal, sizes, certified.largest)
            certified = replace(certified, left=left)
        curve = security_curve(rows, budget.norm, budget.limit, goal, sizes)
        write_rows(curve_rows(curve).assign(synthetic=faces.synthetic), folder / "curve.csv")
    write_mean_face(faces.test_faces, instantiate(config.attack.region), config.seed, folder)
    write_rows(tasks_rows(tasks).assign(synthetic=faces.synthetic), folder / "tasks.csv")
    cap = OmegaConf.select(config, "data.train_pictures")
    summary = replace(
        summary,
        attack_parts=OmegaConf.to_container(config.attack, resolve=True),
        noise_level=noise_level(config),
        cost=cost,
        class_size=class_size_summary(summary.per_identity, cap, faces.capped),
        region=region_summary(config, rows),
        power=power_summary({name: person.robust.n for name, person in summary.per_identity.items()}),
        certified=certified,
        flagging=flagging_summary(rows, goal) if f"{SUSPICION}_clean" in rows else None,
        curve=curve,
        physical=physical,
        tasks=tasks,
    )
    summary = replace(summary, cases=write_showcase(folder, rows, pictures, summary))
    publish(config, folder, rows, summary, loggers)
    return summary


def publish(
    config: DictConfig, folder: Path, rows: pd.DataFrame, summary: TrialSummary, loggers: Sequence[Logger]
) -> None:
    """Writes rows, summary and report of a trial, tells its loggers, and prints it."""
    write_rows(rows.assign(synthetic=summary.synthetic), folder / "verdicts.csv")
    write_json(summary, folder / "summary.json")
    write_report(folder, summary, OmegaConf.to_yaml(config, resolve=True))
    log_results(loggers, config, summary, rows, folder)
    print_summary(summary)


def noise_level(config: DictConfig) -> NoiseLevel | None:
    """The level that was found for this trial; None where it was given."""
    if "noise_level" not in config:
        return None
    return from_plain(NoiseLevel, OmegaConf.to_container(config.noise_level), "noise_level")


def region_summary(config: DictConfig, rows: pd.DataFrame) -> RegionUsed:
    """Where the attack was."""
    choices = HydraConfig.get().runtime.choices
    attacked = rows[rows["status"] == ATTACKED]
    return RegionUsed(
        name=choices.get("attack/region") or choices.get("attack/region@attack.region"),
        area=float(attacked["region_area"].mean()),
        equal_area=OmegaConf.select(config, "sizes.area"),
    )


def about_trial(config: DictConfig, synthetic: bool) -> About:
    """What the trial was: the names of the chosen configs."""
    choices = HydraConfig.get().runtime.choices
    chosen = Chosen.of(choices["attack"], config.defense, HydraConfig.get().overrides.task)
    return About(
        data=choices["data"],
        synthetic=synthetic,
        limit=config.data.limit,
        embedder=embedder_name(choices["embedder"], config.embedder),
        attack=chosen.attack_name,
        defense=defenses_name(chosen.defenses),
        goal=choices["goal"],
        seed=config.seed,
        chosen=chosen,
    )
