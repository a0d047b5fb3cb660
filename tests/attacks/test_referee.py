"""The referee: what keeps the rules passes, and each breach is noticed."""

import pytest
import torch

from facetrial.attacks.referee import BudgetBreach, referee


class TestReferee:
    """Breaches that an attack could commit are each noticed."""

    images = torch.full((1, 3, 8, 8), 0.5)
    region = torch.ones(1, 1, 8, 8)

    def check(self, attacked, region=None, norm="rms", limit=0.1):
        region = self.region if region is None else region
        referee(self.images, attacked, region, norm, limit, ["who/1.png"])

    def test_what_keeps_the_rules_passes(self):
        self.check(self.images + 0.1)
        self.check(self.images + 0.1, norm="linf")
        self.check(self.images + 0.1, norm="l2", limit=0.1 * (3 * 64) ** 0.5)

    def test_too_much(self):
        with pytest.raises(BudgetBreach, match=r"who/1\.png: rms"):
            self.check(self.images + 0.1001)

    def test_out_of_range(self):
        with pytest.raises(BudgetBreach, match="outside"):
            self.check(self.images + 0.6, limit=1.0)

    def test_out_of_region(self):
        region = self.region.clone()
        region[..., 0] = 0
        with pytest.raises(BudgetBreach, match="region"):
            self.check(self.images + 0.01, region)

    def test_not_a_number(self):
        with pytest.raises(BudgetBreach):
            self.check(self.images * torch.nan)

    def test_other_precision(self):
        with pytest.raises(BudgetBreach, match="float32"):
            self.check(self.images.double())


def test_the_referee_counts_places():
    images = torch.full((1, 3, 10, 10), 0.5)
    attacked, everywhere = images.clone(), torch.ones(1, 1, 10, 10)
    attacked[0, 1, :2] = 1.0
    attacked[0, 2, 0] = 0.0
    referee(images, attacked, everywhere, "area", 0.2, ["a.png"])
    attacked[0, 0, 9, 9] = 0.6
    with pytest.raises(BudgetBreach, match=r"a\.png: area of the change is 0\.21"):
        referee(images, attacked, everywhere, "area", 0.2, ["a.png"])
