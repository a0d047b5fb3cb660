"""Training the landmark network with a report at its end: what `python train.py model=landmarks` does."""

import logging
from pathlib import Path

from facetrial.landmarks.plan import LandmarkPlan
from facetrial.landmarks.train import train_landmarks as train
from facetrial.report.landmark_report import write_landmark_report

log = logging.getLogger(__name__)


def train_landmarks(plan: LandmarkPlan) -> dict[str, float]:
    """Trains the network of `plan`, saves it at its `path`, and leaves `report.html` in the run folder.

    Returns:
        RMSE on validation faces, overall and per point; nothing but in the first of several processes.
    """
    figures = train(plan)
    if figures:
        report = write_landmark_report(Path(plan.trainer["default_root_dir"]))
        log.info("Report: %s", report.resolve())
    return figures
