"""What is said of finished pictures: ranks and the size of changes, against plain ones."""

import torch

from facetrial.trial.verdicts import own_ranks


def test_ranks_are_places_among_the_scores():
    scores = torch.tensor([[0.1, 0.9, 0.5], [0.9, 0.9, 0.5], [0.1, torch.nan, 0.5], [0.0, 0.0, 0.0]])
    assert own_ranks(scores, torch.tensor([0, 1, 2, 0])).tolist() == [3, 2, 3, 1]
    generator = torch.Generator().manual_seed(0)
    scores, identities = torch.randn(50, 9, generator=generator), torch.arange(50) % 9
    expected = [
        (row.argsort(descending=True) == who).nonzero().item() + 1
        for row, who in zip(scores, identities, strict=True)
    ]
    assert own_ranks(scores, identities).tolist() == expected
