"""From a composed config to a finished trial: what `python evaluate.py` does."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.run.evaluate import evaluate, run_trial
    from facetrial.run.landmarks import train_landmarks
    from facetrial.run.level.calibration import StudyRule
    from facetrial.run.verify import run_pair_trial

__all__ = [
    "StudyRule",
    "evaluate",
    "run_pair_trial",
    "run_trial",
    "train_landmarks",
]

export_on_demand(__name__)
