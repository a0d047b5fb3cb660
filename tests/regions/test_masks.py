"""Masks and distances in closed form, and ears where drawn faces have them."""

from facetrial.data.synthetic import SyntheticFaces
from facetrial.faces.frames import inter_eye_distance
from facetrial.regions.masks import ear_points


def test_ears_lie_where_drawn_faces_have_them():
    portraits = SyntheticFaces(people=20, pictures=4, pictures_min=4, size=48).portraits()
    distance = (ear_points(portraits.landmarks) - portraits.ears).norm(dim=-1)
    relative = distance / inter_eye_distance(portraits.landmarks)[:, None]
    assert relative.median() < 0.15
    assert (relative < 0.3).float().mean() > 0.9
