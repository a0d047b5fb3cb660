"""What is said of published weights, held against the networks and the files that are here."""

import hashlib
import re

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from facetrial.recognition import EdgeFace, InceptionResnetV1, MobileFaceNet, OnnxEmbedder
from facetrial.recognition.embedders.published.facts import PUBLISHED
from tests.helpers.paths import CONF, ROOT
from tests.helpers.published import known

NETWORKS = {
    "inception_resnet_v1": InceptionResnetV1,
    "edgeface": EdgeFace,
    "mobilefacenet": MobileFaceNet,
}
# Where they lie beside the repository, as they were published.
HERE = {
    "edgeface_xs_q": "edgeface_xs.safetensors",
    "y1": "mobilefacenet_y1.safetensors",
    "foamliu": "mobilefacenet_foamliu.onnx",
}
OURS = [weights for weights in PUBLISHED if weights.embedder in NETWORKS]


def by_name(weights) -> str:
    return weights.name


def standardised(weights, value: float) -> list[float]:
    """What is said of a pixel of that value, for each channel."""
    parts = [
        [float(number) for number in re.findall(r"[\d.]+", part)]
        for part in weights.standardisation.split(" / ")
    ]
    means, stds = (part * (1 if len(part) == 3 else 3) for part in parts)
    return [(value - mean) / std for mean, std in zip(means, stds, strict=True)]


def fed(network: nn.Module, size: int, value: float) -> list[float]:
    """What the first convolution of an embedder is given of pixels of one value, for each channel."""
    given: list[torch.Tensor] = []
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    with first.register_forward_pre_hook(lambda module, inputs: given.append(inputs[0])), torch.no_grad():
        network.eval()(torch.full((1, 3, size, size), value / 255))
    return given[0].mean((0, 2, 3)).tolist()


def test_names_are_of_one_thing_each():
    assert len({weights.name for weights in PUBLISHED}) == len(PUBLISHED)
    assert len({weights.file for weights in PUBLISHED}) == len(PUBLISHED)


@pytest.mark.parametrize("weights", PUBLISHED, ids=by_name)
def test_facts_are_in_a_form_that_can_be_used(weights):
    assert (CONF / "embedder" / f"{weights.embedder}.yaml").is_file()
    assert weights.url is None or weights.url.startswith("https://")
    assert weights.checksum is None or re.fullmatch(r"sha256:[0-9a-f]{64}|git:[0-9a-f]{40}", weights.checksum)
    assert weights.url or weights.checksum  # a file that one is given is known by something
    for share in (weights.published, weights.measured):
        assert share is None or 0.98 < share < 1


@pytest.mark.parametrize("weights", OURS, ids=by_name)
def test_parameters_and_standardisation_are_those_of_the_network(weights):
    network = NETWORKS[weights.embedder]()
    assert weights.parameters == sum(parameter.numel() for parameter in network.parameters())
    for value in (0.0, 200.0):
        assert fed(network, network.size, value) == pytest.approx(standardised(weights, value), abs=1e-5)


def test_what_an_onnx_file_is_given_is_in_its_words(shared):
    foamliu = known("foamliu")
    settings = OmegaConf.from_dotlist([word.removeprefix("embedder.") for word in foamliu.settings.split()])
    network = OnnxEmbedder(str(shared / "weights" / HERE["foamliu"]), **OmegaConf.to_container(settings))
    assert foamliu.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert fed(network, 112, 200.0) == pytest.approx(standardised(foamliu, 200.0), abs=1e-5)


@pytest.mark.parametrize("name", HERE)
def test_checksums_and_sizes_are_those_of_the_files(shared, name):
    file = shared / "weights" / HERE[name]
    assert known(name).checksum == f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    assert known(name).megabytes == pytest.approx(file.stat().st_size / 1e6, abs=0.05)


def test_the_model_card_has_the_same_figures():
    page = (ROOT / "docs" / "model-card.md").read_text("utf-8")
    for name in ("vggface2", "y1"):
        assert f"{known(name).published:.4f}" in page
        assert f"{known(name).measured:.4f}" in page
