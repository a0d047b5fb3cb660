"""The mean of clean pictures and of their regions."""

import numpy as np
import pytest

from facetrial.data.synthetic import SyntheticFaces
from facetrial.regions.regions import Discs
from facetrial.report.mean_face import mean_face, read_mean_face, write_mean_face


@pytest.fixture(scope="module")
def faces():
    drawn = SyntheticFaces(people=3, pictures=8, pictures_min=8, size=48)
    drawn.setup()
    return drawn.test_faces


def test_the_mean_face_is_of_clean_pictures_and_comes_back(tmp_path, faces):
    picture, mask = mean_face(faces, Discs("nose", area=0.06), 0)
    assert np.allclose(picture, faces.pixels[faces.rows].mean(0).transpose(2, 0, 1) / 255, atol=1e-6)
    assert mask.mean() == pytest.approx(0.06, abs=0.002)
    write_mean_face(faces, Discs("nose", area=0.06), 0, tmp_path)
    read = read_mean_face(tmp_path)
    assert np.abs(read[0] - picture).max() < 0.003
    assert np.abs(read[1] - mask).max() < 0.003
    assert read_mean_face(tmp_path / "nothing") is None
