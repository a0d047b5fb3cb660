"""Which methods may go by a proxy of low precision."""

import pytest

from facetrial.attacks.black_box.few_pixels import FewPixels
from facetrial.attacks.black_box.hop_skip_jump import HopSkipJump
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (PGD(Margin(), 1, 0.5), True),
        (APGD(Margin(), 1), True),
        (Square(Margin(), 9), False),
        (FewPixels(Margin()), False),
        (HopSkipJump(), False),
        (Gaussian(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_slopes_may_be_of_low_precision_and_scores_that_are_compared_not(method, expected):
    assert method.takes_low_precision is expected
