"""Attacks whose passes are launched as graphs find what they find without: every draw is the same, and the verdicts."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Uniform
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient import iterative
from facetrial.attacks.gradient.apgd import APGD, TargetedAPGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, Margin
from facetrial.attacks.minimum_norm.bisection import Bisection
from facetrial.attacks.minimum_norm.carlini_wagner import CarliniWagner
from facetrial.attacks.minimum_norm.ddn import DDN
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.core.randomness import Draws
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.regions.regions import Everywhere
from tests.helpers.graphs import graphs_on_the_cpu
from tests.helpers.victims import known_faces, robust, trained

METHODS = {
    "pgd": (PGD(Margin(), 12, 0.25, restarts=2, decay=True), Linf(15)),
    "pgd that goes on": (PGD(Margin(), 12, 0.25, early_stop=False), Linf(15)),
    "momentum and changed views": (PGD(Margin(), 12, 0.25, momentum=0.9, di_prob=0.7), Linf(15)),
    "apgd": (APGD(CrossEntropy(), 12), Linf(15)),
    "targeted": (TargetedAPGD(Margin(), 8, targets=3), Linf(15)),
    "square": (Square(Margin(), 60), Linf(15)),
    "fmn": (FMN(20), Linf(40)),
    "ddn": (DDN(CrossEntropy(), 20), L2(3)),
    "cw": (CarliniWagner(2, 15), L2(3)),
    "bisection": (Bisection(APGD(Margin(), 8), 4), Linf(40)),
}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("behind", ["", "resize_pad"])
def test_graphs_change_nothing(name, behind, monkeypatch):
    method, budget = METHODS[name]
    monkeypatch.setitem(iterative._STRIDE, "cpu", 4)  # as on a GPU
    faces, victim = known_faces(48), trained()
    if behind:
        victim = defended(victim, [RandomResizePad(0.9, seed=0, samples=2)])
    as_it_is, by_graphs = (Attack(Everywhere(), budget, method) for _ in range(2))
    expected = as_it_is(victim, faces, seed=3)
    with graphs_on_the_cpu() as graphs:
        found = by_graphs(victim, faces, seed=3)
    assert graphs.replayed > 10
    verdicts = [robust(victim, faces, attacked) for attacked in (expected, found)]
    assert (verdicts[0] != verdicts[1]).float().mean() <= 0.021  # one picture
    assert ((found.queries - expected.queries).abs() <= 8).float().mean() > 0.95
    if expected.smallest is not None:
        ratio = (found.smallest / expected.smallest).nan_to_num(1.0)
        assert (ratio - 1).abs().median() < 1e-3


def test_what_is_drawn_is_the_same_to_the_bit(monkeypatch):
    faces, victim = known_faces(48), trained()
    starts: list[torch.Tensor] = []
    words = Draws.words

    def kept(self, count, stream):
        starts.append(words(self, count, stream))
        return starts[-1]

    monkeypatch.setattr(Draws, "words", kept)
    attack = Attack(Everywhere(), Linf(15), PGD(Margin(), 6, 0.25, early_stop=False, di_prob=0.5))
    attack(victim, faces, seed=3)
    expected = starts.copy()
    starts.clear()
    with graphs_on_the_cpu():
        attack(victim, faces, seed=3)
    assert len(starts) == len(expected) > 0
    assert all(torch.equal(*both) for both in zip(starts, expected, strict=True))


def test_an_attack_tells_who_chose_its_steps_and_how():
    attack, faces, victim = Attack(Everywhere(), Linf(15), PGD(Margin(), 6, 0.25)), known_faces(24), trained()
    assert attack.chosen_by is None, "nobody was asked yet"
    attack(victim, faces, seed=3)
    assert attack.chosen_by in {"a copy in bfloat16", "a copy in float32"}
    with graphs_on_the_cpu():
        attack(victim, faces, seed=3)
    assert attack.chosen_by.endswith("launched as CUDA graphs")


def test_where_a_capture_fails_it_is_told():
    def refuses():
        def capture(work):
            raise RuntimeError("operation not permitted when stream is capturing")

        return capture

    attack = Attack(Everywhere(), Linf(15), PGD(Margin(), 6, 0.25))
    with graphs_on_the_cpu(refuses):
        attack(trained(), known_faces(24), seed=3)
    assert "launched kernel by kernel: RuntimeError: operation not permitted" in attack.chosen_by


def test_without_a_copy_the_recogniser_itself_chooses():
    attack = Attack(Everywhere(), Linf(15), PGD(Margin(), 6, 0.25), fast=False)
    attack(trained(), known_faces(8), seed=3)
    assert attack.chosen_by == "the recogniser itself"
    assert Attack(Everywhere(), Linf(15), Uniform()).chosen_by is None, "noise asks nobody"
