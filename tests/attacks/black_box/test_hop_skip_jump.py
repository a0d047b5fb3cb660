"""HopSkipJump: the distance to a known boundary, rules kept, decisions only."""

import pytest
import torch
from torch import nn

from facetrial.api import attack
from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.hop_skip_jump import HopSkipJump, coarse
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion, Impersonation
from facetrial.attacks.referee import referee
from facetrial.core.errors import FacetrialError
from facetrial.regions.regions import Discs, Everywhere, Scattered
from tests.helpers.faces import some_faces
from tests.helpers.trained import SIZE, known_pictures, trained_victim

REGIONS = {"everywhere": Everywhere(), "nose": Discs("nose", 0.4), "soft": Scattered(Discs(softness=0.5))}
FEW = {"queries": 300, "probes": 30}


class TwoSides(nn.Module):
    """A plane between two people, at a known distance from grey pictures (B, 3, 6, 6)."""

    def __init__(self, distance: float, norm: str) -> None:
        super().__init__()
        self.weight = torch.randn(3 * 6 * 6, generator=torch.Generator().manual_seed(0))
        dual = self.weight.norm() if norm == "l2" else self.weight.abs().sum()
        self.bias = -distance * dual - 0.5 * self.weight.sum()

    def forward(self, images):
        side = images.flatten(1) @ self.weight + self.bias
        return torch.stack([-side, side], dim=1)


@pytest.mark.parametrize(
    ("budget", "unit"),
    [(L2(1.0), 1.0), (RMS(0.1), (3 * 36) ** -0.5), (Linf(20), 1.0)],
    ids=["l2", "rms", "linf"],
)
def test_the_smallest_change_to_cross_a_plane_is_its_distance(budget, unit):
    norm = "linf" if budget.norm == "linf" else "l2"
    distance = {"l2": 0.5, "linf": 0.05}[norm]
    images, identities = torch.full((4, 3, 6, 6), 0.5), torch.zeros(4, dtype=torch.int64)
    made = Attack(Everywhere(), budget, HopSkipJump(queries=6000, starts=200))
    _, rows = attack(TwoSides(distance, norm).eval(), images, identities, made)
    assert (rows["smallest"] >= distance * unit * 0.999).all()
    assert (rows["smallest"] <= distance * unit * 1.1).all()
    assert not rows["correct_attacked"].any()
    assert not rows["correct_8bit"].any()
    found = rows["linf"] if norm == "linf" else rows["l2"] * unit
    assert abs(found - rows["smallest"]).max() < 1e-5


def test_a_change_beyond_the_budget_is_reported_but_not_returned():
    images, identities = torch.full((2, 3, 6, 6), 0.5), torch.zeros(2, dtype=torch.int64)
    made = Attack(Everywhere(), L2(0.3), HopSkipJump(queries=2000, starts=200))
    attacked, rows = attack(TwoSides(0.5, "l2").eval(), images, identities, made)
    assert torch.equal(attacked, images)
    assert (rows["smallest"] > 0.3).all()
    assert (rows["smallest"] < 0.6).all()


@pytest.mark.parametrize("goal", [None, Impersonation("nearest")], ids=["dodging", "impersonation"])
@pytest.mark.parametrize("budget", [Linf(100), L2(4.0), RMS(0.15)], ids=lambda budget: budget.norm)
@pytest.mark.parametrize("region", REGIONS)
def test_it_keeps_the_rules(region, budget, goal):
    faces, victim = some_faces(5, size=SIZE), trained_victim()
    result = Attack(REGIONS[region], budget, HopSkipJump(**FEW), goal)(victim, faces, seed=0)
    referee(faces.images, result.images, result.region, budget.norm, budget.limit, list("abcde"))
    assert (result.queries <= FEW["queries"]).all()
    assert (result.steps == 0).all()
    adversarial = Criterion(faces.identities, result.targets).is_adversarial(victim(result.images))
    within = result.smallest <= budget.limit
    assert torch.equal(adversarial, within)


def test_it_asks_for_decisions_only():
    class Decided(nn.Module):
        """The winner alone."""

        def forward(self, images):
            scores = trained_victim()(images)
            return nn.functional.one_hot(scores.argmax(1), scores.shape[1]).float()

    images, identities = known_pictures(8, seed=7)
    made = Attack(Everywhere(), L2(3.0), HopSkipJump(600), fast=False)
    shown, rows = attack(trained_victim(), images, identities, made)
    decided, rows_of_decisions = attack(Decided().eval(), images, identities, made)
    assert torch.equal(shown, decided)
    assert (rows["smallest"] == rows_of_decisions["smallest"]).all()


def test_more_queries_find_smaller_changes():
    images, identities = known_pictures(12, seed=7)
    medians = []
    for queries in (200, 600, 2000):
        made = Attack(Everywhere(), L2(3.0), HopSkipJump(queries))
        medians.append(attack(trained_victim(), images, identities, made)[1]["smallest"].median())
    assert medians[0] > 1.1 * medians[1] > 1.2 * medians[2]


@pytest.mark.parametrize("fast", [True, False])
def test_a_picture_fares_the_same_in_any_batch(fast):
    images, identities = known_pictures(12, seed=7)
    made = Attack(Everywhere(), L2(3.0), HopSkipJump(500), fast=fast)
    _, rows = attack(trained_victim(), images, identities, made)
    _, rows_of_parts = attack(trained_victim(), images, identities, made, batch_size=5)
    # A decision at the boundary may turn on rounding, and with it the way from there.
    assert ((rows["smallest"] / rows_of_parts["smallest"] - 1).abs() < 0.1).mean() >= 0.75
    assert (rows["correct_attacked"] == rows_of_parts["correct_attacked"]).mean() >= 0.9


def test_queries_are_what_the_victim_was_shown():
    victim, shown, faces = trained_victim(), 0, some_faces(6, size=SIZE)
    faces.images, faces.identities = known_pictures(6, seed=7)

    def count(module, arguments):
        nonlocal shown
        shown += len(arguments[0])

    handle = victim.register_forward_pre_hook(count)
    result = Attack(Everywhere(), L2(3.0), HopSkipJump(400), fast=False)(victim, faces, seed=0)
    handle.remove()
    assert int(result.queries.sum()) == shown
    assert (result.queries <= 400).all()
    assert (result.queries > 200).all()


def test_a_picture_that_is_wrong_already_needs_no_change():
    images, identities = known_pictures(4, seed=7)
    made = Attack(Everywhere(), L2(3.0), HopSkipJump(**FEW))
    attacked, rows = attack(trained_victim(), images, (identities + 1) % 5, made)
    assert torch.equal(attacked, images)
    assert (rows["smallest"] == 0).all()
    assert (rows["queries"] == 1).all()


def test_a_picture_for_which_no_noise_meets_the_goal_is_given_up():
    class Sure(nn.Module):
        def forward(self, images):
            return torch.tensor([1.0, 0.0]).expand(len(images), 2)

    images = torch.full((3, 3, 6, 6), 0.5)
    made = Attack(Everywhere(), L2(1.0), HopSkipJump(starts=7, queries=300))
    attacked, rows = attack(Sure().eval(), images, torch.zeros(3, dtype=torch.int64), made)
    assert torch.equal(attacked, images)
    assert torch.isinf(torch.tensor(rows["smallest"].to_numpy())).all()
    assert (rows["queries"] == 1 + 7).all()


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_it_finds_no_larger_changes_than_foolbox(norm):
    """Foolbox' HopSkipJump, whose queries are counted; ours may ask no more."""
    foolbox = pytest.importorskip("foolbox")
    images, identities = known_pictures(40, seed=8)
    victim, asked = trained_victim(), 0

    def count(module, arguments):
        nonlocal asked
        asked += len(arguments[0])

    start = foolbox.attacks.LinearSearchBlendedUniformNoiseAttack(steps=20)
    peer = foolbox.attacks.HopSkipJumpAttack(steps=8, constraint=norm, init_attack=start)
    handle = victim.register_forward_pre_hook(count)
    model = foolbox.PyTorchModel(victim, bounds=(0, 1), device="cpu")
    _, theirs, _ = peer(model, images, identities, epsilons=None)
    handle.remove()
    change = (theirs - images).flatten(1)
    sizes = change.norm(dim=1) if norm == "l2" else change.abs().amax(1)
    made = Attack(Everywhere(), L2(3.0) if norm == "l2" else Linf(20), HopSkipJump(asked // 40))
    _, rows = attack(victim, images, identities, made)
    assert rows["smallest"].median() <= 1.02 * sizes.median().item()
    assert rows["smallest"].mean() <= 1.02 * sizes.mean().item()


def test_coarse_noise_is_made_of_squares():
    noise = torch.rand(2, 3, 10, 10)
    assert torch.equal(coarse(noise, 1), noise)
    squares = coarse(noise, 4)
    assert squares.shape == noise.shape
    assert (squares[..., 4:8, 4:8] == noise[..., 4:5, 4:5]).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"queries": 60}, "attack.method.queries must be a whole number from 61 on, found 60"),
        ({"starts": 0}, "attack.method.starts must be a whole number from 1 on"),
        ({"probes": 1}, "attack.method.probes must be a whole number from 2 on"),
        ({"probe": 0.0}, r"attack.method.probe must lie in \(0, 1\) \(of the distance\), found 0.0"),
        ({"at_once": 0}, "attack.method.at_once must be a whole number from 1 on"),
    ],
)
def test_what_it_cannot_be(settings, message):
    with pytest.raises(FacetrialError, match=message):
        HopSkipJump(**settings)


@pytest.mark.parametrize(
    ("budget", "message"),
    [(L0(5), "hop_skip_jump needs attack/budget=l2, rms or linf"), (L2(1e4), "larger than any")],
)
def test_a_budget_that_it_has_no_use_for(budget, message):
    images, identities = known_pictures(2, seed=7)
    with pytest.raises(FacetrialError, match=message):
        attack(trained_victim(), images, identities, Attack(Everywhere(), budget, HopSkipJump()))
