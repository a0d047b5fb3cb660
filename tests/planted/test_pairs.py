"""Faults planted in trials of pairs: the default checks must find them there too, and let the sound ones pass."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, Loss, Margin
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.attacks.pairs import PairCriterion, PairHead, TurnVerdicts
from facetrial.checks.base import Evidence
from facetrial.checks.of_budget import SmallestChanges
from facetrial.checks.stronger_attacks import MoreStepsDoNotHelp, UnboundedReachesZero
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.recognition.victim import Victim
from facetrial.trial.pair_trial import PairTrial
from tests.helpers.evidence import Rounds, attack_of, faces, pgd
from tests.helpers.victims import trained
from tests.planted.trials import default_checks, failed

SAME = torch.arange(24) % 2 == 0
EPS = 32  # what a sound attack needs for all of them


def pair_victim(front: nn.Module | None = None) -> Victim:
    """Compares 24 pictures with others of the same person, and of the next one: all are judged rightly."""
    embedder = nn.Sequential(front or nn.Identity(), trained())
    others = faces(24, seed=1).batch(torch.where(SAME, torch.arange(24), (torch.arange(24) + 1) % 24).numpy())
    head = PairHead(F.normalize(embedder(others.images)), torch.full((24,), 0.5))
    return Victim(embedder, head, [f"pair {number}" for number in range(24)]).freeze()


def pair_trial(attack: Attack | None = None, victim: nn.Module | None = None, **changes) -> Evidence:
    """What the checks are shown of a trial of 24 pairs under `attack`, whose goal it sets."""
    attack, victim = attack or pgd(eps=EPS), pair_victim() if victim is None else victim
    attack.goal = TurnVerdicts(SAME)
    pictures = faces(24)
    pairs = replace(pictures, identities=np.arange(24), files=[f"pair {number}" for number in range(24)])
    batch = pairs.batch(range(24))
    trial = PairTrial(
        victim, attack, pairs, 0, None, None, people=[("Ann", "Bob")] * 24, folds=[1] * 24, same=SAME.numpy()
    )
    rows = trial.rows(batch, attack(victim, batch, 0, files=pairs.files), pairs.files)
    known = {"budget_settings": {"_target_": "facetrial.attacks.Linf", "eps": attack.budget.limit * 255}}
    given = known if attack.budget.norm == "linf" else {}
    given |= {"in_front": [], "same": trial.same} | changes
    return Evidence(victim, attack, pairs, pictures, rows, 0, torch.device("cpu"), **given)


class Backwards(Loss):
    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, scores: Tensor, criterion: PairCriterion) -> Tensor:
        return -self.loss(scores, criterion)


@pytest.mark.parametrize("loss", [Margin(), CrossEntropy()])
def test_a_loss_of_the_wrong_sign_is_found(loss):
    found = pair_trial(attack_of(PGD(Backwards(loss), 20, 0.25, random_start=False), Linf(EPS)))
    assert found.rows["correct_attacked"].sum() >= found.rows["correct_clean"].sum() == 24
    assert set(failed(found)) == {"reference", "better_than_noise"}
    assert default_checks()["reference"](found).remedy.endswith("try attack=auto")
    assert pair_trial(attack_of(PGD(loss, 20, 0.25), Linf(EPS))).rows["correct_attacked"].mean() < 0.1


def test_a_criterion_that_takes_the_one_verdict_for_the_other_is_found(monkeypatch):
    reduced = PairCriterion.reduced
    monkeypatch.setattr(
        PairCriterion, "reduced", lambda self, scores: reduced(replace(self, same=~self.same), scores)
    )
    found = pair_trial(attack_of(PGD(CrossEntropy(), 20, 0.25), Linf(EPS)))
    assert set(failed(found)) == {"reference", "better_than_noise"}


def test_slopes_that_are_none_are_found():
    class Steps(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return 0.001 * images + 0.999 * Rounds()(images)

    assert "true_slopes" in failed(pair_trial(victim=pair_victim(Steps())))


def test_rows_of_another_attack_are_found():
    found = pair_trial()
    weak = pair_trial(pgd(steps=1, eps=1))
    assert weak.rows["correct_attacked"].mean() > 0.5
    assert "deterministic" in failed(replace(found, rows=weak.rows))


def test_pictures_standardised_twice_are_found():
    class Twice(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return (images - 0.5) / 0.5 / 0.5 - 1.0

    assert "standardised_once" in failed(pair_trial(victim=pair_victim(Twice())))


def test_a_victim_that_says_the_same_of_all_pairs_is_found():
    victim = pair_victim()
    victim.head.thresholds[:] = 2.0
    outcome = default_checks()["recognises"](pair_trial(pgd(eps=4), victim))
    assert outcome.passed is False
    assert outcome.detail == "50% of 24 clean pairs are judged rightly; chance is 50.0%"


@pytest.mark.parametrize(("same", "shown"), [(3, "100% of 6 clean pairs"), (0, "all pairs are of one kind")])
def test_as_many_pairs_of_one_person_as_of_two_are_shown(same, shown):
    found = pair_trial(pgd(eps=4))
    few = SAME & (SAME.cumsum(0) <= same)
    chosen = [row for row in range(24) if few[row] or not SAME[row]]
    outcome = default_checks()["recognises"](replace(found, faces=found.faces.subset(chosen)))
    assert outcome.detail.startswith(shown)
    assert outcome.passed is (True if same else None)


@pytest.mark.parametrize("eps", [1, 4, EPS])
def test_a_sound_one_passes(eps):
    assert failed(pair_trial(pgd(eps=eps))) == []


def test_those_weak_on_purpose_and_the_defended_pass():
    assert failed(pair_trial(attack_of(Gaussian(), RMS(0.1)))) == []
    assert failed(pair_trial(attack_of(PGD(Margin(), 1, 1.0), Linf(4)))) == []
    behind = defended(pair_victim(), [BitDepth(4)])
    aimed = attack_of(PGD(Margin(), 20, 0.25, targets=3), Linf(4))
    assert failed(pair_trial(aimed, behind, in_front=["bit_depth"], defenses=["bit_depth"])) == []


def test_what_asks_for_names_says_why_it_does_not_apply():
    found, checks = pair_trial(pgd(eps=4)), default_checks()
    for name in ("names", "trained_apart"):
        outcome = checks[name](found)
        assert outcome.passed is None
        assert "pairs" in outcome.detail
    for name in (
        "recognises",
        "reference",
        "true_slopes",
        "deterministic",
        "standardised_once",
        "colour_order",
    ):
        assert checks[name](found).passed is True


def test_the_further_checks_tell_a_broken_attack_too():
    few = attack_of(PGD(Margin(), 2, 0.02, random_start=False), Linf(EPS))
    assert MoreStepsDoNotHelp(20)(pair_trial(few)).passed is False
    assert MoreStepsDoNotHelp()(pair_trial(pgd(eps=4))).passed is not False
    method = PGD(Margin(), 40, 0.02, random_start=False)
    assert UnboundedReachesZero(method)(pair_trial()).passed
    assert UnboundedReachesZero(PGD(Backwards(Margin()), 40, 0.02, False))(pair_trial()).passed is False


def test_smallest_changes_of_pairs_are_those_of_their_pictures():
    found = pair_trial(attack_of(FMN(20), Linf(64)))
    assert SmallestChanges()(found).passed, SmallestChanges()(found)
    told = replace(found, rows=found.rows.assign(smallest=found.rows["smallest"] / 4))
    assert not SmallestChanges()(told).passed
