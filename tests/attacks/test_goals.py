"""Goals: whose scores count as success, and for whom a picture is to be taken."""

import pytest
import torch

from facetrial.attacks.goals import SHOWS_TARGET, Criterion, Dodging, Impersonation
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws

SCORES = torch.tensor([[3.0, 2.0, 1.0, -1.0], [0.0, 5.0, 4.0, 1.0], [2.0, 0.0, 1.0, 3.0]])
NAMES = ["Ann", "Bea", "Cid", "Dora"]
DRAWS = Draws(0, torch.arange(3))


class TestDodging:
    def test_anyone_else_will_do(self):
        criterion = Dodging().criterion(None, torch.tensor([0, 0, 0]), NAMES, DRAWS)
        assert criterion.is_adversarial(SCORES).tolist() == [False, True, True]
        assert criterion.adversarial_margin(SCORES).tolist() == [-1.0, 5.0, 1.0]

    def test_scores_that_are_not_finite_are_no_success(self):
        scores = SCORES.clone()
        scores[1, 3] = torch.nan
        assert Criterion(torch.zeros(3, dtype=torch.int64)).is_adversarial(scores).tolist() == [
            False,
            False,
            True,
        ]


class TestImpersonation:
    identities = torch.tensor([0, 1, 3])

    def criterion(self, target):
        return Impersonation(target).criterion(SCORES, self.identities, NAMES, DRAWS)

    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ("nearest", [1, 2, 0]),
            ("least_likely", [3, 0, 1]),
            ("Cid", [2, 2, 2]),
            ("2", [2, 2, 2]),
            (2, [2, 2, 2]),
            ("Dora", [3, 3, SHOWS_TARGET]),
        ],
    )
    def test_targets(self, target, expected):
        assert self.criterion(target).targets.tolist() == expected

    def test_random_targets_are_others_all_of_them_and_the_same_in_any_batch(self):
        count = 400
        scores, identities = torch.zeros(count, 4), torch.arange(count) % 4
        draws = Draws(3, torch.arange(count))
        targets = Impersonation("random").criterion(scores, identities, NAMES, draws).targets
        assert (targets != identities).all()
        for who in range(4):
            assert set(targets[identities == who].tolist()) == set(range(4)) - {who}
        rows = torch.arange(17, 40)
        alone = Impersonation("random").criterion(scores[rows], identities[rows], NAMES, draws.select(rows))
        assert torch.equal(alone.targets, targets[rows])

    def test_only_the_target_will_do(self):
        criterion = Criterion(self.identities, torch.tensor([1, 2, 0]))
        assert criterion.adversarial_margin(SCORES).tolist() == [-1.0, -1.0, -1.0]
        assert not criterion.is_adversarial(SCORES).any()
        assert criterion.is_adversarial(SCORES[:, [1, 0, 2, 3]]).tolist() == [True, False, False]

    @pytest.mark.parametrize("target", ["Eve", "4", -1, "nearest other", "²", 1.0, None])
    def test_an_unknown_target(self, target):
        with pytest.raises(FacetrialError, match=r"goal\.target=.*no such person among 4, such as 'Ann'"):
            self.criterion(target)

    def test_a_target_that_all_pictures_show(self):
        with pytest.raises(FacetrialError, match=r"goal\.target=Ann: all pictures show Ann already"):
            Impersonation("Ann").check(torch.zeros(3, dtype=torch.int64), NAMES)

    def test_one_person_alone(self):
        with pytest.raises(FacetrialError, match="at least two people"):
            Impersonation().criterion(SCORES[:, :1], self.identities, NAMES[:1], DRAWS)

    def test_a_batch_may_show_the_target_alone(self):
        criterion = Impersonation("Ann").criterion(
            SCORES[:1], torch.zeros(1, dtype=torch.int64), NAMES, DRAWS.select([0])
        )
        assert criterion.targets.tolist() == [SHOWS_TARGET]
