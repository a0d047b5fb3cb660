"""What is said of finished pictures: ranks and the size of changes, against plain ones."""

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.regions.regions import Everywhere
from facetrial.trial.verdicts import (
    change_columns,
    change_norms,
    judged_scores,
    own_margins,
    own_ranks,
    verdict_rows,
)
from tests.helpers.victims import known_faces


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


def test_a_pair_is_judged_by_its_own_column_alone():
    scores = torch.tensor([[9.0, -0.1, 9.0], [0.3, -9.0, 9.0], [9.0, 9.0, -0.2]])
    same = torch.tensor([True, True, False])  # of the pairs 0, 1 and 2
    judged, own = judged_scores(scores, torch.tensor([1, 0, 2]), same)
    assert (judged.argmax(1) == own).tolist() == [False, True, True]
    assert own_margins(judged, own).tolist() == pytest.approx([-0.1, 0.3, 0.2])
    people, identities = judged_scores(scores, torch.tensor([1, 0, 2]), None)
    assert people is scores
    assert identities.tolist() == [1, 0, 2]


def test_norms_are_those_of_numpy():
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(4, 3, 9, 7, generator=generator)
    change = (
        0.1
        * torch.randn(4, 3, 9, 7, generator=generator)
        * (torch.rand(4, 1, 9, 7, generator=generator) < 0.3)
    )
    change[3] = 0
    attacked = (images + change).clamp(0, 1)
    found = change_norms(images, attacked)
    for row, (before, after) in enumerate(
        zip(images.double().numpy(), attacked.double().numpy(), strict=True)
    ):
        moved = after - before
        assert found["l2"][row] == pytest.approx(np.linalg.norm(moved), rel=1e-6, abs=1e-9)
        assert found["rms"][row] == pytest.approx(np.sqrt((moved**2).mean()), rel=1e-6, abs=1e-9)
        assert found["l1"][row] == pytest.approx(np.abs(moved).sum(), rel=1e-6, abs=1e-9)
        assert found["linf"][row] == np.abs(moved).max()
        assert found["pixels_changed"][row] == (moved != 0).any(0).sum()
    assert [values[3] for values in found.values()] == [0.0, 0.0, 0.0, 0.0, 0]


def test_the_digest_of_a_picture_is_of_its_pixels():
    """Alone and in a batch the same, and another where one value is another by its last bit."""
    batch = known_faces(6)
    attacked = Attack(Everywhere(), RMS(0.05), Gaussian())(None, batch, 0)
    known = change_columns(batch, attacked)["picture_digest"]
    for row in range(6):
        part = batch.select(torch.tensor([row]))
        alone = Attack(Everywhere(), RMS(0.05), Gaussian())(None, part, 0)
        assert change_columns(part, alone)["picture_digest"] == [known[row]]
    assert len(set(known)) == 6
    attacked.images[3, 0, 0, 0] = torch.nextafter(attacked.images[3, 0, 0, 0], torch.tensor(2.0))
    changed = change_columns(batch, attacked)["picture_digest"]
    assert [row for row in range(6) if changed[row] != known[row]] == [3]


def test_scores_that_are_no_numbers_name_nobody():
    """The largest of several NaN would be the first, so that number 0 seemed to be recognised."""

    class Nothing(nn.Module):
        def forward(self, images):
            return torch.full((len(images), 6), torch.nan)

    batch = known_faces(6)
    attacked = Attack(Everywhere(), RMS(0.05), Gaussian())(None, batch, 0)
    rows = verdict_rows(
        Nothing().eval(), batch, attacked, list("abcdef"), [str(i) for i in range(len(batch))]
    )
    for version in ("clean", "attacked", "8bit"):
        assert (rows[f"predicted_{version}"] == "(nobody)").all()
        assert not rows[f"correct_{version}"].any()
