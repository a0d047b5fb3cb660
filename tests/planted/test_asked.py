"""Faults of who is asked, how often, for whom, and of what rows say of it: who must find each, and what words name."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.attacks import goals
from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.best_of import BestOf
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Impersonation
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.result import MethodResult
from facetrial.attacks.surrogate import Surrogate
from facetrial.checks.base import Evidence
from facetrial.core.randomness import Draws
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from facetrial.trial import verdicts
from tests.helpers.evidence import NAMES, behind, pgd, sound
from tests.helpers.victims import Network, pictures, trained
from tests.planted.trials import Faults, Front, failed, rows_with, trial

FAULTS = Faults()
fault = FAULTS.fault


def of(method, eps: float = 20, victim=None, **parts) -> Evidence:
    return trial(victim, Attack(Everywhere(), Linf(eps), method, **parts), budget_settings=None)


def another_network() -> nn.Module:
    """One that knows the people as well, from a start and pictures of its own."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = Network(6)
        optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
        for step in range(80):
            images, identities = pictures(64, seed=1000 + step)
            loss = nn.functional.cross_entropy(network(images), identities)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network.eval().requires_grad_(False)


def surrogate(front: nn.Module | None = None) -> Surrogate:
    network = nn.Sequential(front or nn.Identity(), another_network())
    return Surrogate(Victim(network, nn.Identity(), NAMES).freeze())


def transfer() -> PGD:
    return PGD(Margin(), 10, 0.1, early_stop=False)


# What was asked is not what is declared


@fault("rows_agree", "needs no gradient, and asked for 480")
def small_steps_along_gradients_are_told_as_a_black_box(monkeypatch):
    class OfSquares(Square):
        def __call__(self, problem):
            current, rows = problem.images.clone(), torch.arange(len(problem))
            for _ in range(20):
                moved = current + 0.002 * problem.ask(rows, current, self.loss).gradient.sign()
                current = problem.budget.project(problem.images, moved, problem.region)
            return MethodResult(current, torch.ones(len(problem), dtype=torch.bool))

    return of(OfSquares(Margin(), 20))


@fault("rows_agree", "count no picture that was shown.*goes to the surrogate")
def a_transfer_that_asks_the_victim_itself(monkeypatch):
    class Direct(PGD):
        def __call__(self, problem):
            leaf = problem.images.clone().requires_grad_(True)
            with torch.enable_grad():
                own = sound()(leaf).gather(1, problem.criterion.identities[:, None])
                (slope,) = torch.autograd.grad(-own.sum(), leaf)
            moved = problem.images + slope.sign()
            return MethodResult(
                problem.budget.project(problem.images, moved, problem.region),
                torch.ones(len(problem), dtype=torch.bool),
            )

    return of(Direct(Margin(), 10, 0.1), 36, surrogate=surrogate())


@fault("reference", "brings down")
def a_loop_of_small_steps_inside_a_single_one(monkeypatch):
    class Inner(PGD):
        def update(self, active, problem, found):
            for _ in range(10):
                slope = problem.ask(active.rows, active.current, self.loss).gradient
                moved = active.current + 0.01 * active.budget.limit * slope.sign()
                active.current = active.budget.project(active.images, moved, active.region)

    return of(Inner(Margin(), 1, 1.0, random_start=False))


@fault("surrogate", "surrogate's weights are the victim's.* no transfer")
def a_transfer_from_the_victims_own_weights(monkeypatch):
    own = Surrogate(Victim(copy.deepcopy(trained()), nn.Identity(), NAMES).freeze())
    return of(transfer(), 36, surrogate=own)


@fault("surrogate", "surrogate's scores of 8 pictures, .* are the victim's.* no transfer")
def a_transfer_from_the_victim_scaled(monkeypatch):
    front = Front(lambda images: images)
    weights = nn.Sequential(front, copy.deepcopy(trained()), nn.Identity())
    for parameter in weights.parameters():
        parameter += 1e-9
    return of(transfer(), 36, surrogate=Surrogate(Victim(weights, nn.Identity(), NAMES).freeze()))


@fault("surrogate", "of the surrogate: cosines .* with red and blue exchanged")
def a_surrogate_that_is_given_bgr(monkeypatch):
    return of(transfer(), 36, surrogate=surrogate(Front(lambda images: images.flip(1))))


@fault("surrogate", "of the surrogate: the network's first layer is given values from")
def a_surrogate_that_is_given_bytes_of_bytes(monkeypatch):
    return of(transfer(), 36, surrogate=surrogate(Front(lambda images: images / 255)))


# Searches by scores that do more than noise, and less than their questions allow


@fault("squares", "with 74 of up to 298 questions, bring down .* what it keeps, how its changes shrink")
def squares_that_never_shrink_from_a_few_pixels(monkeypatch):
    monkeypatch.setattr(Square, "share", lambda search, step: 0.004)
    return of(Square(Margin(), 300), 28)


@fault("squares", "bring down .* the sign and the goal of its loss")
def squares_that_are_after_anybody(monkeypatch):
    class Dodging(Margin):
        def __call__(self, scores, criterion):
            return super().__call__(scores, replace(criterion, targets=None))

    return of(Square(Dodging(), 400), 40, goal=Impersonation("Person 3"))


@fault("better_than_noise", "the best of 30 draws is the first")
def thirty_draws_that_are_one(monkeypatch):
    monkeypatch.setattr(Draws, "restarted", lambda draws, number: draws)
    attack = Attack(Everywhere(), RMS(0.35), BestOf(Gaussian(), 30))
    return trial(attack=attack, budget_settings=None)


@fault("deterministic", "8-bit verdict .* within the budget")
def a_picture_in_8_bits_that_breaks_the_budget(monkeypatch):
    monkeypatch.setattr(Linf, "in_8_bits", lambda budget, images, changed: changed.mul(255).round().div(255))
    return of(PGD(Margin(), 20, 0.25, early_stop=False), 16.6)


# For whom pictures are to be taken


def as_somebody(target: str = "nearest") -> Evidence:
    return of(PGD(Margin(), 20, 0.25), 30, goal=Impersonation(target))


def rule(monkeypatch, name: str, other) -> Evidence:
    monkeypatch.setitem(goals._RULES, name, other)
    return as_somebody(name)


@fault("targets", "16 of 16 pictures have another target than the nearest")
def the_least_likely_is_taken_for_the_nearest(monkeypatch):
    return rule(monkeypatch, "nearest", goals._RULES["least_likely"])


@fault("targets", "24 of 24 pictures have their own person for a target")
def the_nearest_is_oneself(monkeypatch):
    return rule(monkeypatch, "nearest", lambda scores, identities, draws: scores.argmax(1))


@fault("targets", "24 targets that are drawn are 2 people")
def one_target_is_drawn_for_all(monkeypatch):
    return rule(monkeypatch, "random", lambda scores, identities, draws: (identities == 0).long())


@fault("targets", "20 of 20 pictures have another target than Person 3")
def the_named_target_is_one_further(monkeypatch):
    number = Impersonation._number
    monkeypatch.setattr(Impersonation, "_number", lambda goal, names: (number(goal, names) + 1) % len(names))
    return as_somebody("Person 3")


# Columns that do not tell one story


@fault("rows_agree", r"of 24 of 24 pictures \(attacked\) the victim's scores are no numbers")
def noise_without_an_answer_counts_as_a_success(monkeypatch):
    def rough_is_nothing(images):
        rough = (images[..., 1:] - images[..., :-1]).abs().mean((1, 2, 3), keepdim=True)
        return images * torch.where(rough > 0.14, torch.nan, 1.0)

    attack = Attack(Everywhere(), RMS(0.1), Gaussian())
    return trial(behind(Front(rough_is_nothing)), attack, budget_settings=None)


@fault("rows_agree", "verdicts are not what their margin and rank say")
def a_third_of_the_verdicts_count_as_wrong(monkeypatch):
    found = trial()
    third = np.arange(len(found.rows)) % 3 == 0
    wrong = {
        f"correct_{version}": found.rows[f"correct_{version}"] & ~third for version in ("attacked", "8bit")
    }
    named = {
        f"predicted_{version}": found.rows[f"predicted_{version}"].mask(third, "Person 5")
        for version in ("attacked", "8bit")
    }
    return rows_with(found, **wrong, **named)


def norms(monkeypatch, changed) -> Evidence:
    told = verdicts.change_norms
    monkeypatch.setattr(verdicts, "change_norms", lambda *images: told(*images) | changed(told(*images)))
    return trial(attack=pgd(eps=17), budget_settings=None)


@fault("rows_agree", "l2 is not rms over all values")
def an_l2_without_its_root(monkeypatch):
    return norms(monkeypatch, lambda told: {"l2": [size**2 for size in told["l2"]]})


@fault("rows_agree", "l2 is not rms over all values")
def an_rms_over_pixels_in_place_of_values(monkeypatch):
    return norms(monkeypatch, lambda told: {"rms": [size * 3**0.5 for size in told["rms"]]})


@fault("rows_agree", "more pixels are changed than there are")
def pixels_of_each_channel_are_counted(monkeypatch):
    return norms(
        monkeypatch, lambda told: {"pixels_changed": [3 * count for count in told["pixels_changed"]]}
    )


@fault("rows_agree", "l2 exceeds l1")
def an_l1_that_is_a_mean(monkeypatch):
    return norms(monkeypatch, lambda told: {"l1": [size / 768 for size in told["l1"]]})


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_found_and_its_cause_is_named(name, monkeypatch):
    FAULTS.assert_found(name, monkeypatch)


@pytest.mark.parametrize(
    "found",
    [
        lambda: of(PGD(Margin(), 1, 1.0, random_start=False)),
        lambda: of(PGD(Margin(), 1, 1.0, restarts=3)),
        lambda: of(Square(Margin(), 60)),
        lambda: of(Square(Margin(), 300), 22),
        lambda: of(PGD(Margin(), 20, 0.25, early_stop=False), 16.6),
        lambda: of(transfer(), 36, surrogate=surrogate()),
        lambda: as_somebody("nearest"),
        lambda: as_somebody("least_likely"),
        lambda: as_somebody("random"),
        lambda: as_somebody("3"),
    ],
)
def test_a_sound_one_passes(found):
    assert failed(found()) == []
