"""Passes by graphs answer as the network does, whoever asks in whatever order; without a graph, it does itself.

A stand-in on the CPU does a graph's work anew in the graph's own places, so that what goes on in these is the same.
"""

import copy
import logging
import pickle

import pytest
import torch
from torch import Tensor, nn

from facetrial.recognition.captured import Captured, CapturedModule, captured
from facetrial.recognition.layers import scores_of
from facetrial.recognition.victim import Victim
from tests.helpers.graphs import graphs_on_the_cpu
from tests.helpers.victims import pictures, trained


def slope_of(network, images: Tensor) -> Tensor:
    leaf = images.clone().requires_grad_(True)
    return torch.autograd.grad(network(leaf)[:, 0].square().sum(), leaf)[0]


@pytest.fixture
def network() -> nn.Module:
    return copy.deepcopy(trained())


@pytest.fixture
def passes(network) -> Captured:
    return Captured(network, network)


def test_answers_and_slopes_of_every_batch_are_the_networks(network, passes):
    with graphs_on_the_cpu() as graphs:
        for turn, count in enumerate((5, 9, 5, 30, 9, 12, 40, 5, 30, 12, 1, 40)):
            images, _ = pictures(count, seed=turn)
            torch.testing.assert_close(passes(images), network(images))
            torch.testing.assert_close(slope_of(passes, images), slope_of(network, images))
    assert graphs.captured > 6
    assert graphs.replayed > 6


def test_a_size_is_captured_once_and_with_a_slope_apart(passes):
    images, _ = pictures(30)
    with graphs_on_the_cpu() as graphs:
        for _ in range(4):
            passes(images)
        assert (graphs.captured, graphs.replayed) == (1, 3)
        for _ in range(4):
            slope_of(passes, images)
        assert (graphs.captured, graphs.replayed) == (3, 9)
        passes(images[:26])  # fits the same
        assert (graphs.captured, graphs.replayed) == (3, 10)


def test_no_answer_lies_where_the_next_is_written(network, passes):
    first, second = pictures(6, seed=1)[0], pictures(6, seed=2)[0]
    with graphs_on_the_cpu():
        for _ in range(2):
            slope_of(passes, first), passes(first)
        answers, slopes = passes(first), slope_of(passes, first)
        passes(second), slope_of(passes, second)
    torch.testing.assert_close(answers, network(first))
    torch.testing.assert_close(slopes, slope_of(network, first))


def test_passes_before_the_slope_of_the_first_is_taken_do_not_spoil_it(network, passes):
    def mean_of_three(of):
        return lambda leaf: (of(leaf) + of(leaf * 0.9) + of(leaf.flip(-1))) / 3

    images, _ = pictures(8)
    with graphs_on_the_cpu() as graphs:
        for _ in range(4):
            torch.testing.assert_close(
                slope_of(mean_of_three(passes), images), slope_of(mean_of_three(network), images)
            )
        assert graphs.replayed > 0


def test_a_pass_whose_slope_nobody_asks_for_holds_up_nobody(passes):
    images, _ = pictures(8)
    with graphs_on_the_cpu() as graphs:
        for _ in range(4):
            passes(images.clone().requires_grad_(True))
    assert graphs.replayed == 3


def test_a_slope_after_the_graph_went_on_is_an_error_not_a_wrong_slope(passes):
    images, _ = pictures(8)
    with graphs_on_the_cpu():
        for _ in range(2):
            slope_of(passes, images)
        leaf = images.clone().requires_grad_(True)
        answers = passes(leaf)
        torch.autograd.grad(answers.sum(), leaf, retain_graph=True)
        slope_of(passes, images)
        with pytest.raises(RuntimeError, match="gone on to other pictures"):
            torch.autograd.grad(answers.sum(), leaf)


@pytest.mark.parametrize("moved", [False, True], ids=["in place", "elsewhere"])
def test_weights_that_change_are_followed(network, passes, moved):
    images, _ = pictures(8)
    with graphs_on_the_cpu() as graphs:
        for _ in range(3):
            passes(images)
        weight = network[0].weight
        if moved:
            weight.data = weight.data * 1.5
        else:
            weight.data.mul_(1.5)
        before = graphs.captured
        for _ in range(3):
            torch.testing.assert_close(passes(images), network(images))
        assert graphs.captured - before == moved


def test_what_cannot_be_captured_answers_as_it_is_and_says_so_once(network, passes, caplog):
    def refuses():
        def capture(work):
            raise RuntimeError("operation not permitted when stream is capturing\nmore")

        return capture

    images, _ = pictures(8)
    with graphs_on_the_cpu(refuses), caplog.at_level(logging.WARNING):
        for _ in range(4):
            torch.testing.assert_close(passes(images), network(images))
    assert [record.getMessage() for record in caplog.records] == [
        "A recogniser's passes are not launched as CUDA graphs: RuntimeError: operation not permitted when stream is "
        "capturing"
    ]


def test_short_of_memory_it_goes_on_without_graphs_of_so_many(caplog):
    inner, room = trained(), [1000]

    def network(images):
        if len(images) > room[0]:
            raise torch.OutOfMemoryError("no more")
        return inner(images)

    passes, images = Captured(network, inner), pictures(8)[0]
    with graphs_on_the_cpu():
        for _ in range(3):
            passes(images)
        room[0] = 10
        with pytest.raises(torch.OutOfMemoryError):
            passes(pictures(20)[0])  # too many with and without
        torch.testing.assert_close(passes(images), inner(images))
    assert passes.refused is None
    room[0] = 1000
    with graphs_on_the_cpu() as graphs:
        for count in (8, 20, 30):
            for _ in range(3):
                passes(pictures(count)[0])
        assert graphs.captured == 1, "only of the few"


def test_short_of_memory_in_a_capture_it_goes_on_without(network, passes):
    def no_room():
        def capture(work):
            raise RuntimeError("CUDA error: out of memory")

        return capture

    images = pictures(8)[0]
    with graphs_on_the_cpu(no_room):
        for _ in range(4):
            torch.testing.assert_close(passes(images), network(images))
    assert passes.refused is None


def test_few_pictures_take_a_graph_of_up_to_twice_as_many(network, passes):
    with graphs_on_the_cpu() as graphs:
        for _ in range(2):
            passes(pictures(40)[0])
        for count, replayed in ((30, 1), (21, 2), (16, 2), (40, 3)):
            images = pictures(count, seed=count)[0]
            torch.testing.assert_close(passes(images), network(images))
            assert graphs.replayed == 1 + replayed, count
        assert graphs.captured == 1


def test_only_so_many_graphs_are_kept(passes, monkeypatch):
    monkeypatch.setattr("facetrial.recognition.captured._MOST", 4)
    monkeypatch.setattr("facetrial.recognition.captured._LAUNCH_BOUND", 0)
    sizes = [8, 16, 24, 32, 40, 48, 64]
    with graphs_on_the_cpu():
        for _ in range(2):
            for count in sizes:
                images, _ = pictures(count)
                passes(images), passes(images)
    kept = [size for size, _ in passes._graphs]
    assert 0 < len(kept) <= 4
    assert kept[-1] == sizes[-1], "the ones that were used last"


@pytest.mark.parametrize("way", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_a_copy_captures_anew(network, way):
    module, images = CapturedModule(network), pictures(8)[0]
    with graphs_on_the_cpu() as graphs:
        for _ in range(3):
            module(images)
        made = way(module)
        made.module[0].weight.data.mul_(2.0)
        assert graphs.captured == 1
        for _ in range(3):
            made(images)
        assert graphs.captured == 2
        assert not torch.allclose(made(images), module(images))


def test_a_captured_victim_is_the_same_victim():
    images, _ = pictures(8)
    victim = Victim(trained(), nn.Identity(), list("abcdef")).freeze()
    made = captured(victim)
    with graphs_on_the_cpu() as graphs:
        for _ in range(3):
            torch.testing.assert_close(scores_of(made, images), scores_of(victim, images))
        assert graphs.replayed == 2
    assert made.names == victim.names
    assert victim.checked
    assert victim.embedder is trained()


def test_nothing_is_captured_where_there_are_no_graphs(network, passes):
    images, _ = pictures(8)
    for _ in range(4):
        passes(images)
    assert not passes._graphs
