"""data=synthetic: a data set like any other, with nothing unknown."""

import numpy as np
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.data.synthetic import MOST_PEOPLE, SyntheticFaces, person_folders
from facetrial.faces.batch import check_images
from facetrial.faces.landmark_names import NOSE_TIP


def small(**changes) -> SyntheticFaces:
    return SyntheticFaces(**{"people": 6, "pictures": 9, "pictures_min": 4, "size": 48, **changes})


@pytest.fixture(scope="module")
def faces():
    module = small()
    module.setup()
    return module


def test_people_have_unequal_numbers_of_pictures_within_bounds():
    persons, numbers = SyntheticFaces(people=40, pictures=30, pictures_min=5).numbers()
    counts = torch.bincount(persons)
    assert counts.min() >= 5
    assert counts.max() <= 30
    assert len(counts.unique()) > 8
    assert counts.float().mean() < 17.5
    assert (numbers < counts[persons]).all()
    equal, _ = SyntheticFaces(people=3, pictures=7, pictures_min=7).numbers()
    assert torch.bincount(equal).tolist() == [7, 7, 7]


def test_batches_keep_the_contract(faces):
    batch = next(iter(faces.test_dataloader()))
    check_images(batch.images)
    assert batch.images.shape[2:] == (48, 48)
    assert not batch.landmarks.isnan().any()
    centre = (batch.boxes[:, :2] + batch.boxes[:, 2:]) / 2
    inside = (batch.landmarks > batch.boxes[:, None, :2]) & (batch.landmarks < batch.boxes[:, None, 2:])
    assert inside.float().mean() > 0.97
    assert ((batch.landmarks[:, NOSE_TIP] - centre).norm(dim=1) < 12).all()


def test_mtcnns_points_are_unknown_where_it_has_not_looked(faces):
    assert np.isnan(faces.all_faces.five_points).all()


def test_pictures_belong_to_the_population_not_to_the_data_set(faces):
    """More people, other splits or another limit leave a picture as it is."""
    larger = small(people=7, split_seed=3).load_faces()
    everyone = faces.all_faces
    where = [larger.files.index(file) for file in everyone.files]
    assert np.array_equal(larger.pixels[where], everyone.pixels)
    assert np.array_equal(larger.landmarks[where], everyone.landmarks)
    other = small(people_seed=1).load_faces()
    assert not np.array_equal(other.pixels[0], everyone.pixels[0])


def test_names_are_a_persons_own_and_not_plain_ascii(faces):
    assert len(set(faces.names)) == 6
    for identity, file in zip(faces.all_faces.identities, faces.all_faces.files, strict=True):
        folder, picture = file.split("/")
        assert folder.replace("_", " ") == faces.names[identity]
        assert picture.startswith(folder + "_")
        assert picture.endswith(".png")
    folders = person_folders([False, True] * 6)
    assert any(" " in folder for folder in folders)
    assert any(not folder.isascii() for folder in folders)
    everyone = [*person_folders([False] * MOST_PEOPLE), *person_folders([True] * MOST_PEOPLE)]
    assert len({folder.replace("_", " ") for folder in everyone}) == 2 * MOST_PEOPLE


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"people": 1}, "data.people"),
        ({"people": 10**6}, "data.people"),
        ({"pictures_min": 2}, "data.pictures_min"),
        ({"pictures": 3}, "data.pictures"),
        ({"limit": 0}, "data.limit"),
    ],
)
def test_numbers_that_make_no_data_set_are_refused(wrong, message):
    with pytest.raises(FacetrialError, match=message):
        small(**wrong)
