"""Total variation: an adjoint, and a value that falls with every step."""

import torch

from facetrial.defenses.total_variation import TotalVariation, divergence, gradient, variation
from tests.helpers.pixels import SIZE, pictures


class TestTotalVariation:
    def test_divergence_is_minus_the_adjoint_of_the_gradient(self):
        generator = torch.Generator().manual_seed(0)
        images, across, down = torch.randn(3, 2, 3, 7, 5, generator=generator, dtype=torch.float64)
        slopes = gradient(images)
        left = (slopes[0] * across).sum() + (slopes[1] * down).sum()
        torch.testing.assert_close(left, -(images * divergence(across, down)).sum())

    def test_more_steps_come_nearer_to_the_least_value(self):
        images = (pictures(1) + 0.1 * torch.randn(1, 3, SIZE, SIZE)).clamp(0, 1)

        def value(u):
            return float(0.5 * (u - images).square().sum() + 0.1 * variation(u).sum())

        values = [value(TotalVariation(0.1, steps).transform(images)) for steps in (1, 5, 20, 100, 400)]
        assert values == sorted(values, reverse=True)
        assert values[2] <= 1.05 * values[4] < value(images)
