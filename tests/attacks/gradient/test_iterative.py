"""Walking methods: closed forms, the working set, and what a picture's row is told."""

import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion, Dodging, Impersonation
from facetrial.attacks.gradient.apgd import APGD, TargetedAPGD, checkpoints
from facetrial.attacks.gradient.iterative import IterativeAttack
from facetrial.attacks.gradient.pgd import PGD, smoothed
from facetrial.attacks.losses import CrossEntropy, DifferenceOfLogitsRatio, Margin
from facetrial.attacks.problem import Gradient
from facetrial.attacks.referee import referee
from facetrial.attacks.sequence import OneAfterAnother
from facetrial.core.errors import FacetrialError
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.faces.frames import shrunk
from facetrial.regions.regions import Discs, Everywhere
from tests.helpers.victims import Linear, known_faces, trained

METHODS = {
    "fgsm": PGD(Margin(), 1, 1.0, random_start=False),
    "pgd": PGD(Margin(), 10, 0.25),
    "momentum": PGD(Margin(), 10, 0.2, momentum=0.9),
    "diverse": PGD(CrossEntropy(), 10, 0.2, di_prob=0.7),
    "smoothed": PGD(Margin(), 10, 0.2, ti_kernel=5),
    "apgd": APGD(CrossEntropy(), 12),
    "targeted_apgd": TargetedAPGD(DifferenceOfLogitsRatio(), 8, targets=3),
    "auto": OneAfterAnother({"one": APGD(CrossEntropy(), 5), "two": PGD(Margin(), 5, 0.25, restarts=2)}),
}
BUDGETS = {"linf": Linf(12), "l2": L2(1.2), "rms": RMS(0.04), "l1": L1(12.0)}
# What is different about two runs is the rounding of convolutions, which a walk may amplify.
SAME_ENOUGH = 0.02


def robust(victim, faces, attacked) -> torch.Tensor:
    return victim(attacked.images).argmax(1) == faces.identities


@pytest.mark.parametrize("goal", [Dodging(), Impersonation("nearest")], ids=lambda goal: goal.name)
@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_to_region_and_budget_and_gets_nearer(method, budget, goal):
    faces, victim = known_faces(12), trained()
    attack = Attack(Discs(radius=0.5, softness=0.5), BUDGETS[budget], METHODS[method], goal)
    attacked = attack(victim, faces, seed=0)
    norm, limit = attack.budget.norm, attack.budget.limit
    referee(faces.images, attacked.images, attacked.region, norm, limit, [str(i) for i in range(12)])
    criterion = Criterion(faces.identities, attacked.targets)
    before, after = (
        criterion.adversarial_margin(victim(faces.images)),
        criterion.adversarial_margin(victim(attacked.images)),
    )
    # FGSM's one step may overshoot, but the clean picture is then what is kept.
    assert (after >= before - 1e-5).all()
    assert after.mean() > before.mean() + 0.1


@pytest.mark.parametrize("method", ["fgsm", "pgd", "apgd", "targeted_apgd"])
def test_the_best_change_against_a_linear_victim_is_found(method):
    # With two people the slope is the same everywhere: the best is eps along its sign, cut at the range's ends.
    faces, victim = known_faces(8), Linear(people=2)
    faces.identities = victim(faces.images).argmax(1)
    budget = Linf(0.2)  # so small that none falls
    attacked = Attack(Everywhere(), budget, METHODS[method])(victim, faces, seed=0)
    direction = (victim.weight[1 - faces.identities] - victim.weight[faces.identities]).unflatten(
        1, (3, 16, 16)
    )
    best = (faces.images + budget.limit * direction.sign()).clamp(0, 1)
    assert robust(victim, faces, attacked).any()
    criterion = Criterion(faces.identities)
    expected, found = (
        criterion.adversarial_margin(victim(best)),
        criterion.adversarial_margin(victim(attacked.images)),
    )
    left = criterion.adversarial_margin(victim(faces.images)) - expected
    assert ((expected - found) <= 0.01 * left.abs()).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("batch_size", [1, 7])
def test_verdicts_do_not_depend_on_the_batch(method, batch_size):
    faces, victim = known_faces(60), trained()
    attack = Attack(Everywhere(), Linf(14), METHODS[method])
    whole = robust(victim, faces, attack(victim, faces, seed=0))
    parts = []
    for rows in torch.arange(60).split(batch_size):
        part = faces.select(rows)
        parts.append(robust(victim, part, attack(victim, part, seed=0)))
    assert (torch.cat(parts) != whole).float().mean() <= SAME_ENOUGH


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

    def test_who_leaves_loses_nothing(self):
        faces, victim = known_faces(60), trained()
        leaving, staying = (
            self.attack(early_stop=early_stop)(victim, faces, seed=0) for early_stop in (True, False)
        )
        assert (
            robust(victim, faces, leaving) != robust(victim, faces, staying)
        ).float().mean() <= SAME_ENOUGH
        assert (staying.steps == 30).all()
        assert leaving.steps.float().mean() < 25
        assert (leaving.steps[robust(victim, faces, leaving)] == 30).all()

    def test_counts_are_what_the_victim_was_shown(self):
        class Counted(nn.Module):
            shown, sloped = 0, 0

            def __init__(self):
                super().__init__()
                self.network = trained()
                self.eval()

            def forward(self, images):
                Counted.augment += len(images)
                Counted.sloped += len(images) * torch.is_grad_enabled()
                return self.network(images)

        faces, victim = known_faces(30), Counted()
        attack = self.attack(at_once=8)
        attack.fast = False
        attacked = attack(victim, faces, seed=0)
        assert int(attacked.queries.sum()) == Counted.augment
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

    def test_a_picture_that_left_fools_the_victim_as_it_is_and_in_eight_bits(self):
        faces, victim = known_faces(60), trained()
        attacked = self.attack()(victim, faces, seed=0)
        left = attacked.steps < 30
        rounded = attacked.images.mul(255).round().div(255)
        assert 5 < left.sum() < 55
        assert not robust(victim, faces, attacked)[left].any()
        assert (victim(rounded).argmax(1) != faces.identities)[left].all()


class Flat(nn.Module):
    """Scores without slope for the first picture of all, and of no number for the second."""

    def __init__(self):
        super().__init__()
        self.network = trained()
        self.eval()

    def forward(self, images):
        told = {0.0: lambda scores: scores.detach().round(), 1.0: lambda scores: scores * torch.nan}
        rows = zip(images[:, 0, 0, 0].tolist(), self.network(images), strict=True)
        return torch.stack([told.get(corner, lambda scores: scores)(scores) for corner, scores in rows])


@pytest.mark.parametrize("method", ["pgd", "apgd", "auto"])
def test_a_slope_that_is_zero_or_no_number_is_said(method):
    faces = known_faces(3)
    faces.images[0, :, 0, 0], faces.images[1, :, 0, 0], faces.images[2, :, 0, 0] = 0.0, 1.0, 0.5
    region = Everywhere()

    class AllButTheCorner(Everywhere):
        def __call__(self, *arguments):
            mask = region(*arguments)
            mask[..., 0, 0] = 0
            return mask

    attack = Attack(AllButTheCorner(), Linf(8), METHODS[method], fast=False)
    attacked = attack(Flat(), faces, seed=0)
    assert attacked.gradient.tolist() == [Gradient.ZERO, Gradient.NOT_FINITE, Gradient.FINE]
    assert attacked.images.isfinite().all()


def test_restarts_and_seeds_start_elsewhere():
    faces, victim = known_faces(4), Linear()
    faces.identities = victim(faces.images).argmax(1)
    starts = []

    class Starts(PGD):
        def initialise(self, active, problem):
            super().initialise(active, problem)
            starts.extend(zip(active.restart.tolist(), active.rows.tolist(), active.current, strict=True))

    for seed in (0, 1):
        Attack(Everywhere(), Linf(0.5), Starts(Margin(), 2, 0.5, restarts=3))(victim, faces, seed=seed)
    assert len(starts) == 24
    for first in range(24):
        for second in range(first):
            assert not torch.equal(starts[first][2], starts[second][2])


class TestAPGD:
    def test_checkpoints_are_the_papers(self):
        assert checkpoints(100) == [22, 41, 57, 70, 80, 87, 93, 99]

    def test_the_step_is_halved_where_the_loss_stops_rising(self):
        lengths = []

        class Watched(APGD):
            def update(self, active, found):
                super().update(active, found)
                lengths.append(active.memory["step"].clone())

        faces, victim = known_faces(8), trained()
        Attack(Everywhere(), Linf(6), Watched(CrossEntropy(), 50, early_stop=False))(victim, faces, seed=0)
        lengths = torch.stack(lengths)
        assert (lengths[0] == 2).all()
        assert (lengths[-1] < 1).all()
        changes = (lengths[1:] != lengths[:-1]).any(1).nonzero()[:, 0] + 1
        assert set(changes.tolist()) <= set(checkpoints(50))
        assert (lengths[1:] / lengths[:-1]).unique().tolist() == [0.5, 1.0]

    def test_targets_are_the_nearest_others(self):
        wanted = []

        class Watched(TargetedAPGD):
            def initialise(self, active, problem):
                super().initialise(active, problem)
                wanted.append(active.memory["target"].clone())

        faces, victim = known_faces(12), trained()
        method = Watched(DifferenceOfLogitsRatio(), 1, targets=3, at_once=12, early_stop=False)
        Attack(Everywhere(), Linf(0.1), method)(victim, faces, seed=0)
        others = victim(faces.images).scatter(1, faces.identities[:, None], -torch.inf).topk(3, dim=1).indices
        assert torch.equal(torch.stack(wanted, dim=1), others)


class TestOneAfterAnother:
    def test_the_fallen_are_left_out_and_none_stands_that_one_of_them_felled(self):
        faces, victim = known_faces(60), trained()
        parts = {"one": APGD(CrossEntropy(), 6), "two": PGD(Margin(), 20, 0.1, restarts=2)}
        seen = []

        class Noted(PGD):
            def __call__(self, problem):
                seen.append(len(problem))
                return super().__call__(problem)

        alone = [Attack(Everywhere(), Linf(15), part)(victim, faces, seed=0) for part in parts.values()]
        fell = [~robust(victim, faces, attacked) for attacked in alone]
        rounded = alone[0].images.mul(255).round().div(255)
        fell[0] &= victim(rounded).argmax(1) != faces.identities
        parts["two"] = Noted(Margin(), 20, 0.1, restarts=2)
        both = Attack(Everywhere(), Linf(15), OneAfterAnother(parts))(victim, faces, seed=0)
        assert seen == [60 - int(fell[0].sum())]
        left = robust(victim, faces, both)
        assert (left & (fell[0] | fell[1])).float().mean() <= SAME_ENOUGH
        assert 0 < left.sum() < 60
        # Before a victim that draws, one lucky draw is no fall.
        drawing = RandomResizePad(0.8, 0, 2).wrap_victim(victim).eval()
        Attack(Everywhere(), Linf(15), OneAfterAnother(parts))(drawing, faces.select(torch.arange(8)), seed=0)
        assert seen[1:] == [8]


class TestLooks:
    """What a transfer attack shows the victim instead of the picture."""

    images = torch.rand(3, 3, 20, 20)

    def test_shrunk_at_one_is_the_picture(self):
        torch.testing.assert_close(shrunk(self.images, torch.ones(3), torch.zeros(3, 2)), self.images)

    def test_shrunk_by_half_lies_where_it_was_put(self):
        small = shrunk(
            self.images, torch.full((3,), 0.5), torch.tensor([[-1.0, -1.0], [1.0, 1.0], [0.0, 0.0]])
        )
        halves = nn.functional.avg_pool2d(self.images, 2)
        torch.testing.assert_close(small[0, :, :10, :10], halves[0])
        torch.testing.assert_close(small[1, :, 10:, 10:], halves[1])
        torch.testing.assert_close(small[2, :, 5:15, 5:15], halves[2])
        assert small[0, :, 10:].abs().max() == 0

    def test_smoothed_keeps_the_sum_and_spreads_a_point(self):
        point = torch.zeros(1, 3, 21, 21)
        point[..., 10, 10] = 1
        spread = smoothed(point, 7)
        torch.testing.assert_close(spread.sum((2, 3)), torch.ones(1, 3))
        assert spread.amax() < 0.3
        assert (spread[0, 0] > 0).sum() == 49


class TestMistakes:
    @pytest.mark.parametrize("key", ["steps", "restarts", "at_once"])
    @pytest.mark.parametrize("value", [0, -3, 1.5])
    def test_counts(self, key, value):
        settings = {"steps": 2, "step": 0.5, key: value}
        with pytest.raises(FacetrialError, match=rf"attack\.method\.{key} must be a whole number"):
            PGD(Margin(), **settings)

    @pytest.mark.parametrize(
        ("key", "value"),
        [("step", 0), ("momentum", -1), ("di_prob", 1.5), ("min_scale", 0), ("ti_kernel", 4)],
    )
    def test_settings(self, key, value):
        with pytest.raises(FacetrialError, match=rf"attack\.method\.{key}.*found {value}"):
            PGD(Margin(), **({"steps": 2, "step": 0.5} | {key: value}))

    def test_no_methods(self):
        with pytest.raises(FacetrialError, match=r"attack\.method\.methods is empty"):
            OneAfterAnother({})

    def test_no_target(self):
        with pytest.raises(FacetrialError, match=r"attack\.method\.targets"):
            TargetedAPGD(Margin(), 5, targets=0)

    def test_a_victim_in_train_mode(self):
        victim = Linear().train()
        with pytest.raises(FacetrialError, match=r"train mode.*eval\(\)"):
            Attack(Everywhere(), Linf(8), METHODS["pgd"])(victim, known_faces(2), seed=0)

    def test_no_victim(self):
        with pytest.raises(FacetrialError, match="PGD needs a victim"):
            Attack(Everywhere(), Linf(8), METHODS["pgd"])(None, known_faces(2), seed=0)

    def test_walk_is_a_base(self):
        with pytest.raises(TypeError, match="abstract"):
            IterativeAttack(Margin(), 1)
