"""Auto-PGD: when its step is halved, and which targets it goes through."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.apgd import APGD, TargetedAPGD, checkpoints
from facetrial.attacks.losses import CrossEntropy, DifferenceOfLogitsRatio, Margin
from facetrial.core.errors import FacetrialError
from facetrial.regions.regions import Everywhere
from tests.helpers.victims import known_faces, trained


class TestAPGD:
    def test_checkpoints_are_the_papers(self):
        assert checkpoints(100) == [22, 41, 57, 70, 80, 87, 93, 99]

    def test_the_step_is_halved_where_the_loss_stops_rising(self):
        lengths = []

        class Watched(APGD):
            def update(self, active, problem, found):
                super().update(active, problem, found)
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


def test_no_target():
    with pytest.raises(FacetrialError, match=r"attack\.method\.targets"):
        TargetedAPGD(Margin(), 5, targets=0)
