"""The split that all sets of faces share: each picture once, limits over people, caps that leave the test alone."""

import numpy as np
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.data.synthetic import SyntheticFaces


def small(**changes) -> SyntheticFaces:
    return SyntheticFaces(**{"people": 6, "pictures": 9, "pictures_min": 4, "size": 48, **changes})


@pytest.fixture(scope="module")
def faces():
    module = small()
    module.setup()
    return module


def test_every_picture_goes_to_one_split(faces):
    parts = [faces.train_faces, faces.validation_faces, faces.test_faces]
    files = [file for part in parts for file in part.files]
    assert sorted(files) == sorted(faces.all_faces.files)
    for part in parts:
        assert set(part.identities.tolist()) == set(range(6))
    assert faces.synthetic


def test_limit_is_spread_over_people_and_split_seed_moves_the_split(faces):
    limited = small(limit=6)
    limited.setup()
    assert sorted(limited.test_faces.identities.tolist()) == list(range(6))
    assert set(limited.test_faces.files) <= set(faces.test_faces.files)
    assert limited.not_drawn == len(faces.test_faces) - 6
    assert faces.not_drawn == 0
    moved = small(split_seed=1)
    moved.setup()
    assert moved.test_faces.files != faces.test_faces.files


class TestCappedPictures:
    def test_test_pictures_stay_the_same(self):
        small = {"people": 3, "pictures": 12, "pictures_min": 12, "size": 32}
        whole, few = SyntheticFaces(**small), SyntheticFaces(**small, train_pictures=2)
        for faces in (whole, few):
            faces.setup()
        assert few.test_faces.files == whole.test_faces.files
        assert few.validation_faces.files == whole.validation_faces.files
        assert np.bincount(few.train_faces.identities).tolist() == [2, 2, 2]
        assert set(few.train_faces.files) < set(whole.train_faces.files)
        assert few.capped == tuple(few.names)
        assert whole.capped == ()

    def test_nobody_with_so_many_is_an_error(self):
        faces = SyntheticFaces(
            people=3, pictures=12, pictures_min=12, size=32, train_pictures=2, train_pictures_from=99
        )
        with pytest.raises(FacetrialError, match=r"no person has data\.train_pictures_from=99"):
            faces.setup()
        with pytest.raises(FacetrialError, match=r"data\.train_pictures must be a whole number from 1 on"):
            SyntheticFaces(train_pictures=0)
