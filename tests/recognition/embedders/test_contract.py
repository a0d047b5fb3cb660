"""Embedders of the user's own: what is taken, what is put right, and what is refused with a sentence."""

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.contract import UnitNorm, meeting_contract
from tests.helpers import own
from tests.helpers.embedders import OWN, made


def test_what_it_does_not_say_is_set():
    embedder = made(f"{OWN}.unit_norm")
    assert isinstance(embedder, own.UnitNormed)
    assert (embedder.size, embedder.alignment, embedder.dimension) == (64, "five_points", 8)
    assert embedder.last_blocks == ("",)


def test_embeddings_of_any_norm_are_normalised():
    embedder = made(f"{OWN}.Embedder", width=6)
    assert isinstance(embedder, UnitNorm)
    images = torch.rand(5, 3, 64, 64)
    torch.testing.assert_close(embedder.eval()(images).norm(dim=1), torch.ones(5))
    assert embedder.dimension == 8
    assert embedder.last_blocks == ("network.",)
    assert all(name.startswith(embedder.last_blocks) for name, _ in embedder.named_parameters())


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("Detached", "without a gradient"),
        ("Rounded", "no slope"),
        ("NotFinite", "not finite"),
        ("AlwaysTheSame", "cannot tell people apart"),
        ("MovedByOthers", "another embedding when it comes alone"),
        ("Maps", r"gave shape \(3, 4, 4, 4\) for 3 images; expected embeddings of shape \(3, D\)"),
        ("Pairs", "gave a tuple"),
        ("Squeezed", r"gave shape \(8,\) for 1 images; expected embeddings of shape \(1, D\)"),
        ("Empty", r"gave shape \(3, 0\)"),
        ("Complex", "gave torch.complex64 .*floating-point"),
        ("WithoutDerivative", "no slope from its embeddings to the pixels: NotImplementedError"),
        ("StaysInTrainMode", r"layer layers\.1 \(BatchNorm2d\) is in train mode.*do not override train"),
        ("InDoubles", r"Its weights are torch\.float64, .*: call float\(\)"),
        ("Unlicensed", "cannot be made: SystemExit: no licence"),
        ("NUMBER", "is a int; name a class, or a function"),
        ("OneAtATime", "take any number of pictures at a time"),
        ("OfOneSize", r"cannot embed images \(3, 3, 80, 80\).*Set embedder.size"),
        ("SaysAnotherDimension", "says its dimension is 128 and gives embeddings of 8"),
        ("no_network", "gave a str; expected a torch.nn.Module"),
        ("Breaks", r"cannot be made: KeyError: 'layer1.weight' \(own.py, line \d+\)"),
        ("Explains", r"^its file is missing; get it\.$"),
        ("Absent", r"cannot be imported.*PYTHONPATH"),
    ],
)
def test_what_is_no_embedder_is_refused(target, said):
    with pytest.raises(FacetrialError, match=said):
        made(f"{OWN}.{target}", size=80)


def test_the_embedder_is_left_as_it_came():
    network = own.UnitNormed()
    network.layers.eval()
    was = {name: module.training for name, module in network.named_modules()}
    statistics = network.layers[1].running_mean.clone()
    assert meeting_contract(network, 64, "facenet", "mine") is network
    assert {name: module.training for name, module in network.named_modules()} == was
    assert torch.equal(network.layers[1].running_mean, statistics)
    assert all(parameter.grad is None for parameter in network.parameters())
