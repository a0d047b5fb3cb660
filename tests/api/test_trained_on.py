"""A victim takes along what it was trained on or enrolled with, and no file of it holds a picture."""

import copy
import pickle

from torch import nn

import facetrial
from facetrial.api.trained_on import remember, training_pictures
from facetrial.defenses import JPEG, defended

FACES = facetrial.draw_faces(people=3, pictures=8, size=32)


def victim() -> facetrial.Victim:
    return facetrial.Victim(nn.Flatten(), nn.Identity(), ["a", "b"]).freeze()


def test_copies_and_defences_share_it():
    known = victim()
    assert training_pictures(known) is None
    remember(known, lambda: FACES.train_faces)
    for asked in (
        known,
        defended(known, [JPEG(quality=50)]),
        copy.copy(known),
        copy.deepcopy(defended(known, [JPEG(quality=50)])),
    ):
        assert training_pictures(asked) is FACES.train_faces


def test_it_is_loaded_when_it_is_asked_for():
    loaded = []
    known = victim()
    remember(known, lambda: loaded.append(1) or FACES.train_faces)
    assert not loaded
    assert training_pictures(known) is FACES.train_faces
    assert loaded


def test_a_file_of_a_victim_holds_no_pictures():
    known = victim()
    plain = len(pickle.dumps(known))
    remember(known, lambda: FACES.train_faces)
    content = pickle.dumps(known)
    assert len(content) < plain + 500
    assert training_pictures(pickle.loads(content)) is None


def test_something_else_of_that_name_is_not_taken_for_it():
    known = victim()
    known.trained_on = "LFW"
    assert training_pictures(known) is None
