"""Training a recogniser, from the composed config to its checkpoint."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.training.margin_softmax import MarginSoftmax
    from facetrial.training.plan import RecognizerPlan
    from facetrial.training.train import recognizer_for, train_recognizer

__all__ = [
    "MarginSoftmax",
    "RecognizerPlan",
    "recognizer_for",
    "train_recognizer",
]

export_on_demand(__name__)
