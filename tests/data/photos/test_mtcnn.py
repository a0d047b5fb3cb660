"""What MTCNN is asked, beside what test_detection has of it."""

import numpy as np
import pytest

from facetrial.data.photos.mtcnn import Mtcnn


@pytest.mark.parametrize(("smallest", "asked"), [(3, 20), (60, 60)])
def test_faces_are_looked_for_from_twenty_pixels_on(smallest, asked):
    detector = Mtcnn()
    found = detector.find(np.zeros((2, 100, 90, 3), np.uint8), smallest)
    assert detector.network.min_face_size == asked
    assert [(boxes.shape, points.shape) for boxes, points in found] == [((0, 4), (0, 5, 2))] * 2
