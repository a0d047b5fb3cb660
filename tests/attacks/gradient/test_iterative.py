"""Iterative attacks: region and budget, closed forms, independence of the batch, and what is said of the slope."""

import copy

import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion, Dodging, Impersonation
from facetrial.attacks.gradient.apgd import APGD, TargetedAPGD
from facetrial.attacks.gradient.iterative import IterativeAttack
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, DifferenceOfLogitsRatio, Margin
from facetrial.attacks.referee import referee
from facetrial.attacks.result import Gradient
from facetrial.attacks.sequence import OneAfterAnother
from facetrial.attacks.surrogate import Surrogate
from facetrial.core.errors import FacetrialError
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.recognition.layers import adaptive_view
from facetrial.regions.regions import Discs, Everywhere
from tests.helpers.victims import SAME_ENOUGH, Linear, known_faces, robust, trained

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
    budget = Linf(0.2)  # so small that it fools nobody
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


@pytest.mark.parametrize("eps", [4.0, 20.0])
@pytest.mark.parametrize(
    "method",
    [PGD(Margin(), 40, 0.5, decay=True, early_stop=False), APGD(Margin(), 40, early_stop=False)],
    ids=["pgd", "apgd"],
)
def test_in_l1_as_few_values_change_as_size_and_slope_ask_for(method, eps):
    # The best takes the steepest values to the range's ends, one after another, until the sum is spent.
    faces, victim = known_faces(8), Linear(people=2)
    faces.identities = victim(faces.images).argmax(1)
    found = Attack(Everywhere(), L1(eps), method)(victim, faces, seed=0).images - faces.images
    direction = victim.weight[1 - faces.identities] - victim.weight[faces.identities]
    order = direction.abs().argsort(dim=1, descending=True)
    room = torch.where(direction > 0, 1 - faces.images.flatten(1), faces.images.flatten(1)).gather(1, order)
    spent = (eps - (room.cumsum(1) - room)).clamp(min=0).minimum(room)
    most = (spent * direction.abs().gather(1, order)).sum(1)
    assert ((found.flatten(1) * direction).sum(1) >= 0.95 * most).all()


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


@pytest.mark.parametrize("draws", [False, True])
def test_before_a_victim_that_draws_where_a_start_ends_counts_and_no_luck_on_the_way(draws):
    faces, victim, ends = known_faces(24), trained(hardened=True), []
    drawing = RandomResizePad(0.8, 0, 2).wrap_victim(victim).eval()

    class Noted(PGD):
        def update(self, active, problem, found):
            super().update(active, problem, found)
            ends.append(active.current)

    attack = Attack(Everywhere(), Linf(15), Noted(Margin(), 10, 0.5, early_stop=False), fast=False)
    attacked = attack(drawing if draws else victim, faces, seed=0)
    margin = Criterion(faces.identities).adversarial_margin
    if not draws:
        assert (margin(victim(attacked.images)) >= margin(victim(ends[-1]))).all()
        return
    assert torch.equal(attacked.images, ends[-1])
    others = adaptive_view(RandomResizePad(0.8, 1, 20).wrap_victim(victim).eval())
    assert margin(others(attacked.images)).mean() > margin(others(ends[-6])).mean()


class TestBeforeADefence:
    """The first start is where the recogniser behind the defences is farthest from the goal."""

    VICTIM = BitDepth(2).wrap_victim(trained()).eval()

    @pytest.mark.parametrize("method", ["pgd", "apgd"])
    def test_the_start_is_what_is_found_as_if_there_were_none(self, method):
        faces, starts = known_faces(12), []
        kept = copy.copy(METHODS[method])

        class Noted(type(kept)):
            def update(self, active, problem, found):
                if active.taken[0] == 0 and problem.undefended is not None:
                    starts.append(active.current.clone())
                super().update(active, problem, found)

        kept.__class__ = Noted
        Attack(Everywhere(), Linf(6), kept, fast=False)(self.VICTIM, faces, seed=0)
        margin = Criterion(faces.identities).adversarial_margin
        alone = copy.copy(METHODS[method])
        alone.early_stop = False
        naive = Attack(Everywhere(), Linf(6), alone, fast=False, adaptive=False)(self.VICTIM, faces, seed=0)
        torch.testing.assert_close(margin(trained()(starts[0])), margin(trained()(naive.images)))
        assert (margin(trained()(starts[0])) > margin(trained()(faces.images))).all()

    def test_it_leaves_fewer(self):
        faces, victim = known_faces(60), BitDepth(3).wrap_victim(trained()).eval()
        warm = PGD(Margin(), 4, 0.25)
        cold = copy.copy(warm)
        cold._before_no_defense = lambda undefended: None
        left = [
            robust(victim, faces, Attack(Everywhere(), Linf(17), method)(victim, faces, seed=0)).sum()
            for method in (warm, cold)
        ]
        assert left[0] < 30 < 50 < left[1]

    def test_pgd_then_goes_for_the_nearest_others_one_after_another(self):
        faces, aimed, starts, naive = known_faces(12), [], [], PGD(Margin(), 3, 0.25, targets=2)

        class Noted(PGD):
            def update(self, active, problem, found):
                if "target" in active.memory and active.taken[0] == 0:
                    aimed.append(
                        (active.rows.tolist(), active.restart.tolist(), self.criterion(active).targets)
                    )
                    starts.append(active.current.clone())
                super().update(active, problem, found)

        method = Noted(Margin(), 3, 0.25, targets=2, early_stop=False)
        attacked = Attack(Everywhere(), Linf(1), method, fast=False)(self.VICTIM, faces, seed=0)
        others = (
            self.VICTIM(faces.images)
            .scatter(1, faces.identities[:, None], -torch.inf)
            .argsort(1, descending=True)
        )
        found = {
            (row, place): target
            for rows, places, targets in aimed
            for row, place, target in zip(rows, places, targets.tolist(), strict=True)
        }
        assert found == {(row, place): others[row, place].item() for row in range(12) for place in range(2)}
        first, second = (
            starts[0][[i for i, p in enumerate(aimed[0][1]) if p == place]] for place in range(2)
        )
        assert torch.equal(first, second)  # each begins where the recogniser is farthest from the truth
        assert attacked.steps.tolist() == [(1 + 1 + 2) * 3] * 12
        # With no defence, or for impersonation, nobody is gone for but the goal.
        alone = Attack(Everywhere(), Linf(1), naive)(trained(), faces, seed=0)
        assert alone.steps.max() == 3
        wanted = Attack(Everywhere(), Linf(1), naive, goal=Impersonation("nearest"))(
            self.VICTIM, faces, seed=0
        )
        assert wanted.steps.max() == 6

    def test_its_passes_are_counted_at_what_they_cost(self):
        faces, victim = known_faces(5), RandomResizePad(0.8, 0, 4).wrap_victim(trained()).eval()
        attacked = Attack(Everywhere(), Linf(6), PGD(Margin(), 7, 0.25))(victim, faces, seed=0)
        assert attacked.steps.tolist() == [7 + 4 * 7] * 5
        naive = Attack(Everywhere(), Linf(0.1), PGD(Margin(), 7, 0.25), adaptive=False)
        assert naive(victim, faces, seed=0).steps.tolist() == [7] * 5

    def test_who_knows_no_defence_or_asks_a_surrogate_starts_as_ever(self):
        faces, seen = known_faces(4), []

        class Noted(PGD):
            def initialise(self, active, problem):
                seen.append(problem.undefended)
                super().initialise(active, problem)

        method = Noted(Margin(), 2, 0.5)
        Attack(Everywhere(), Linf(6), method)(trained(), faces, seed=0)
        Attack(Everywhere(), Linf(6), method, adaptive=False)(self.VICTIM, faces, seed=0)
        Attack(Everywhere(), Linf(6), method, surrogate=Surrogate(trained()))(self.VICTIM, faces, seed=0)
        assert seen == [None] * 3


class TestMistakes:
    @pytest.mark.parametrize("key", ["steps", "restarts", "at_once"])
    @pytest.mark.parametrize("value", [0, -3, 1.5])
    def test_counts(self, key, value):
        settings = {"steps": 2, "step": 0.5, key: value}
        with pytest.raises(FacetrialError, match=rf"attack\.method\.{key} must be a whole number"):
            PGD(Margin(), **settings)

    def test_a_victim_in_train_mode(self):
        victim = Linear().train()
        with pytest.raises(FacetrialError, match=r"train mode.*eval\(\)"):
            Attack(Everywhere(), Linf(8), METHODS["pgd"])(victim, known_faces(2), seed=0)

    def test_no_victim(self):
        with pytest.raises(FacetrialError, match="PGD needs a victim"):
            Attack(Everywhere(), Linf(8), METHODS["pgd"])(None, known_faces(2), seed=0)

    def test_an_iterative_attack_is_a_base(self):
        with pytest.raises(TypeError, match="abstract"):
            IterativeAttack(Margin(), 1)
