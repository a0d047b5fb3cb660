import numpy as np
import pytest
from torch import nn

import facetrial
from facetrial.core.errors import FacetrialError
from facetrial.landmarks.sources import Mtcnn
from tests.helpers.drawn_folders import draw_photographs


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return draw_photographs(tmp_path_factory.mktemp("people"), ("Ann", "Bob"), 4)


def test_a_folder_comes_with_landmarks_cut_as_the_recogniser_wants_it(people, tmp_path):
    embedder = facetrial.load_embedder("small", size=64, alignment="facenet")
    faces = facetrial.load_faces(people, embedder, cache=tmp_path)
    assert faces.names == ["Ann", "Bob"]
    assert faces.all_faces.pixels.shape[1:] == (64, 64, 3)
    assert "facenet" in repr(faces.alignment).lower()
    landmarks = np.concatenate(
        [part.landmarks for part in (faces.train_faces, faces.validation_faces, faces.test_faces)]
    )
    assert np.isfinite(landmarks).all()
    assert np.array_equal(faces.all_faces.landmarks, Mtcnn().find(faces.all_faces))
    said = "PeopleFolder(2 people, 8 pictures of 64 x 64, 4 to train, 2 to validate, 2 to test)"
    assert repr(faces) == str(faces) == said


def test_what_is_given_comes_before_what_the_recogniser_says(people, tmp_path):
    embedder = facetrial.load_embedder("small", size=64)
    faces = facetrial.load_faces(people, embedder, size=48, cache=tmp_path, limit=1)
    assert faces.all_faces.pixels.shape[1] == 48
    assert len(faces.test_faces) == 1
    assert facetrial.load_faces(people, cache=tmp_path).all_faces.pixels.shape[1] == 112


def test_who_does_not_say_how_faces_are_cut_is_asked(people, tmp_path):
    with pytest.raises(FacetrialError, match="Linear does not say how its faces are cut: give `size`"):
        facetrial.load_faces(people, nn.Linear(3, 3), cache=tmp_path)


def test_drawn_faces_are_marked_as_such():
    faces = facetrial.draw_faces(people=3, pictures=5, size=32)
    assert faces.synthetic
    assert (
        str(faces) == "SyntheticFaces(3 people, 15 pictures of 32 x 32, 8 to train, 3 to validate, 4 to test)"
    )
    assert np.isfinite(faces.test_faces.landmarks).any()
