"""A recogniser that scores people itself: whose scores are whose."""

import numpy as np
import pytest
import torch

import facetrial
from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.black_box.function import FunctionEmbedder
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.layers import scores_and_embeddings
from facetrial.recognition.scores_head import ScoresHead, fit_head
from facetrial.recognition.svm_head import SVMHead

PEOPLE = ("Ann", "Bob", "Tom", "Zoë")
IDENTITIES = np.array([0, 1, 0, 1])


class Scoring:
    has_slope = False

    def __init__(self, people=PEOPLE):
        self.people = people


def fitted(names=("Zoë", "Bob")):
    head = ScoresHead()
    fit_head(head, Scoring(), np.arange(16.0).reshape(4, 4), IDENTITIES, names)
    return head


def test_people_are_found_by_name():
    scores = torch.tensor([[0.0, 1.0, 2.0, 3.0]])
    assert fitted()(scores).tolist() == [[3.0, 1.0]]
    assert fitted().num_classes == 2


def test_it_comes_back_from_a_checkpoint():
    head = ScoresHead()
    assert not head.fitted
    with pytest.raises(FacetrialError, match=r"python train\.py"):
        head(torch.zeros(1, 4))
    head.load_state_dict(fitted().state_dict())
    assert head(torch.tensor([[0.0, 1.0, 2.0, 3.0]])).tolist() == [[3.0, 1.0]]


def test_whom_it_does_not_know_is_named():
    with pytest.raises(
        FacetrialError, match=r"scores 4 people, such as Ann, Bob, Tom, and not 1 of the data's: Eve"
    ):
        fitted(("Zoë", "Eve"))


def test_scores_and_embeddings_are_not_taken_for_each_other():
    embeddings = np.random.default_rng(0).standard_normal((4, 4))
    with pytest.raises(FacetrialError, match=r"gives scores of 4 people.*model/head=scores"):
        fit_head(GalleryHead(), Scoring(), embeddings, IDENTITIES, ("Ann", "Bob"))
    with pytest.raises(FacetrialError, match=r"gives embeddings.*model/head=svm or gallery"):
        fit_head(ScoresHead(), Scoring(None), embeddings, IDENTITIES, ("Ann", "Bob"))
    fit_head(SVMHead(), Scoring(None), embeddings, IDENTITIES, ("Ann", "Bob"))


def test_nobody_on_a_training_picture_is_said():
    embeddings = np.random.default_rng(0).standard_normal((4, 4))
    embeddings[2] = np.nan
    with pytest.raises(FacetrialError, match="finds nobody on 1 of 4 training pictures"):
        fit_head(SVMHead(), Scoring(None), embeddings, IDENTITIES, ("Ann", "Bob"))


def test_fitted_alone_it_says_what_it_lacks():
    with pytest.raises(FacetrialError, match="goes by names"):
        ScoresHead().fit(np.ones((4, 4)), IDENTITIES)


def test_from_python_it_knows_the_people_of_the_data():
    faces = facetrial.draw_faces(people=3, pictures=8, size=32)

    def score(pictures):
        bright = pictures.mean((1, 2, 3))
        return [
            {"nobody": -1e3, **{name: float(b) + n for n, name in enumerate(faces.names)}} for b in bright
        ]

    victim = facetrial.enrol(FunctionEmbedder(score, 32), faces)
    images = faces.test_faces.batch([0, 1]).images
    scores, embeddings = scores_and_embeddings(victim, images)
    assert scores.shape == (2, 3)
    assert scores.argmax(1).tolist() == [2, 2]
    assert embeddings is None
