"""Methods that look for the smallest change: closed forms on linear victims, then a small trained one."""

import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion, Dodging, Impersonation
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, Margin
from facetrial.attacks.minimum_norm.base import SmallestChange
from facetrial.attacks.minimum_norm.bisection import Bisection
from facetrial.attacks.minimum_norm.carlini_wagner import CarliniWagner
from facetrial.attacks.minimum_norm.ddn import DDN
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.attacks.result import Gradient
from facetrial.core.errors import FacetrialError
from facetrial.regions.regions import Everywhere
from tests.helpers.brightness import brightness_problem, with_brightness
from tests.helpers.smallest import BUDGETS, SIZE, Half, attacked, batch, least, linear, most

METHODS = {
    "fmn": (FMN(40), ("linf", "l2", "rms", "l1")),
    "ddn": (DDN(CrossEntropy(), 80, first=0.3, step=0.3), ("l2", "rms")),
    "cw": (CarliniWagner(3, 50), ("l2", "rms")),
    "bisection_of_apgd": (Bisection(APGD(Margin(), 10)), ("linf", "l2")),
    "bisection": (Bisection(PGD(Margin(), 10, 0.25)), ("linf", "l2", "rms", "l1")),
}
PAIRS = [(method, norm) for method, (_, norms) in METHODS.items() for norm in norms]


@pytest.mark.parametrize(("method", "norm"), PAIRS)
def test_linear_victims_are_fooled_by_their_margin_over_the_slopes_dual_norm(method, norm):
    victim, images, identities = linear(2, norm)
    found = attacked(victim, images, identities, BUDGETS[norm], METHODS[method][0])
    ratio = found.smallest / least(victim, images, identities, norm)
    assert (ratio >= 0.999).all()
    assert (ratio <= most(method, norm)).all()
    assert (victim(found.images).argmax(1) != identities).all()


@pytest.mark.parametrize(("method", "norm"), PAIRS)
def test_within_a_region_the_slope_there_counts(method, norm):
    victim, images, identities = linear(2, norm)
    found = attacked(victim, images, identities, BUDGETS[norm], METHODS[method][0], region=Half())
    mask = Half()(found.images, SIZE, SIZE, None)[0].expand(3, -1, -1)
    ratio = found.smallest / least(victim, images, identities, norm, mask)
    assert (ratio >= 0.999).all()
    assert (ratio <= most(method, norm)).all()


@pytest.mark.parametrize("method", METHODS)
def test_to_be_taken_for_a_chosen_other_takes_at_least_the_way_to_each_boundary(method):
    victim, images, identities = linear(4)
    found = attacked(victim, images, identities, L2(5.0), METHODS[method][0], Impersonation("least_likely"))
    assert torch.equal(victim(found.images).argmax(1), found.targets)
    scores, weight = victim(images), victim[1].weight
    gaps = scores - scores.gather(1, found.targets[:, None])
    ways = gaps / (weight[found.targets][:, None] - weight[None]).norm(dim=-1).clamp(min=1e-9)
    assert (found.smallest >= 0.999 * ways.amax(1)).all()
    assert (found.smallest <= 2.0 * ways.amax(1)).all()


@pytest.mark.parametrize("method", METHODS)
def test_what_is_reported_is_the_norm_of_the_returned_picture(method):
    victim, images, identities = linear(3)
    found = attacked(victim, images, identities, L2(5.0), METHODS[method][0])
    torch.testing.assert_close(
        (found.images - images).flatten(1).norm(dim=1), found.smallest, rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("method", METHODS)
def test_misrecognised_when_clean_is_size_0_and_left_alone(method):
    victim, images, identities = linear(3)
    identities[2] = (identities[2] + 1) % 3
    found = attacked(victim, images, identities, L2(5.0), METHODS[method][0])
    assert (found.smallest == 0).tolist() == [False, False, True, False, False, False]
    assert torch.equal(found.images[2], images[2])
    assert found.steps[2] == 0


@pytest.mark.parametrize(("method", "norm"), PAIRS)
def test_beyond_the_cap_nothing_is_found(method, norm):
    victim, images, identities = linear(2, norm)
    size = float(least(victim, images, identities, norm).median()) * 1.0001
    made = {
        "linf": lambda: Linf(255 * size),
        "l2": lambda: L2(size),
        "rms": lambda: RMS(size),
        "l1": lambda: L1(size),
    }
    expected = least(victim, images, identities, norm) > size
    found = attacked(victim, images, identities, made[norm](), METHODS[method][0])
    assert found.smallest[expected].isinf().all()
    assert (victim(found.images).argmax(1) == identities)[expected].all()
    before, after = (
        -Criterion(identities).adversarial_margin(victim(shown)) for shown in (images, found.images)
    )
    assert (after < before)[expected].all()


@pytest.mark.parametrize("goal", [Dodging(), Impersonation("random")], ids=lambda goal: goal.name)
@pytest.mark.parametrize("region", [Everywhere(), Half()], ids=["everywhere", "half"])
@pytest.mark.parametrize(
    ("method", "norm"), [("fmn", "l1"), ("fmn", "linf"), ("ddn", "rms"), ("cw", "l2"), ("bisection", "linf")]
)
def test_pictures_of_a_finite_size_fool_the_victim(trained, method, norm, region, goal):
    victim, images, identities = trained
    found = attacked(victim, images, identities, BUDGETS[norm], METHODS[method][0], goal, region)
    fooled = Criterion(identities, found.targets).is_adversarial(victim(found.images))
    assert torch.equal(fooled, found.smallest.isfinite())
    assert fooled.float().mean() > 0.5
    assert (found.gradient == int(Gradient.FINE)).all()
    assert (found.queries > found.steps).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_pictures_size_does_not_depend_on_its_batch(trained, method):
    victim, images, identities = trained
    chosen = METHODS[method][0]
    whole = attacked(victim, images[:5], identities[:5], L2(5.0), chosen).smallest
    faces = batch(images[:5], identities[:5])
    attack = Attack(Everywhere(), L2(5.0), chosen)
    parts = [attack(victim, faces.select(rows), seed=0).smallest for rows in torch.arange(5).split(3)]
    torch.testing.assert_close(torch.cat(parts), whole, rtol=5e-3, atol=0)


class TestBookkeeping:
    """What is kept as the smallest, on a victim that sees the first pixel's brightness only."""

    def test_the_smallest_that_fools_is_kept_whatever_comes_after(self):
        problem = brightness_problem()
        best = SmallestChange(problem)
        rows = torch.arange(2)
        for brightness in ((0.8, 0.3), (0.6, 0.45), (0.7, 0.4), (0.45, 0.1)):
            shown = with_brightness(problem, *brightness)
            best.consider(rows, shown, problem.ask(rows, shown))
            best.confirm(rows)
        assert best.fooled.tolist() == [True, False]
        assert best.size.tolist() == [pytest.approx(0.4), torch.inf]
        assert best.images[:, 0, 0, 0].tolist() == [pytest.approx(0.6), pytest.approx(0.45)]
        assert best.problem.queries.tolist() == [1 + 4 + 2, 1 + 4]

    def test_what_the_victim_refuses_gives_way_to_what_it_grants(self):
        problem = brightness_problem()
        best = SmallestChange(problem)
        rows = torch.arange(1)
        wrong = torch.tensor([[0.0, 1.0]])
        for brightness, scores in ((0.4, wrong), (0.45, wrong), (0.7, wrong)):
            best.consider(rows, with_brightness(problem, brightness), scores)
            best.confirm(rows)
        assert best.size[0].item() == pytest.approx(0.5)
        assert best.images[0, 0, 0, 0].item() == pytest.approx(0.7)

    def test_shortening_ends_at_the_boundary(self):
        problem = brightness_problem()
        best = SmallestChange(problem)
        rows = torch.arange(1)
        shown = with_brightness(problem, 0.9)
        best.consider(rows, shown, problem.victim(shown))
        best.confirm(rows)
        best.shorten(torch.arange(2), 10)
        assert 0.3 < best.size[0].item() < 0.3 + 0.7 / 1024 * 1.1

    def test_a_change_below_8_bits_counts(self):
        problem = brightness_problem()
        problem.images[:, 0, 0, 0] = 0.4999
        best = SmallestChange(problem)
        shown = with_brightness(problem, 0.5001)
        best.consider(torch.arange(1), shown, problem.victim(shown))
        best.confirm(torch.arange(1))
        assert best.size[0].item() == pytest.approx(0.0002, rel=1e-3)


class Dead(nn.Module):
    def forward(self, images):
        return torch.stack([images.sum((1, 2, 3)) * 0 + 1, images.sum((1, 2, 3)) * 0], 1)


@pytest.mark.parametrize("method", METHODS)
def test_a_victim_without_slope_is_said_to_have_none(method):
    images = torch.rand(2, 3, SIZE, SIZE)
    found = attacked(Dead().eval(), images, torch.zeros(2, dtype=torch.int64), L2(1.0), METHODS[method][0])
    assert (found.gradient == int(Gradient.ZERO)).all()
    assert found.smallest.isinf().all()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: FMN(0), "attack.method.steps must be a whole number"),
        (lambda: FMN(5, step=0), "attack.method.step must be a positive number"),
        (lambda: FMN(5, gamma=1), r"attack.method.gamma must lie in \(0, 1\)"),
        (lambda: DDN(Margin(), 5, gamma=2), r"attack.method.gamma must lie in \(0, 1\)"),
        (lambda: DDN(Margin(), 5, first=-1), "attack.method.first must be a positive number"),
        (lambda: CarliniWagner(0, 5), "attack.method.rounds must be a whole number"),
        (lambda: CarliniWagner(2, 5, step=0), "attack.method.step must be a positive number"),
        (lambda: Bisection(PGD(Margin(), 2, 0.5, early_stop=False)), "pgd with early_stop=true; found PGD"),
        (lambda: Bisection(FMN(5)), "attack.method.method must be an iterative attack .* found FMN"),
        (lambda: Bisection(PGD(Margin(), 2, 0.5), probes=0), "attack.method.probes must be a whole number"),
        (lambda: Bisection(PGD(Margin(), 2, 0.5), first=2), r"attack.method.first must lie in \(0, 1\]"),
        (lambda: Bisection(PGD(Margin(), 2, 0.5), precision=1), "attack.method.precision must be above 1"),
    ],
)
def test_senseless_settings_are_refused(made, message):
    with pytest.raises(FacetrialError, match=message):
        made()


@pytest.mark.parametrize(
    ("method", "budget", "message"),
    [
        (
            "cw",
            Linf(8),
            "CarliniWagner looks for the smallest change in l2 or rms, found a budget of norm linf",
        ),
        ("ddn", L1(8), "DDN looks .* Choose attack/budget=l2"),
        ("fmn", L0(8), "FMN looks .* found a budget of norm l0"),
        ("bisection", L0(8), "a budget of norm l0 has no size of its own for each picture"),
    ],
)
def test_budgets_of_other_norms_are_refused(method, budget, message):
    victim, images, identities = linear(2)
    with pytest.raises(FacetrialError, match=message):
        Attack(Everywhere(), budget, METHODS[method][0])(victim, batch(images, identities), seed=0)
