"""What a finished trial leaves in its run folder."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from torch import nn

from facetrial.checks.base import failed
from facetrial.checks.figures.embeddings import STALE, of_others
from facetrial.checks.figures.tasks import tasks_recounted
from facetrial.checks.recounted import recounted
from facetrial.core.plain import write_json
from facetrial.data.datamodule import FacesDataModule
from facetrial.metrics.certified import Certified, left_beside
from facetrial.metrics.class_size import ClassSize
from facetrial.metrics.flagging import SUSPICION, flagging_summary
from facetrial.metrics.parts import Cost, LeftOut, Outcome, RegionUsed
from facetrial.metrics.physical import Physical
from facetrial.metrics.power import power_summary
from facetrial.metrics.security_curve import SMALLEST, curve_rows, security_curve, sizes_shown
from facetrial.metrics.summary import TrialSummary, summarise
from facetrial.metrics.tasks.open_set import split_known
from facetrial.metrics.tasks.results import Tasks
from facetrial.metrics.tasks.summary import tasks_rows
from facetrial.recognition.without_slope import black_box
from facetrial.report.mean_face import write_mean_face
from facetrial.report.showcase import write_showcase
from facetrial.report.trial_report import write_report
from facetrial.run.context import TrialContext
from facetrial.run.logging import log_results
from facetrial.trial.held_out import HeldOut
from facetrial.trial.rows import ATTACKED, write_rows
from facetrial.trial.showcase_cases import Pictures


@dataclass(frozen=True)
class TrialOutcome:
    """What a trial has found.

    Attributes:
        rows: a row a picture.
        checks: what the checks say of them, by name.
        speed: seconds that the last start took, and its pictures a second.
        weak_on_purpose: the threat model of an attacker who does less than could be done.
    """

    rows: pd.DataFrame
    checks: Mapping[str, Outcome]
    speed: tuple[float, float | None]
    weak_on_purpose: str | None

    def with_tasks(
        self,
        tasks: Tasks,
        embeddings: Mapping[str, np.ndarray] | None,
        held_out: HeldOut | None,
        victim: nn.Module,
        faces: FacesDataModule,
    ) -> Self:
        """What the trial has found, with one check more where others were run: of the figures of its tasks."""
        if not self.checks:
            return self
        wrong = ""
        if embeddings is not None and held_out is not None:
            places = {file: place for place, file in enumerate(faces.test_faces.files)}
            own = faces.test_faces.subset([places[file] for file in self.rows["file"]])
            wrong = of_others(victim, own, faces.validation_faces, embeddings, held_out, self.rows)
        known = split_known(len(faces.names), faces.split_seed)
        counted = (
            failed(wrong, STALE)
            if wrong
            else tasks_recounted(tasks, self.rows, embeddings, held_out, victim, faces.names, known)
        )
        return replace(self, checks={**self.checks, "tasks": counted})


def write_results(
    context: TrialContext,
    outcome: TrialOutcome,
    pictures: Pictures,
    cost: Cost | None,
    tasks: Tasks,
    certified: Certified | None,
    physical: Physical | None,
    class_size: ClassSize | None,
) -> TrialSummary:
    """Writes `verdicts.csv`, `summary.json`, the charts and `report.html`, logs the figures.

    Where the attack looked for the smallest change, also the security curve: `curve.csv` and `curve` in the summary.

    Args:
        outcome: of the trial.
    """
    faces, folder, attack, rows = context.faces, context.folder, context.attack, outcome.rows
    about, n_train = context.about(faces.synthetic), trained_on(faces)
    if not faces.not_drawn:
        about = replace(about, limit=None)
    summary = summarise(rows, about, n_train, outcome.checks, *outcome.speed)
    goal, curve = summary.goal, None
    if SMALLEST in rows:
        budget = attack.budget
        sizes = sizes_shown(budget.norm, budget.limit)
        if certified is not None and budget.norm == "l2":  # so that the two can be compared
            radii = (point.radius for point in certified.points)
            sizes = sorted({*sizes, *(radius for radius in radii if 0 < radius <= budget.limit)})
            left = left_beside(rows, budget.limit, goal, sizes, certified.largest)
            certified = replace(certified, left=left)
        curve = security_curve(rows, budget.norm, budget.limit, goal, sizes)
        write_rows(curve_rows(curve).assign(synthetic=faces.synthetic), folder / "curve.csv")
    if context.has_pages and not context.private:
        write_mean_face(faces.test_faces, attack.region, context.seed, folder)
    write_rows(tasks_rows(tasks).assign(synthetic=faces.synthetic), folder / "tasks.csv")
    summary = replace(
        summary,
        attack_parts=context.settings["attack"],
        noise_level=context.noise_level,
        weak_on_purpose=outcome.weak_on_purpose,
        black_box=True if black_box(context.victim) is not None else None,
        cost=cost,
        class_size=class_size,
        left_out=left_out_summary(faces),
        region=region_summary(context, rows),
        power=power_summary({name: person.robust.n for name, person in summary.per_identity.items()}),
        certified=certified,
        flagging=flagging_summary(rows, goal) if f"{SUSPICION}_clean" in rows else None,
        curve=curve,
        physical=physical,
        tasks=tasks,
    )
    if context.has_pages:
        summary = replace(summary, cases=write_showcase(folder, rows, pictures, summary))
    return publish(context, rows, summary)


def trained_on(faces: FacesDataModule) -> dict[str, int]:
    """The number of training pictures for each person's name."""
    names = np.array(faces.names)[faces.train_faces.identities]
    return dict(zip(*(values.tolist() for values in np.unique(names, return_counts=True)), strict=True))


def publish(context: TrialContext, rows: pd.DataFrame, summary: TrialSummary) -> TrialSummary:
    """Writes rows, summary and report of a trial, tells its loggers; the summary with a last check."""
    verdicts = context.folder / "verdicts.csv"
    write_rows(rows.assign(synthetic=summary.synthetic), verdicts)
    if summary.checks:
        last = recounted(summary, verdicts)
        checks = {**summary.checks, "recounted": last}
        summary = replace(summary, checks=checks, trusted=summary.trusted and last.passed is True)
    write_json(summary, context.folder / "summary.json")
    if context.has_pages:
        write_report(context.folder, summary, context.yaml, context.private)
    log_results(context, summary, rows)
    return summary


def left_out_summary(faces: FacesDataModule) -> LeftOut | None:
    """What of the data could not be used; None where all could."""
    if not (faces.bad_pictures or faces.people_left_out):
        return None
    return LeftOut(len(faces.bad_pictures), dict(faces.bad_pictures), tuple(faces.people_left_out))


def region_summary(context: TrialContext, rows: pd.DataFrame) -> RegionUsed:
    """Where the attack was."""
    attacked = rows[rows["status"] == ATTACKED]
    return RegionUsed(
        name=context.region_name,
        area=float(attacked["region_area"].mean()),
        equal_area=context.attack.region.area,
    )
