"""What prints: colours near the inks, and textures without many edges."""

import pytest
import torch

from facetrial.attacks.fitted.printability import non_printability, printable_colours, total_variation


class TestPrinting:
    alpha = torch.ones(6, 8)

    def test_printable_colours_print_and_a_pure_green_does_not(self):
        for colour in printable_colours():
            texture = colour[None, :, None, None].expand(1, 3, 6, 8)
            assert non_printability(texture, self.alpha) < 1e-3
        green = torch.tensor([0.0, 1.0, 0.0])[None, :, None, None].expand(1, 3, 6, 8)
        assert non_printability(green, self.alpha) > 48 * 0.2

    def test_variation_is_the_height_of_an_edge_times_its_length(self):
        texture = torch.zeros(1, 3, 6, 8)
        texture[:, 1, :, 4:] = 0.5
        assert float(total_variation(texture, self.alpha)) == pytest.approx(5 * 0.5, abs=0.01)
        assert float(total_variation(texture, torch.zeros(6, 8))) == pytest.approx(0, abs=0.01)
