import pytest
import torch
from torch import nn

import facetrial
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.goals import Impersonation
from facetrial.core.errors import FacetrialError
from facetrial.regions.regions import Discs, Everywhere
from facetrial.trial.photo import identify, said_of

FACES = facetrial.draw_faces(people=4, pictures=6, size=32)
VICTIM = facetrial.enrol(facetrial.load_embedder("small", size=32, channels=4), FACES)
NOISE = facetrial.Attack(Everywhere(), RMS(0.3), Gaussian())


def test_it_says_what_the_scores_say():
    images = FACES.test_faces.batch([0]).images
    said, scores = said_of(VICTIM, images, FACES.names), VICTIM(images)[0]
    order = scores.argsort(descending=True).tolist()
    assert [name for name, _ in said.ranked] == [FACES.names[number] for number in order]
    assert said.name == FACES.names[order[0]]
    assert said.margin == pytest.approx(float(scores[order[0]] - scores[order[1]]))
    assert said.similarity == pytest.approx(float(scores.max()))  # the gallery's head scores by cosine
    assert said.flagged is None
    assert not said.silent


def test_what_becomes_of_it_is_what_an_attack_from_python_makes_of_it():
    file = FACES.test_faces.files[0]
    photo = FACES.test_faces.subset([0])
    found = identify(VICTIM, photo, FACES.names, NOISE, seed=3)
    batch = photo.batch([0])
    named = FACES.names.index(found.clean.name)
    images, rows = facetrial.attack(VICTIM, batch.images, [named], NOISE, files=[file], seed=3)
    assert torch.equal(found.change.images, images)
    assert found.attacked.name == rows["predicted_attacked"][0]
    assert found.saved.name == rows["predicted_8bit"][0]
    assert found.fooled == (not rows["correct_attacked"][0])
    assert found.target is None


def test_the_target_is_told_and_only_it_counts():
    photo = FACES.test_faces.subset([0])
    clean = identify(VICTIM, photo, FACES.names, None, 0)
    assert clean.attacked is None
    assert not clean.fooled
    second = clean.clean.ranked[1][0]
    attack = facetrial.Attack(Everywhere(), RMS(0.3), Gaussian(), Impersonation(second))
    found = identify(VICTIM, photo, FACES.names, attack, 0)
    assert found.target == second
    assert found.fooled == (found.attacked.name == second)
    own = facetrial.Attack(Everywhere(), RMS(0.3), Gaussian(), Impersonation(clean.clean.name))
    with pytest.raises(FacetrialError, match="all pictures show"):
        identify(VICTIM, photo, FACES.names, own, 0)


def test_a_region_that_is_not_there_is_told():
    photo = FACES.test_faces.subset([0])
    photo.landmarks[:] = float("nan")
    with pytest.raises(FacetrialError, match="cannot be attacked: the region is empty"):
        identify(VICTIM, photo, FACES.names, facetrial.Attack(Discs("mouth"), RMS(0.1), Gaussian()), 0)


def test_scores_that_are_not_finite_are_no_answer():
    class Broken(nn.Module):
        def forward(self, images):
            return torch.full((len(images), 4), torch.nan)

    with pytest.raises(FacetrialError, match="are not finite"):
        said_of(Broken().eval(), FACES.test_faces.batch([0]).images, FACES.names)
