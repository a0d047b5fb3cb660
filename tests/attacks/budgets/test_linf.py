"""The budget in Linf: the largest change that noise reaches."""

import pytest
import torch

from facetrial.attacks.budgets.linf import Linf
from facetrial.core.errors import FacetrialError
from tests.helpers.budgets import problem


def test_linf_noise_reaches_its_largest_change():
    images, _, region = problem()
    filled, reached = Linf(16).fill(images, torch.randn_like(images) * region)
    assert reached.all()
    largest = (filled - images).abs().amax((1, 2, 3))
    torch.testing.assert_close(largest, torch.full_like(largest, 16 / 255), rtol=1e-5, atol=0)


def test_linf_takes_numbers_and_fractions_of_255(caplog):
    assert Linf(8).limit == Linf("8/255").limit == 8 / 255
    assert not caplog.records
    assert Linf(0.5).limit == 0.5 / 255
    assert "no 8-bit file can hold" in caplog.text
    with pytest.raises(FacetrialError, match=r"attack\.budget\.eps: 0\.03 looks like 8/255: write 8"):
        Linf(0.03)
