"""Which training pictures are perturbed, and by what draws."""

from types import SimpleNamespace

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.core.errors import FacetrialError
from facetrial.defenses.trained.adversarial_data import AdversarialFaces
from facetrial.defenses.trained.adversarial_training import AdversarialTraining
from facetrial.regions.regions import Everywhere
from tests.helpers.faces import some_faces


def adversarial(fraction=0.5, batches=()):
    inner = SimpleNamespace(
        head_batches=lambda victim: iter(batches),
        on_after_batch_transfer=lambda batch, dataloader_idx: batch,
        train_faces=SimpleNamespace(files=[str(number) for number in range(200)]),
    )
    return AdversarialFaces(inner, Attack(Everywhere(), RMS(0.1), Gaussian()), fraction, seed=0)


def changed(mixed, faces):
    return (mixed.images != faces.images).flatten(1).any(1)


def test_about_the_fraction_is_perturbed_and_the_rest_is_left():
    faces = some_faces(200, size=16)
    share = changed(adversarial(0.3).mixed(faces, draw=1), faces).float().mean()
    assert 0.2 < share < 0.4


def test_which_ones_and_how_depends_on_picture_and_epoch():
    faces = some_faces(40, size=16)
    data = adversarial()
    first = data.mixed(faces, draw=1).images
    parts = [data.mixed(faces.select(rows), draw=1).images for rows in torch.arange(40).split(7)]
    assert torch.equal(torch.cat(parts), first)
    assert not torch.equal(data.mixed(faces, draw=2).images, first)


def test_the_head_sees_every_picture_clean_and_perturbed_copies():
    faces = some_faces(40, size=16)
    clean, perturbed = adversarial(1.0, [faces]).head_batches()
    assert torch.equal(clean.images, faces.images)
    assert changed(perturbed, faces).all()
    assert torch.equal(perturbed.identities, faces.identities)


def test_an_attack_that_asks_nobody_moves_no_embedding():
    faces = some_faces(40, size=16)
    data = adversarial(1.0)
    plain = data.mixed(faces, draw=1)
    data.against_embedding = True
    assert torch.equal(data.mixed(faces, draw=1).images, plain.images)


def test_outside_training_batches_stay_clean():
    faces = some_faces(4, size=16)
    data = adversarial(1.0)
    data.trainer = SimpleNamespace(training=False, current_epoch=0, lightning_module=torch.nn.Module())
    assert data.on_after_batch_transfer(faces, 0) is faces
    data.trainer = SimpleNamespace(training=True, current_epoch=0, lightning_module=torch.nn.Module())
    assert changed(data.on_after_batch_transfer(faces, 0), faces).all()


@pytest.mark.parametrize("fraction", [0.0, -1, 1.2])
def test_a_senseless_fraction_is_refused(fraction):
    with pytest.raises(FacetrialError, match=r"defense\.adv\.fraction"):
        AdversarialTraining(adversarial().attack, fraction, seed=0)
