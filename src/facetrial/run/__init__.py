"""From a composed config to a finished trial: what `python evaluate.py` does."""

from facetrial.run.calibration import StudyRule
from facetrial.run.evaluate import evaluate, hold_trial
from facetrial.run.verify import hold_pair_trial

__all__ = [
    "StudyRule",
    "evaluate",
    "hold_pair_trial",
    "hold_trial",
]
