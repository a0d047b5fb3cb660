"""Maps of the plane: their way back, and textures laid by them."""

import pytest
import torch

from facetrial.faces.homographies import inverted, laid, moved


def tilted():
    return torch.tensor([[[0.9, 0.2, 3.0], [-0.1, 1.1, 5.0], [1e-3, -2e-3, 1.0]]])


class TestMaps:
    def test_the_way_back_of_a_map(self):
        points = torch.rand(1, 9, 2) * 50
        torch.testing.assert_close(
            moved(inverted(tilted()), moved(tilted(), points)), points, rtol=1e-4, atol=1e-3
        )
        torch.testing.assert_close(inverted(tilted()), torch.linalg.inv(tilted()))

    def test_the_identity_is_exact(self):
        textures = torch.rand(2, 3, 20, 30)
        eye = torch.eye(3).expand(2, 3, 3)
        torch.testing.assert_close(laid(textures, eye, 20, 30), textures, rtol=0, atol=1e-5)
        wider = laid(textures, eye, 24, 40)
        torch.testing.assert_close(wider[:, :, :20, :30], textures, rtol=0, atol=1e-5)
        assert wider[:, :, 21:].abs().max() < 1e-4
        assert wider[:, :, :, 31:].abs().max() < 1e-4

    def test_a_shift_and_a_scale_put_pixels_where_they_say(self):
        texture = torch.zeros(1, 1, 8, 8)
        texture[0, 0, 2, 5] = 1.0
        shift = torch.tensor([[[1.0, 0.0, 4.0], [0.0, 1.0, 7.0], [0.0, 0.0, 1.0]]])
        assert laid(texture, shift, 16, 16)[0, 0].gt(0.99).nonzero().tolist() == [[9, 9]]
        twice = torch.tensor([[[2.0, 0.0, 0.5], [0.0, 2.0, 0.5], [0.0, 0.0, 1.0]]])
        large = laid(texture, twice, 16, 16)
        assert float(large.sum()) == pytest.approx(4.0, rel=1e-3)

    def test_what_is_flattened_first_is_laid_where_it_came_from_and_nothing_off_it(self):
        texture = torch.rand(1, 1, 8, 8)
        wide = laid(
            texture,
            torch.eye(3)[None],
            8,
            16,
            flattened=lambda places: places * places.new_tensor((0.5, 1.0)),
        )
        torch.testing.assert_close(wide[..., ::2], texture)
        off = laid(
            texture, torch.eye(3)[None], 8, 8,
            flattened=lambda places: torch.where(places[..., :1] < 4, places, torch.nan),
        )  # fmt: skip
        torch.testing.assert_close(off[..., :4], texture[..., :4])
        assert off[..., 4:].eq(0).all()

    def test_the_slope_is_that_of_finite_differences(self):
        texture = torch.rand(1, 1, 6, 6, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(lambda t: laid(t, tilted().double(), 12, 12, 2), (texture,))

    @pytest.mark.parametrize("broken", [torch.full((3, 3), torch.nan), torch.zeros(3, 3)])
    def test_a_map_without_a_way_back_lays_nothing_and_spoils_no_other(self, broken):
        textures = torch.ones(2, 1, 8, 8)
        pictures = laid(textures, torch.stack([torch.eye(3), broken]), 8, 8)
        assert pictures[1].eq(0).all()
        torch.testing.assert_close(pictures[0], textures[0])

    def test_what_lies_behind_the_camera_is_not_seen(self):
        steep = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.2, 0.0, 1.0]]])  # from x = 5 on behind
        assert not laid(torch.ones(1, 1, 16, 16), steep, 16, 16).isnan().any()
        assert moved(steep, torch.tensor([[[6.0, 1.0]]])).isnan().all()
