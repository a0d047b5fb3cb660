"""Minibatches of the pictures that a perturbation is fitted on."""

from itertools import pairwise

import pytest
import torch

from facetrial.attacks.examples import Examples


@pytest.mark.parametrize("size", [1, 7, 64])
def test_minibatches_go_once_through_all_pictures_group_by_group(size):
    groups = torch.arange(40) % 5
    seen = []
    examples = Examples(groups, torch.arange(40) + 9, 0, lambda rows: seen.append(rows.tolist()))
    list(examples.minibatches(0, size, groups))
    rows = [row for batch in seen for row in batch]
    assert sorted(rows) == list(range(40))
    assert {len(batch) for batch in seen[:-1]} <= {size}
    assert sum(groups[a] != groups[b] for a, b in pairwise(rows)) == 4
    seen.clear()
    list(examples.minibatches(1, size, groups))
    assert rows != [row for batch in seen for row in batch]
