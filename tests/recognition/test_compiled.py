"""Sizes that are asked for very often are compiled, once; what is wrong or fails leaves everything as it was."""

import copy
import functools
import logging

import pytest
import torch
from torch import nn

from facetrial.recognition import compiled as module
from facetrial.recognition.captured import Captured
from facetrial.recognition.compiled import Compiler, compiled
from facetrial.recognition.fast_copy import FastCopy
from tests.helpers.graphs import graphs_on_the_cpu
from tests.helpers.victims import pictures, trained


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(module, "FROM", 16)
    monkeypatch.setattr(module, "AFTER", 3)


class Made:
    """Stands for a compiler: counts how often it is asked for passes, and gives those of a network."""

    def __init__(self, network):
        self.network, self.times = network, 0

    def __call__(self):
        self.times += 1
        return self.network


def ask(passes, count, times, sloped=True):
    for turn in range(times):
        images = pictures(count, seed=turn)[0].requires_grad_(sloped)
        answers = passes(images)
        torch.testing.assert_close(answers, trained()(images))
        if sloped:
            found, wanted = (
                torch.autograd.grad(of[:, 0].sum(), images)[0] for of in (answers, trained()(images))
            )
            torch.testing.assert_close(found, wanted)


def test_a_size_is_compiled_when_it_was_asked_for_often_enough():
    made = Made(copy.deepcopy(trained()))
    passes = Captured(trained(), trained(), made)
    with graphs_on_the_cpu():
        ask(passes, 20, 5)
        assert made.times == 0
        assert passes.told == "launched as CUDA graphs"
        ask(passes, 20, 4)
        assert made.times == 1
        assert passes.told == "launched as CUDA graphs, compiled for 24 pictures"
        ask(passes, 20, 6)
        ask(passes, 24, 6)
    assert made.times == 1


def test_few_pictures_and_a_third_size_are_not_compiled():
    made = Made(trained())
    passes = Captured(trained(), trained(), made)
    with graphs_on_the_cpu():
        ask(passes, 8, 9)
        assert made.times == 0
        for size in (16, 32, 64):
            ask(passes, size, 9)
    assert passes.compiler.sizes == {16, 32}


@pytest.mark.parametrize("sloped", [True, False])
def test_passes_that_answer_otherwise_are_not_taken(caplog, sloped):
    class Other(nn.Module):
        def forward(self, images):
            return trained()(images.flip(1) * 0.3 + 0.6)

    passes = Captured(trained(), trained(), Made(Other()))
    with graphs_on_the_cpu(), caplog.at_level(logging.WARNING):
        ask(passes, 16, 12, sloped)
    assert passes.compiler.refused == "RuntimeError: compiled, it gives other answers"
    assert passes.told == "launched as CUDA graphs"
    assert len(caplog.records) == 1


def test_passes_whose_slopes_are_others_are_not_taken():
    class Detached(nn.Module):
        def forward(self, images):
            return trained()(images.detach()) + 1e-9 * images.flatten(1)[:, :6]

    passes = Captured(trained(), trained(), Made(Detached()))
    with graphs_on_the_cpu():
        ask(passes, 16, 12)
    assert passes.compiler.refused == "RuntimeError: compiled, it has other slopes"


def test_a_compiler_that_fails_is_asked_once_and_named(caplog):
    class Fails(nn.Module):
        def forward(self, images):
            raise RuntimeError("no C compiler was found\nmore")

    passes = Captured(trained(), trained(), Made(Fails()))
    with graphs_on_the_cpu(), caplog.at_level(logging.WARNING):
        ask(passes, 16, 12)
    assert [record.getMessage() for record in caplog.records] == [
        "A recogniser's passes are not compiled: RuntimeError: no C compiler was found"
    ]


def test_where_graphs_were_dropped_it_begins_anew():
    network = copy.deepcopy(trained())
    made = Made(network)
    passes = Captured(network, network, made)
    with graphs_on_the_cpu():
        ask(passes, 16, 9)
        network[0].weight.data = network[0].weight.data.clone()  # elsewhere
        ask(passes, 16, 1)
        assert not passes.compiler.sizes
        ask(passes, 16, 9)
    assert made.times == 2


def test_a_copy_in_another_place_compiles_for_itself():
    passes = Captured(trained(), trained(), Made(trained()))
    with graphs_on_the_cpu():
        ask(passes, 16, 9)
        other = copy.deepcopy(passes)
    assert passes.compiler.sizes == {16}
    assert isinstance(other.compiler, Compiler)
    assert not other.compiler.sizes


@pytest.mark.parametrize("low", [True, False])
def test_a_fast_copy_is_traced_whole_by_pytorchs_compiler(monkeypatch, low):
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.PReLU(8), nn.Conv2d(8, 8, 3, 2, groups=8), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(),
    ).eval()  # fmt: skip
    made = FastCopy(network, low)
    images = torch.rand(4, 3, 24, 24, requires_grad=True)
    slopes = []
    for passes in (made.passes.compiler.compiled(), made.passes.network):
        answers = passes(images)
        slopes.append(torch.autograd.grad(answers.square().sum(), images)[0])
    torch.testing.assert_close(slopes[0], slopes[1], rtol=2e-2, atol=1e-3)
    assert compiled(network) is not network
