"""Several methods one after another, each on the pictures that are still robust."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, Margin
from facetrial.attacks.sequence import OneAfterAnother
from facetrial.core.errors import FacetrialError
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.regions.regions import Everywhere
from tests.helpers.victims import SAME_ENOUGH, known_faces, robust, trained


class TestOneAfterAnother:
    def test_the_fooled_are_left_out_and_none_is_robust_that_one_of_them_fooled(self):
        faces, victim = known_faces(60), trained()
        parts = {"one": APGD(CrossEntropy(), 6), "two": PGD(Margin(), 20, 0.1, restarts=2)}
        seen = []

        class Noted(PGD):
            def __call__(self, problem):
                seen.append(len(problem))
                return super().__call__(problem)

        alone = [Attack(Everywhere(), Linf(15), part)(victim, faces, seed=0) for part in parts.values()]
        fooled = [~robust(victim, faces, attacked) for attacked in alone]
        fooled[0] &= victim(alone[0].saved).argmax(1) != faces.identities
        parts["two"] = Noted(Margin(), 20, 0.1, restarts=2)
        both = Attack(Everywhere(), Linf(15), OneAfterAnother(parts))(victim, faces, seed=0)
        assert seen == [60 - int(fooled[0].sum())]
        left = robust(victim, faces, both)
        assert (left & (fooled[0] | fooled[1])).float().mean() <= SAME_ENOUGH
        assert 0 < left.sum() < 60
        # Before a victim that draws, one lucky draw fools nobody.
        drawing = RandomResizePad(0.8, 0, 2).wrap_victim(victim).eval()
        Attack(Everywhere(), Linf(15), OneAfterAnother(parts))(drawing, faces.select(torch.arange(8)), seed=0)
        assert seen[1:] == [8]


def test_no_methods():
    with pytest.raises(FacetrialError, match=r"attack\.method\.methods is empty"):
        OneAfterAnother({})
