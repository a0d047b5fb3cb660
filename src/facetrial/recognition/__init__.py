"""The recogniser: embedders, heads, the victim they make, and the layers that stand in front of it."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.recognition.embedders.black_box.function import FunctionEmbedder
    from facetrial.recognition.embedders.black_box.program import CommandEmbedder
    from facetrial.recognition.embedders.black_box.service import HttpEmbedder
    from facetrial.recognition.embedders.edgeface import EdgeFace
    from facetrial.recognition.embedders.inception_resnet_v1 import InceptionResnetV1
    from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
    from facetrial.recognition.embedders.onnx_embedder import OnnxEmbedder
    from facetrial.recognition.embedders.small import SmallEmbedder
    from facetrial.recognition.gallery_head import GalleryHead
    from facetrial.recognition.layers import Defended, scores_of
    from facetrial.recognition.scores_head import ScoresHead
    from facetrial.recognition.svm_head import SVMHead
    from facetrial.recognition.victim import Victim

__all__ = [
    "CommandEmbedder",
    "Defended",
    "EdgeFace",
    "FunctionEmbedder",
    "GalleryHead",
    "HttpEmbedder",
    "InceptionResnetV1",
    "MobileFaceNet",
    "OnnxEmbedder",
    "SVMHead",
    "ScoresHead",
    "SmallEmbedder",
    "Victim",
    "scores_of",
]

export_on_demand(__name__)
