"""Training a recogniser, from the composed config to its checkpoint."""

from facetrial.training.margin_softmax import MarginSoftmax
from facetrial.training.train import recognizer_for, train_recognizer

__all__ = [
    "MarginSoftmax",
    "recognizer_for",
    "train_recognizer",
]
