"""The noise level at which random noise costs what was asked for, or that noise in a region still reaches."""

import numpy as np
import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.core.errors import FacetrialError
from facetrial.regions.regions import Everywhere, Region
from facetrial.run.level.calibration import StudyRule
from tests.helpers.evidence import NAMES, faces, sound


class Half(Region):
    """The upper half of the picture."""

    needs_landmarks = False

    def __call__(self, landmarks, height, width, draws):
        mask = torch.zeros(len(landmarks), 1, height, width)
        mask[:, :, : height // 2] = 1
        return mask


@pytest.fixture(scope="module")
def pictures():
    return faces(48, seed=3)


def lost(pictures, rms, who, draws=4):
    """The accuracy that noise everywhere costs some people, a mean over them, counted one by one."""
    batch = pictures.batch(range(len(pictures)))
    attack = Attack(Everywhere(), RMS(rms), Gaussian())

    def accuracies(images):
        right = (sound()(images).argmax(1) == batch.identities).float()
        return np.array([right[batch.identities == one].mean() for one in who])

    noisy = np.mean([accuracies(attack(None, batch, 0, draw + 1).images) for draw in range(draws)], axis=0)
    return float((accuracies(batch.images) - noisy).mean())


@pytest.mark.parametrize("people", [[], NAMES[1:3]])
def test_the_level_costs_what_was_asked(pictures, people):
    found = StudyRule(people, cost=0.3, region=Everywhere()).find(sound(), pictures, seed=0, batch_size=20)
    who = range(len(NAMES)) if not people else (1, 2)
    width = 0.5 / 2**7
    assert (
        lost(pictures, found.costs_enough - width, who)
        < 0.3
        <= lost(pictures, found.costs_enough + width, who)
    )
    assert found.cost == pytest.approx(lost(pictures, found.rms, who))
    assert found.rms == round(min(found.costs_enough, found.still_reached), 3)
    assert (found.wanted_cost, found.pictures) == (0.3, 48)
    assert found.people == {name: 8 for name in (people or NAMES)}


def test_noise_that_cannot_get_there_sets_the_level(pictures):
    """Of grey pictures every value can move by one half, in half of the picture: an RMS of 0.5 / sqrt(2)."""
    grey = faces(12)
    grey.pixels[:] = 128
    found = StudyRule([], cost=0.3, region=Half()).find(sound(), grey, seed=0)
    assert found.still_reached == pytest.approx(0.5 / 2**0.5, abs=0.002)
    reached = [
        StudyRule([], 2.0, Half(), reach).find(sound(), pictures, seed=0).still_reached
        for reach in (0.5, 0.95, 1.0)
    ]
    assert reached[0] > reached[1] > reached[2]
    never = StudyRule([], 2.0, Half()).find(sound(), pictures, seed=0)
    assert never.rms == round(never.still_reached, 3) < never.costs_enough


def test_people_who_are_not_there_are_named(pictures):
    with pytest.raises(FacetrialError, match=r"Jane Doe not among the 6 people"):
        StudyRule(["Jane Doe", NAMES[0]], 0.3, Everywhere()).find(sound(), pictures, seed=0)
