"""Sizes of graphs. What else they do is tested by `test_captured.py`, here and in `tests/attacks`."""

import pytest
import torch

from facetrial.recognition.cuda_graphs import can_capture, graph_size
from tests.helpers.graphs import graphs_on_the_cpu


def test_a_graph_takes_its_batch_and_at_most_a_quarter_more_above_the_smallest():
    sizes = [graph_size(count) for count in range(1, 2000)]
    assert all(size >= count for count, size in enumerate(sizes, 1))
    assert all(size <= 1.25 * count for count, size in enumerate(sizes, 1) if count >= 32)
    assert sizes == sorted(sizes)
    assert len(set(sizes[:1024])) < 40


@pytest.mark.parametrize("count", [8, 16, 32, 64, 128, 256, 512, 1024])
def test_a_power_of_two_is_a_size(count):
    assert graph_size(count) == count


def test_only_devices_with_graphs_capture():
    assert not can_capture(torch.device("cpu"))
    with graphs_on_the_cpu():
        assert can_capture(torch.device("cpu"))
