"""The Square attack: rules kept, queries counted, and as strong as the published one."""

from dataclasses import replace

import pytest
import torch

from facetrial.api import attack
from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion, Impersonation
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, Margin
from facetrial.attacks.referee import referee
from facetrial.core.errors import FacetrialError
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.recognition import fast_copy as fast
from facetrial.regions.regions import Discs, Everywhere, Scattered
from tests.helpers.faces import some_faces
from tests.helpers.trained import SIZE, known_pictures, trained_victim

REGIONS = {"everywhere": Everywhere(), "nose": Discs("nose", 0.4), "soft": Scattered(Discs(softness=0.5))}
BUDGETS = [Linf(20), L2(1.0), RMS(0.05)]


@pytest.mark.parametrize("goal", [None, Impersonation("nearest")], ids=["dodging", "impersonation"])
@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: budget.norm)
@pytest.mark.parametrize("region", REGIONS)
def test_it_keeps_the_rules_and_comes_nearer_its_goal(region, budget, goal):
    faces = some_faces(6, size=SIZE)
    victim, queries = trained_victim(), 40
    made = Attack(REGIONS[region], budget, Square(Margin(), queries), goal)
    result = made(victim, faces, seed=0)
    assert result.attackable.all()
    referee(faces.images, result.images, result.region, budget.norm, budget.limit, list("abcdef"))
    assert (result.queries <= queries).all()
    assert (result.steps == 0).all()
    assert (result.gradient == 0).all()
    criterion = Criterion(faces.identities, result.targets)
    before, after = (
        criterion.adversarial_margin(victim(faces.images)),
        criterion.adversarial_margin(victim(result.images)),
    )
    assert (after[before <= 0] > before[before <= 0]).any()
    assert (after >= before - 1e-5).all()


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: budget.norm)
@pytest.mark.parametrize("by_copy", [True, False])
def test_a_picture_is_attacked_the_same_in_any_batch(budget, by_copy):
    images, identities = known_pictures(24, seed=4)
    budget = Linf(16) if budget.norm == "linf" else L2(2.5)
    made = Attack(Everywhere(), budget, Square(Margin(), 60, 0.8), fast=by_copy)
    whole, rows = attack(trained_victim(), images, identities, made)
    parts, rows_of_parts = attack(trained_victim(), images, identities, made, batch_size=5)
    assert 0 < rows["correct_attacked"].sum() < 24
    assert (rows["correct_attacked"] == rows_of_parts["correct_attacked"]).all()
    same = (whole - parts).abs().amax((1, 2, 3)) < 1e-6
    assert same.float().mean() > 0.9


def test_queries_are_what_the_victim_was_shown():
    images, identities = known_pictures(10, seed=4)
    victim, shown = trained_victim(), 0

    def count(module, arguments):
        nonlocal shown
        shown += len(arguments[0])

    made = Attack(Everywhere(), Linf(16), Square(Margin(), 50, 0.8), fast=False)
    faces = some_faces(10, size=SIZE).with_images(images)
    faces.identities = identities
    handle = victim.register_forward_pre_hook(count)
    result = made(victim, faces, seed=0)
    handle.remove()
    assert int(result.queries.sum()) == shown
    assert result.queries.max() <= 50
    assert result.queries.min() < 40  # those that are fooled early stop


def test_a_picture_that_is_wrong_already_is_left_as_it_is():
    images, identities = known_pictures(5, seed=4)
    attacked, rows = attack(
        trained_victim(), images, (identities + 1) % 5, Attack(Everywhere(), Linf(8), Square(Margin(), 50))
    )
    assert torch.equal(attacked, images)
    assert (rows["queries"] == 3).all()


def test_the_schedule_is_the_papers():
    method = Square(Margin(), queries=10_000, p_init=0.8)
    shares = [method.share(step) for step in (0, 10, 11, 51, 201, 501, 1001, 2001, 4001, 6001, 8001, 9999)]
    assert shares == [0.8 / 2**halvings for halvings in (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9)]
    assert Square(Margin(), queries=100, p_init=0.8).share(1) == 0.2  # as the 100th of 10,000


def test_it_needs_no_gradient():
    class Rounded(torch.nn.Module):
        """Scores in steps of a thousandth: their slope is zero."""

        def forward(self, images):
            return trained_victim()(images).mul(1000).round().div(1000)

    images, identities = known_pictures(20, seed=4)
    made = Attack(Everywhere(), Linf(24), Square(CrossEntropy(), 60, 0.8))
    _, rows = attack(Rounded().eval(), images, identities, made)
    assert rows["correct_clean"].all()
    assert rows["correct_attacked"].mean() < 0.5
    assert (rows["gradient"] == "not_asked").all()


def test_pictures_are_compared_in_float32_where_slopes_may_be_in_bfloat16(monkeypatch):
    monkeypatch.setattr(fast, "low_is_faster", lambda device: True)
    images, identities = known_pictures(2, seed=4)
    for method, low in ((Square(Margin(), 5), False), (PGD(Margin(), 1, 1.0), True)):
        made = Attack(Everywhere(), Linf(1), method)
        attack(trained_victim(), images, identities, made)
        assert made._copies._copy.low is low


@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_it_leaves_no_more_than_the_published_attack(norm):
    """auto-attack's Square, with the same queries, shares and victim."""
    published = pytest.importorskip("autoattack.square").SquareAttack
    images, identities = known_pictures(200, seed=5)
    victim, queries = trained_victim(), 400
    eps = {"Linf": 10 / 255, "L2": 2.0}[norm]
    budget = Linf(10) if norm == "Linf" else L2(2.0)
    peer = published(victim, norm=norm, n_queries=queries, eps=eps, p_init=0.8, device="cpu", seed=0)
    theirs = (victim(peer.perturb(images, identities)).argmax(1) == identities).float().mean().item()
    made = Attack(Everywhere(), budget, Square(Margin(), queries, 0.8))
    _, rows = attack(victim, images, identities, made, batch_size=200)
    assert 0.2 <= theirs <= 0.8
    assert rows["correct_attacked"].mean() <= theirs + 0.01


def test_before_a_victim_that_draws_one_lucky_draw_stops_nobody():
    images, identities = known_pictures(6, seed=4)
    faces = replace(some_faces(6, size=SIZE), images=images, identities=identities)
    made = Attack(Everywhere(), Linf(60), Square(Margin(), 40))
    certain = made(trained_victim(), faces, seed=0)
    assert (certain.queries < 30).all()
    drawing = RandomResizePad(0.9, 0, samples=2).wrap_victim(trained_victim()).eval()
    assert (made(drawing, faces, seed=0).queries >= 2 * 38).all()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Square(Margin(), 2), "attack.method.queries must be a whole number from 3 on, found 2"),
        (
            lambda: Square(Margin(), 10, p_init=0.0),
            r"attack.method.p_init must lie in \(0, 1\] \(of the region\)",
        ),
        (lambda: Square(Margin(), 10, p_init=1.1), "attack.method.p_init"),
        (lambda: Square(Margin(), 10, at_once=0), "attack.method.at_once must be a whole number"),
    ],
)
def test_what_it_cannot_be(made, message):
    with pytest.raises(FacetrialError, match=message):
        made()


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (L0(5), "attack/method=square needs attack/budget=linf, l2 or rms; a budget of norm l0"),
        (L1(5.0), "a budget of norm l1 has no squares"),
        (L2(1e4), "l2 budget 10000 is larger than any change"),
    ],
)
def test_a_budget_that_it_has_no_use_for(budget, message):
    images, identities = known_pictures(2, seed=4)
    with pytest.raises(FacetrialError, match=message):
        attack(trained_victim(), images, identities, Attack(Everywhere(), budget, Square(Margin(), 10)))
