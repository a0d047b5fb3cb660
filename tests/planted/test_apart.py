"""Faults of what must be apart, or belong together: patterns, surrogates, thresholds, votes and their radii."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.universal import Universal
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.surrogate import Surrogate
from facetrial.checks.base import Evidence
from facetrial.core.randomness import Draws
from facetrial.defenses.blur import MedianBlur
from facetrial.defenses.build import defended
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from facetrial.regions.wearables import Glasses, HatBand, Shape, Sticker
from facetrial.trial.certificate import Certificate
from tests.helpers.evidence import NAMES, faces, sound
from tests.helpers.victims import Network, pictures, trained
from tests.planted.trials import Faults, certified, default_checks, trial, with_landmarks

FAULTS = Faults()
fault = FAULTS.fault


def of_its_own(seed: int = 5) -> Victim:
    """A victim of the same people that was trained apart from the sound one."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Network(6)
        optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
        for step in range(60):
            images, identities = pictures(64, seed=1000 * seed + step)
            loss = nn.functional.cross_entropy(network(images), identities)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return Victim(network, nn.Identity(), NAMES).freeze()


# Patterns


def fitted(on: nn.Module, victim: nn.Module | None = None, **changes) -> Evidence:
    known = faces(48, seed=1)
    attack = Attack(Everywhere(), Linf(32), Universal(Margin(), "all", 10, 0.25))
    attack.fit(on, known, 0)
    return trial(victim, attack, train_faces=known, budget_settings=None, **changes)


def behind_a_median(on: nn.Module | None = None) -> Evidence:
    front = MedianBlur(3)
    victim = defended(sound(), [front])
    named = dict(in_front=["median"], defenses=["median"], fronts=(front,))
    return fitted(on or victim, victim, **named)


@fault("fitted_apart", "another network than it asks now.*on this very victim")
def a_pattern_that_was_fitted_on_an_older_network(monkeypatch):
    found = fitted(of_its_own())
    assert found.rows["correct_attacked"].mean() > fitted(sound()).rows["correct_attacked"].mean() + 0.3
    return found


@fault("fitted_apart", "with other defences in front of it")
def a_pattern_that_was_fitted_before_the_defence_was_put_there(monkeypatch):
    return behind_a_median(on=sound())


@fault("fitted_apart", "another network")
def a_victim_that_was_trained_on_after_the_pattern_was_fitted(monkeypatch):
    found = fitted(victim := Victim(copy.deepcopy(trained()), nn.Identity(), NAMES).freeze(), victim)
    with torch.no_grad():
        found.victim.embedder[8].weight[0] += 0.01
    return found


# Surrogates


def transfer(surrogate: nn.Module) -> Evidence:
    method = PGD(Margin(), 10, 0.1, random_start=False, early_stop=False)
    attack = Attack(Everywhere(), Linf(20), method, surrogate=Surrogate(surrogate))
    return trial(attack=attack, budget_settings=None)


@fault("surrogate", "weights are the victim.s.*no transfer")
def the_surrogate_is_the_victim(monkeypatch):
    found = transfer(sound())
    assert (
        found.rows["correct_attacked"].mean() < transfer(of_its_own()).rows["correct_attacked"].mean() - 0.5
    )
    return found


@fault("surrogate", "or made from it")
def the_surrogate_is_the_victim_a_few_steps_later(monkeypatch):
    network = copy.deepcopy(trained())
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        for weight in network.parameters():
            weight *= 1 + 0.02 * torch.randn(weight.shape)
    return transfer(network)


# Thresholds


@fault("trained_apart", "12 of 12.*trained on, and thresholds are set on these")
def thresholds_are_set_on_the_pictures_trained_on(monkeypatch):
    return trial(validation_faces=faces(12, seed=1))


@fault("trained_apart", "24 of 24.*on which thresholds are set")
def thresholds_are_set_on_the_very_dataset_of_the_trial(monkeypatch):
    test = faces()
    return trial(test=test, validation_faces=test)


# Votes


def counted(radius) -> Evidence:
    """Certificates whose radii are a function of votes, of how many there were, and of the noise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Certificate, "radius", lambda self, counts, sigma: radius(counts, self.n, sigma))
        return certified(sigma=0.8)


@fault("certificates", "are none that a number of 200 votes shows.*bound from below")
def the_share_of_votes_is_taken_for_its_bound(monkeypatch):
    def radius(counts, n, sigma):
        share = np.minimum(counts / n, 0.97)  # at 1 the radius would be infinite
        return np.where(share > 0.5, sigma * norm.ppf(share), 0.0)

    return counted(radius)


@fault("certificates", "have a radius of 0 and a certified name")
def whoever_has_most_votes_is_certified_at_0(monkeypatch):
    def named(rows):
        silent = rows["certified_radius"] == 0
        assert silent.sum() > 3
        return rows.assign(certified_class=rows["certified_class"].mask(silent, rows["identity"]))

    return certified(named, sigma=0.8)


@fault("certificates", "are none that a number of 200 votes shows with noise of 0.8")
def a_radius_in_l2_is_told_per_pixel(monkeypatch):
    return certified(
        lambda rows: rows.assign(certified_radius=rows["certified_radius"] / 768**0.5), sigma=0.8
    )


# What is worn


def wearing(shape: Shape) -> Evidence:
    """A trial of something that is worn, whose mask is as large as its rows say."""
    found = with_landmarks()
    batch = found.faces.batch(range(len(found.faces)))
    size = found.faces.pixels.shape[1]
    mask = shape(batch.landmarks, size, size, Draws(found.seed, batch.pictures))
    attack = Attack(shape, found.attack.budget, found.attack.method)
    return replace(found, attack=attack, rows=found.rows.assign(region_area=mask.mean((1, 2, 3)).numpy()))


@fault("region", "0% where on the face they are worn")
def glasses_are_worn_on_the_mouth(monkeypatch):
    lower = torch.tensor([0.0, 30.0])
    worn = Shape._worn
    monkeypatch.setattr(
        Shape,
        "_worn",
        lambda shape, textures, landmarks, *rest: worn(shape, textures, landmarks + lower, *rest),
    )
    return wearing(Glasses())


@fault("region", "0% where on the face they are worn")
def a_hat_is_worn_upside_down(monkeypatch):
    worn = Shape._worn
    monkeypatch.setattr(Shape, "_worn", lambda *arguments: worn(*arguments).flip(-2))
    return wearing(HatBand())


@pytest.mark.parametrize("shape", [Glasses(), Sticker(), HatBand(0.8)])
def test_what_is_worn_in_its_place_passes(shape):
    outcome = default_checks()["region"](wearing(shape))
    assert outcome.passed, outcome
    assert "100% where on the face they are worn" in outcome.detail


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_found_and_its_cause_is_named(name, monkeypatch):
    FAULTS.assert_found(name, monkeypatch)


@pytest.mark.parametrize(
    "found",
    [
        lambda: fitted(sound()),
        behind_a_median,
        lambda: transfer(of_its_own()),
        lambda: transfer(Victim(trained(hardened=True), nn.Identity(), NAMES).freeze()),
        lambda: trial(validation_faces=faces(12, seed=2)),
        lambda: certified(sigma=0.8),
        lambda: certified(sigma=0.12),
    ],
)
def test_a_sound_one_passes(found):
    evidence = found()
    for name in ("fitted_apart", "surrogate", "trained_apart", "certificates"):
        outcome = default_checks()[name](evidence)
        assert outcome.passed is not False, (name, outcome)
