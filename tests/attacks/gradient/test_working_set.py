"""The working set of a gradient attack: neither its size nor early stopping changes a verdict."""

import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.gradient.working_set import ActiveSet
from facetrial.attacks.losses import Margin
from facetrial.core.randomness import Draws
from facetrial.regions.regions import Everywhere
from tests.helpers.victims import SAME_ENOUGH, known_faces, robust, trained


class TestWorkingSet:
    def attack(self, **settings):
        method = PGD(Margin(), 10, 0.25, restarts=3, **settings)
        return Attack(Everywhere(), Linf(15), method)

    @pytest.mark.parametrize("at_once", [1, 5, 64, None])
    def test_its_size_changes_no_verdict(self, at_once):
        faces, victim = known_faces(60), trained()
        reference = self.attack(at_once=200)(victim, faces, seed=0)
        found = self.attack(at_once=at_once)(victim, faces, seed=0)
        assert (
            robust(victim, faces, found) != robust(victim, faces, reference)
        ).float().mean() <= SAME_ENOUGH
        assert 0.1 < robust(victim, faces, reference).float().mean() < 0.9

    def test_early_stopping_loses_nothing(self):
        faces, victim = known_faces(60), trained()
        stopping, going_on = (
            self.attack(early_stop=early_stop)(victim, faces, seed=0) for early_stop in (True, False)
        )
        assert (
            robust(victim, faces, stopping) != robust(victim, faces, going_on)
        ).float().mean() <= SAME_ENOUGH
        assert (going_on.steps == 30).all()
        assert stopping.steps.float().mean() < 25
        assert (stopping.steps[robust(victim, faces, stopping)] == 30).all()

    def test_counts_are_what_the_victim_was_shown(self):
        class Counted(nn.Module):
            shown, sloped = 0, 0

            def __init__(self):
                super().__init__()
                self.network = trained()
                self.eval()

            def forward(self, images):
                Counted.shown += len(images)
                Counted.sloped += len(images) * torch.is_grad_enabled()
                return self.network(images)

        faces, victim = known_faces(30), Counted()
        attack = self.attack(at_once=8)
        attack.fast = False
        attacked = attack(victim, faces, seed=0)
        assert int(attacked.queries.sum()) == Counted.shown
        assert int(attacked.steps.sum()) == Counted.sloped

    def test_it_gets_smaller_when_memory_is_short(self, caplog):
        class Small(nn.Module):
            def __init__(self):
                super().__init__()
                self.network = trained()
                self.eval()

            def forward(self, images):
                if len(images) > 6 and torch.is_grad_enabled():
                    raise torch.OutOfMemoryError("no more")
                return self.network(images)

        faces = known_faces(30)
        attack = self.attack(at_once=30)
        reference = robust(trained(), faces, attack(trained(), faces, seed=0))
        attack.fast = False
        found = robust(trained(), faces, attack(Small(), faces, seed=0))
        assert (found != reference).float().mean() <= SAME_ENOUGH
        assert "Out of memory with 30 pictures at once; going on with 15." in caplog.text

    def test_a_picture_that_stopped_fools_the_victim_as_it_is_and_in_eight_bits(self):
        faces, victim = known_faces(60), trained()
        attacked = self.attack()(victim, faces, seed=0)
        stopped = attacked.steps < 30
        rounded = attacked.images.mul(255).round().div(255)
        assert 5 < stopped.sum() < 55
        assert not robust(victim, faces, attacked)[stopped].any()
        assert (victim(rounded).argmax(1) != faces.identities)[stopped].all()


def places(count: int, start: int) -> ActiveSet:
    return ActiveSet(
        torch.arange(start, start + count),
        torch.arange(count),
        list(range(start, start + count)),
        torch.arange(start, start + count),
        torch.rand(count, 3, 4, 4),
        torch.rand(count, 1, 4, 4),
        Linf(8).scaled(torch.rand(count)),
        Criterion(torch.arange(count), torch.arange(count) + 1),
        torch.rand(count, 3, 4, 4),
        Draws(0, torch.arange(start, start + count)),
        {"step": torch.rand(count)},
    )


def test_places_that_join_and_leave_keep_all_that_is_theirs():
    first, second = places(2, 0), places(3, 20)
    whole = first.joined(second)
    assert len(whole) == 5
    assert whole.step.tolist() == [0, 1, 20, 21, 22]
    part = whole.select([4, 0])
    for at, (own, place) in enumerate([(second, 2), (first, 0)]):
        for name in ("rows", "restart", "images", "region", "current"):
            assert torch.equal(getattr(part, name)[at], getattr(own, name)[place])
        assert part.taken[at] == own.taken[place]
        assert part.criterion.targets[at] == own.criterion.targets[place]
        assert part.draws.pictures[at] == own.draws.pictures[place]
        assert torch.equal(part.budget.part[at], own.budget.part[place])
        assert part.memory["step"][at] == own.memory["step"][place]
