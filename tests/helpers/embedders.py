"""Embedders made as a config describes them."""

from torch import nn

from facetrial.recognition.embedders.factory import make_embedder

OWN = "tests.helpers.own"


def made(target: str, size: int = 64, pretrained: bool = True, **settings) -> nn.Module:
    """The embedder of a config of the group `embedder`."""
    config = {"_target_": target, "size": size, "alignment": "five_points", **settings}
    return make_embedder(config, pretrained)
