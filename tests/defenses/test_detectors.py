"""Detectors: thresholds, suspicions in closed form, and adaptive attacks."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score, roc_curve
from torch import nn
from torch.nn import functional as F

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion, Impersonation
from facetrial.attacks.gradient.apgd import APGD, TargetedAPGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Cosine, CrossEntropy, Margin
from facetrial.core.errors import FacetrialError
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.blur import GaussianBlur
from facetrial.defenses.build import defended
from facetrial.defenses.detectors import FeatureSqueezing, GalleryDistance, of_winner, threshold
from facetrial.defenses.jpeg import JPEG
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.metrics.flagging import flagging_summary, roc_points
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.layers import (
    abstain_columns,
    adaptive_view,
    base_model,
    scores_of,
    suspicions,
    with_similarities,
)
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from facetrial.trial.verdicts import verdict_rows
from tests.helpers.coloured_dataset import PEOPLE, dataset
from tests.helpers.made_up import flagged_rows
from tests.helpers.victims import Linear, trained


class Unit(nn.Module):
    """A trained network's scores as an embedding of unit norm."""

    def __init__(self):
        super().__init__()
        self.network = trained(PEOPLE)

    def forward(self, images):
        return F.normalize(self.network(images))


def core():
    embedder = Unit()
    held = dataset(120, seed=3).batch(range(120))
    with torch.no_grad():
        embeddings = embedder(held.images)
    gallery = torch.stack([embeddings[held.identities == i].mean(0) for i in range(PEOPLE)])
    return Victim(embedder, GalleryHead(gallery, 16.0), [f"Person {i}" for i in range(PEOPLE)]).freeze()


DETECTORS = {
    "squeezing": FeatureSqueezing({"bits": BitDepth(3), "blur": GaussianBlur(0.8)}, false_alarms=0.05),
    "gallery": GalleryDistance(false_alarms=0.05),
}


@pytest.fixture(params=DETECTORS)
def detecting(request):
    return defended(core(), [DETECTORS[request.param]], dataset(240, seed=1))


class TestThreshold:
    @pytest.mark.parametrize(("count", "share"), [(99, 0.01), (199, 0.05), (240, 0.05)])
    def test_new_pictures_exceed_it_as_seldom_as_promised(self, count, share):
        generator = torch.Generator().manual_seed(0)
        exceeded = []
        for _ in range(400):
            old, new = torch.rand(count, generator=generator), torch.rand(500, generator=generator)
            exceeded.append((new > threshold(old, share)).float().mean())
        assert share - 1.5 / count < np.mean(exceeded) < share + 0.003

    def test_with_few_pictures_it_is_the_most_suspicious(self):
        assert threshold(torch.tensor([3.0, 1.0, 2.0]), 0.01) == 3.0

    @pytest.mark.parametrize(("count", "said"), [(98, True), (99, False)])
    def test_too_few_pictures_for_so_few_alarms_are_said(self, count, said, caplog):
        GalleryDistance(false_alarms=0.01).wrap_victim(core(), dataset(count, seed=5))
        assert ("98 validation pictures are too few for false alarms of 1 %" in caplog.text) == said

    def test_on_other_clean_pictures_alarms_are_as_rare_as_promised(self, detecting):
        test = dataset(480, seed=2).batch(range(480))
        with torch.no_grad():
            alarms = (suspicions(detecting, test.images) > 1).float().mean()
        assert alarms < 0.05 + 4 * (0.05 * 0.95 * (1 / 480 + 1 / 240)) ** 0.5


def test_squeezing_measures_how_far_embeddings_move():
    victim, images = core(), dataset(8, seed=2).batch(range(8)).images
    scores, measured = DETECTORS["squeezing"].measure(victim, images)
    torch.testing.assert_close(scores, victim(images))
    versions = [BitDepth(3).transform(images), GaussianBlur(0.8).transform(images)]
    with torch.no_grad():
        own, *moved = (F.normalize(victim.embedder(version)) for version in (images, *versions))
    expected = torch.stack([1 - (own * other).sum(1) for other in moved]).amax(0)
    torch.testing.assert_close(of_winner(scores, measured), expected, rtol=1e-4, atol=1e-6)
    assert (measured == measured[:, :1]).all()


def test_gallery_measures_how_far_the_person_is_who_is_named():
    victim, images = core(), dataset(8, seed=2).batch(range(8)).images
    scores, measured = DETECTORS["gallery"].measure(victim, images)
    named = victim.head.gallery[scores.argmax(1)]
    expected = 1 - F.cosine_similarity(victim.embedder(images), named)
    torch.testing.assert_close(of_winner(scores, measured), expected, rtol=1e-4, atol=1e-6)


def test_verdicts_are_the_victims_and_a_flag_beside_them(detecting):
    faces = dataset(12, seed=2).batch(range(12))
    assert torch.equal(detecting(faces.images), base_model(detecting)(faces.images))
    attack = Attack(Everywhere(), Linf(8), PGD(Margin(), 5, 0.3, early_stop=False), adaptive=False)
    attacked = attack(detecting, faces, seed=0)
    rows = verdict_rows(detecting, faces, attacked, list(detecting.names), [str(i) for i in range(12)])
    again = suspicions(detecting, attacked.images)
    np.testing.assert_allclose(rows["suspicion_attacked"], again, rtol=1e-5)
    assert (rows["flagged_attacked"] == (rows["suspicion_attacked"] > 1)).all()


def test_an_abstention_wins_exactly_where_a_picture_is_flagged(detecting):
    asked = adaptive_view(detecting)
    assert abstain_columns(asked) == 1
    assert abstain_columns(detecting) == 0
    images = torch.cat([dataset(60, seed=2).batch(range(60)).images, torch.rand(60, 3, 16, 16)])
    with torch.no_grad():
        scores = asked(images)
        flagged = suspicions(detecting, images) > 1
    assert 0 < flagged.sum() < 120
    assert torch.equal(scores.argmax(1) == PEOPLE, flagged)
    assert torch.equal(scores.argmax(1)[~flagged], detecting(images).argmax(1)[~flagged])
    with torch.no_grad():
        again, similarities = with_similarities(asked, images)
    torch.testing.assert_close(again, scores)
    # The head's scores are similarities times 16, and so is the lead.
    torch.testing.assert_close(similarities, scores / 16, rtol=1e-4, atol=1e-4)
    assert torch.equal(similarities.argmax(1) == PEOPLE, flagged)


@pytest.mark.parametrize(
    "method",
    [
        PGD(CrossEntropy(), 40, 0.1),
        PGD(Margin(), 40, 0.1),
        PGD(Cosine(), 40, 0.1),
        APGD(Margin(), 40),
        TargetedAPGD(CrossEntropy(), 40, targets=3),
        Square(Margin(), 400),
    ],
    ids=["pgd-ce", "pgd-margin", "pgd-cosine", "apgd", "targeted", "square"],
)
def test_adaptive_attacks_come_through_where_others_are_caught(detecting, method):
    faces = dataset(48, seed=2).batch(range(48))

    def come_through(adaptive):
        attack = Attack(Everywhere(), Linf(48), method, adaptive=adaptive)
        images = attack(detecting, faces, seed=0).images
        wrong = scores_of(detecting, images).argmax(1) != faces.identities
        with torch.no_grad():
            return int((wrong & (suspicions(detecting, images) <= 1)).sum())

    naive, adaptive = come_through(False), come_through(True)
    assert adaptive >= naive
    assert adaptive >= 40


@pytest.mark.parametrize("loss", [Margin(), Cosine()], ids=["margin", "cosine"])
def test_who_poses_as_another_comes_through_too(detecting, loss):
    faces = dataset(24, seed=2).batch(range(24))
    attack = Attack(Everywhere(), Linf(48), PGD(loss, 40, 0.1), Impersonation("nearest"))
    attacked = attack(detecting, faces, seed=0)
    taken = scores_of(detecting, attacked.images).argmax(1) == attacked.targets
    with torch.no_grad():
        assert int((taken & (suspicions(detecting, attacked.images) <= 1)).sum()) >= 20


def test_a_target_is_a_person_and_not_the_abstention(detecting):
    faces = dataset(12, seed=2).batch(range(12))
    for target in ("nearest", "least_likely", "random"):
        attack = Attack(Everywhere(), Linf(8), PGD(Margin(), 2, 0.5), Impersonation(target))
        assert attack(detecting, faces, seed=0).targets.max() < PEOPLE


class TestCriterion:
    scores = torch.tensor(
        [[3.0, 1.0, 2.0, 4.0], [3.0, 1.0, 2.0, 0.0], [1.0, 3.0, 2.0, 0.0], [1.0, 3.0, 2.0, 3.5]]
    )

    def test_nobody_is_dodged_by_an_abstention(self):
        criterion = Criterion(torch.zeros(4, dtype=torch.long), abstain_columns=1)
        assert criterion.is_adversarial(self.scores).tolist() == [False, False, True, False]
        assert criterion.adversarial_margin(self.scores).tolist() == [-2.0, -1.0, 2.0, -0.5]

    def test_cross_entropy_becomes_log_odds(self):
        criterion = Criterion(torch.zeros(4, dtype=torch.long), abstain_columns=1)
        shares = self.scores.softmax(1)
        odds = (shares[:, 1] + shares[:, 2]) / (shares[:, 0] + shares[:, 3])
        torch.testing.assert_close(CrossEntropy()(self.scores, criterion), odds.log())

    def test_nor_is_a_target_reached_by_one(self):
        criterion = Criterion(
            torch.zeros(4, dtype=torch.long), torch.ones(4, dtype=torch.long), abstain_columns=1
        )
        assert criterion.is_adversarial(self.scores).tolist() == [False, False, True, False]
        assert criterion.adversarial_margin(self.scores).tolist() == [-3.0, -2.0, 1.0, -0.5]


def test_two_detectors_both_have_to_be_passed():
    victim = defended(core(), [*DETECTORS.values(), JPEG(90)], dataset(60, seed=1))
    assert abstain_columns(adaptive_view(victim)) == 2
    images = torch.cat([dataset(30, seed=2).batch(range(30)).images, torch.rand(30, 3, 16, 16)])
    with torch.no_grad():
        abstained = adaptive_view(victim)(images).argmax(1) >= PEOPLE
        flagged = suspicions(victim, images) > 1
    # Straight through, JPEG differs by roundings of single floats.
    assert (abstained != flagged).float().mean() < 0.05
    assert 0 < flagged.sum() < 60


class TestSummary:
    def rows(self):
        return flagged_rows(attacked=0.4, shift=0.8, spread=0.6)

    def test_figures_are_shares_of_rows(self):
        rows = self.rows()
        found = flagging_summary(rows, "dodging")
        right, flagged = rows["correct_attacked"], rows["flagged_attacked"]
        assert found.caught.value == flagged.mean()
        assert found.false_alarms.value == rows["flagged_clean"].mean()
        assert found.stands.value == (right | flagged).mean()
        risked = rows[rows["correct_clean"]]
        through = ~risked["correct_attacked"] & ~risked["flagged_attacked"]
        assert found.undetected_success.value == through.mean()

    def test_the_area_and_the_curve_are_scikit_learns(self):
        rows = self.rows()
        found = flagging_summary(rows, "dodging")
        truth = np.repeat([0, 1], len(rows))
        values = np.concatenate([rows["suspicion_clean"], rows["suspicion_attacked"]])
        assert found.auroc.value == pytest.approx(roc_auc_score(truth, values), abs=1e-6)
        false, true, _ = roc_curve(truth, values, drop_intermediate=False)
        points = pd.DataFrame(
            roc_points(rows["suspicion_clean"].to_numpy(), rows["suspicion_attacked"].to_numpy())
        )
        np.testing.assert_allclose(points["false_alarms"], false)
        np.testing.assert_allclose(points["caught"], true)

    def test_pictures_that_could_not_be_attacked_are_no_attacks(self):
        rows = self.rows()
        rows.loc[:9, "status"] = "not_attackable"
        assert flagging_summary(rows, "dodging").caught.n == len(rows) - 10


class TestMistakes:
    def test_without_clean_pictures(self):
        with pytest.raises(FacetrialError, match="clean pictures"):
            GalleryDistance().wrap_victim(core())

    @pytest.mark.parametrize("detector", DETECTORS)
    def test_a_plain_classifier(self, detector):
        with pytest.raises(FacetrialError, match="plain classifier"):
            DETECTORS[detector].wrap_victim(Linear(), dataset(12, seed=1))

    @pytest.mark.parametrize("share", [0, 1, -0.1])
    def test_share_of_false_alarms(self, share):
        with pytest.raises(FacetrialError, match=r"defense\.false_alarms must lie in \(0, 1\)"):
            GalleryDistance(share)

    def test_squeezers(self):
        with pytest.raises(FacetrialError, match="names none"):
            FeatureSqueezing({})
        with pytest.raises(FacetrialError, match="does not draw"):
            FeatureSqueezing({"pad": RandomResizePad(0.8, 0, 2)})


def test_its_threshold_is_set_on_the_pictures_that_have_an_answer():
    """With NaN for a threshold nothing would be flagged any more."""
    silent, faces = core(), dataset(60, seed=1)
    answered = defended(core(), [DETECTORS["gallery"]], faces)
    hidden = faces.batch([7]).images

    class Hides(nn.Module):
        def __init__(self, embedder, of):
            super().__init__()
            self.embedder, self.of = embedder, of

        def forward(self, images):
            gone = (images == self.of).flatten(1).all(1)
            return self.embedder(images).masked_fill(gone[:, None], torch.nan)

    silent.embedder = Hides(silent.embedder, hidden)
    made = defended(silent, [DETECTORS["gallery"]], faces)
    assert made.limit == pytest.approx(answered.limit, rel=0.2)
    silent.embedder = Hides(silent.embedder, faces.batch([7]).images)
    silent.embedder.forward = lambda images: torch.full((len(images), 6), torch.nan)
    with pytest.raises(FacetrialError, match="had no finite answer"):
        defended(silent, [DETECTORS["gallery"]], faces)
