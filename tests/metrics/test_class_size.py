"""Whether more training pictures of a person help it, against made-up people of whom it is known, and two heads."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from facetrial.metrics.class_size import TooFewOutcomes, class_size_summary, gallery_verdicts
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.svm_head import SVMHead
from facetrial.recognition.victim import Victim
from tests.helpers.class_sizes import rows_of, verdicts_of


def test_its_interval_holds_the_truth():
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(60):
        factor = class_size_summary(*rows_of(generator, 0.5), "svm", False).own.doubling
        held += factor.low <= np.exp(0.5) <= factor.high
    assert held >= 53  # of 57 expected; less than one time in 50 by chance


def test_too_few_people_or_sizes_have_no_curve():
    rows, n_train = rows_of(np.random.default_rng(3), 0.5, 3)
    assert class_size_summary(rows, n_train, "svm", False) is not None
    assert class_size_summary(rows[rows["identity"] != "P000"], n_train, "svm", False) is None
    assert class_size_summary(rows, dict.fromkeys(n_train, 9), "svm", False) is None


@pytest.mark.parametrize(
    ("missed", "people", "told"), [(0, 0, False), (2, 2, False), (10, 4, False), (9, 9, False), (10, 5, True)]
)
@pytest.mark.parametrize("rarer", ["missed", "recognised"])
def test_no_odds_from_a_handful(missed, people, told, rarer):
    rows, n_train = rows_of(np.random.default_rng(4), 0.0, 12)
    rare = np.zeros(len(rows), dtype=bool)
    for number in range(missed):
        rare[20 * (number % people) + number // people] = True
    rows["correct_attacked"] = ~rare if rarer == "missed" else rare
    own = class_size_summary(rows, n_train, "svm", False).own
    if told:
        assert own.doubling.low < own.doubling.value < own.doubling.high
        assert len(own.curve) == 25
    else:
        if missed:
            assert own.doubling == TooFewOutcomes(rarer, missed, people, 10, 5)
        assert isinstance(own.doubling, TooFewOutcomes)
        assert own.curve == ()


def test_pictures_that_could_not_be_attacked_do_not_count():
    rows, n_train = rows_of(np.random.default_rng(5), 0.5)
    whole = class_size_summary(rows, n_train, "svm", False).own
    more = rows.assign(status="not_attackable", correct_attacked=False)
    more["identity"] = more["identity"].replace("P000", "Q")
    both = class_size_summary(pd.concat([rows, more]), {**n_train, "Q": 5}, "svm", False)
    assert both.people == 60
    assert both.own.doubling == whole.doubling


def test_the_ratio_of_two_heads_knows_that_they_saw_the_same():
    generator = np.random.default_rng(6)
    rows, n_train = rows_of(generator, 0.5)
    found = class_size_summary(rows, n_train, "svm", True, verdicts_of(rows), 40, ["P001"])
    assert (found.train_pictures, found.capped, found.asks_victim) == (40, ("P001",), True)
    assert found.gallery.doubling == found.own.doubling
    assert (found.ratio.value, found.ratio.low, found.ratio.high) == (1, 1, 1)
    # One that misses 30 pictures more: the two factors have much in common, their ratio little to be unsure of.
    other = verdicts_of(rows)
    other.recognised[generator.choice(np.flatnonzero(other.recognised), 30, replace=False)] = False
    found = class_size_summary(rows, n_train, "svm", True, other)
    assert found.ratio.value == pytest.approx(found.own.doubling.value / found.gallery.doubling.value)
    ratio, own = (np.log(figure.high / figure.low) for figure in (found.ratio, found.own.doubling))
    assert ratio < own / 2


def test_clean_margins_that_grow_with_the_pictures():
    rows, n_train = rows_of(np.random.default_rng(7), 0.5)
    flat = verdicts_of(rows)
    flat.clean_margin[:] = np.random.default_rng(0).normal(size=len(rows))
    found = class_size_summary(rows, n_train, "svm", False, flat)
    assert found.own.clean_margin.low > 0.95
    assert found.gallery.clean_margin.low < 0 < found.gallery.clean_margin.high


class TestGallery:
    embeddings = np.random.default_rng(0).normal(size=(24, 8))
    identities = np.tile([0, 1, 2], 8)

    def versions(self):
        attacked = np.roll(self.embeddings, 1, axis=0)
        return {
            name: part.astype(np.float32)
            for name, part in (("clean", self.embeddings), ("attacked", attacked))
        }

    def victim(self, head):
        head.fit(self.embeddings + 2 * np.eye(8)[self.identities], self.identities)
        return Victim(nn.Identity(), head, ["Ann", "Bob", "Cid"])

    def test_its_verdicts_are_those_of_a_gallery_head(self):
        victim, versions = self.victim(SVMHead()), self.versions()
        found = gallery_verdicts(self.identities, versions, victim)
        head = GalleryHead(victim.head.gallery)
        lengths = {name: np.linalg.norm(part, axis=1) for name, part in versions.items()}
        scores = {name: head(torch.tensor(part)).numpy() for name, part in versions.items()}
        assert (found.recognised == (scores["attacked"].argmax(1) == self.identities)).all()
        own = scores["clean"][np.arange(24), self.identities]
        others = np.array(
            [np.delete(row, who).max() for row, who in zip(scores["clean"], self.identities, strict=True)]
        )
        np.testing.assert_allclose(
            found.clean_margin, (own - others) * lengths["clean"], rtol=1e-4, atol=1e-5
        )

    def test_there_are_none_where_nothing_can_be_compared(self):
        assert gallery_verdicts(self.identities, None, self.victim(SVMHead())) is None
        assert gallery_verdicts(self.identities, self.versions(), self.victim(GalleryHead())) is None
        assert gallery_verdicts(self.identities, self.versions(), nn.Linear(8, 3)) is None
        foreign = Victim(nn.Identity(), nn.Linear(8, 3), ["Ann", "Bob", "Cid"])
        assert gallery_verdicts(self.identities, self.versions(), foreign) is None
