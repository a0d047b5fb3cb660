"""Sound rows of every kind of method agree; what each part of the check leaves alone."""

import numpy as np
import pytest

from facetrial.attacks.black_box.best_of import BestOf
from facetrial.attacks.black_box.few_pixels import FewPixels
from facetrial.attacks.black_box.hop_skip_jump import HopSkipJump
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.attacks.sequence import OneAfterAnother
from facetrial.checks.rows_agree import RowsAgree
from facetrial.trial.rows import ABSTAINED
from tests.helpers.evidence import attack_of, evidence_of, replaced, sound


@pytest.mark.parametrize(
    ("method", "budget"),
    [
        (Gaussian(), RMS(0.1)),
        (BestOf(Gaussian(), 5), RMS(0.1)),
        (FewPixels(Margin(), 10, 2), L0(3)),
        (HopSkipJump(200), L2(8.0)),
        (PGD(Margin(), 4, 0.4), L1(20.0)),
        (FMN(10), Linf(64)),
        (OneAfterAnother({"pgd": PGD(Margin(), 3, 0.4), "apgd": APGD(Margin(), 3)}), Linf(8)),
    ],
)
def test_sound_rows_agree(method, budget):
    outcome = RowsAgree()(evidence_of(sound(), attack_of(method, budget)))
    assert outcome.passed, outcome


def test_who_abstains_names_nobody_whatever_the_margin(healthy):
    rows = healthy.rows
    silent = replaced(
        healthy,
        rows.assign(predicted_clean=ABSTAINED, correct_clean=False, rank_clean=len(sound().names) + 1),
    )
    assert RowsAgree()(silent).passed


def test_one_picture_without_numbers_is_left_to_others(healthy):
    broken = np.arange(len(healthy.rows)) < 1
    rows = healthy.rows.assign(
        margin_attacked=healthy.rows["margin_attacked"].mask(broken),
        predicted_attacked=healthy.rows["predicted_attacked"].mask(broken, ABSTAINED),
        correct_attacked=healthy.rows["correct_attacked"] & ~broken,
    )
    assert RowsAgree()(replaced(healthy, rows)).passed
