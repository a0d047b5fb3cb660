from types import SimpleNamespace

import pytest
import torch
from torch import nn

import facetrial
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Impersonation
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.surrogate import Surrogate
from facetrial.core.errors import FacetrialError
from facetrial.faces.landmark_names import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE_TIP, RIGHT_EYE
from facetrial.landmarks.sources import Mtcnn
from facetrial.regions.regions import Discs, Everywhere
from tests.helpers.faces import some_faces
from tests.helpers.victims import Network, pictures, trained


class Brightest(nn.Module):
    """Recognises a picture by its brightest channel."""

    def forward(self, images):
        return images.mean((2, 3))


def dominated_by_their_channel():
    faces = some_faces(10, size=32)
    images = faces.images * 0.5
    images[torch.arange(10), faces.identities] += 0.01
    return images, faces


def test_pictures_and_rows_come_back_in_order():
    images, faces = dominated_by_their_channel()
    attack = facetrial.Attack(Everywhere(), RMS(0.2), Gaussian())
    attacked, rows = facetrial.attack(Brightest().eval(), images, faces.identities, attack, batch_size=4)
    again, _ = facetrial.attack(Brightest().eval(), images, faces.identities, attack, batch_size=10)
    assert torch.equal(attacked, again)
    assert rows["file"].tolist() == [str(i) for i in range(10)]
    right = attacked.mean((2, 3)).argmax(1) == faces.identities
    assert rows["correct_attacked"].tolist() == right.tolist()
    assert rows["rms"].tolist() == pytest.approx([0.2] * 10)
    rounded = (attacked * 255).round() / 255
    assert rows["predicted_8bit"].tolist() == [str(i) for i in rounded.mean((2, 3)).argmax(1).tolist()]


def test_margins_are_own_score_minus_best_other():
    images, faces = dominated_by_their_channel()
    attack = facetrial.Attack(Everywhere(), RMS(0.2), Gaussian())
    _, rows = facetrial.attack(Brightest().eval(), images, faces.identities, attack, names=["a", "b", "c"])
    scores = images.mean((2, 3))
    own = scores[torch.arange(10), faces.identities]
    others = torch.stack(
        [scores[i, [c for c in range(3) if c != faces.identities[i]]].max() for i in range(10)]
    )
    assert rows["margin_clean"].tolist() == pytest.approx((own - others).tolist(), abs=1e-7)
    assert rows["identity"].tolist() == ["abc"[i] for i in faces.identities]


def test_mistakes_are_explained():
    images, faces = dominated_by_their_channel()
    noise = facetrial.Attack(Everywhere(), RMS(0.2), Gaussian())
    victim = Brightest()
    with pytest.raises(FacetrialError, match="train mode"):
        facetrial.attack(victim, images, faces.identities, noise)
    victim.eval()
    with pytest.raises(FacetrialError, match="divided by 255"):
        facetrial.attack(victim, images * 255, faces.identities, noise)
    with pytest.raises(FacetrialError, match="needs landmarks"):
        facetrial.attack(victim, images, faces.identities, facetrial.Attack(Discs(), RMS(0.2), Gaussian()))
    mistakes = {
        "identities": (faces.identities[:3], "identities must have one number for each of 10 pictures"),
        "files": (["a"] * 10, "files must all be different, found 'a' 10 times"),
        "names": (["a", "b", "a"], "names must all be different"),
        "landmarks": (
            faces.landmarks[:, :7],
            r"landmarks must be numbers of shape \(10, 15, 2\), or \(10, 5, 2\) of",
        ),
        "batch_size": (0, "batch_size must be a whole number from 1 on, found 0"),
        "seed": (None, "seed must be a whole number, found None"),
        "attack": (Gaussian(), "attack must be a facetrial.Attack, found a Gaussian"),
    }
    for mistake, (value, said) in mistakes.items():
        given = {"identities": faces.identities, "attack": noise, mistake: value}
        with pytest.raises(FacetrialError, match=said):
            facetrial.attack(victim, images, **given)


def pgd(**settings) -> facetrial.Attack:
    return facetrial.Attack(Everywhere(), Linf(8), PGD(Margin(), steps=3, step=0.25), **settings)


IMAGES, WHO = pictures(6)


@pytest.mark.parametrize("given", [WHO.tolist(), WHO.numpy(), WHO.int(), WHO.byte(), tuple(WHO)])
def test_identities_in_any_form_are_the_same(given):
    expected, rows = facetrial.attack(trained(), IMAGES, WHO, pgd())
    found, same = facetrial.attack(trained(), IMAGES, given, pgd())
    assert torch.equal(found, expected)
    assert same.equals(rows)
    assert rows["status"].tolist() == ["attacked"] * 6


@pytest.mark.parametrize(
    "identities", [WHO + 6, WHO - 7, WHO.float(), WHO[:, None], torch.eye(6)[WHO], WHO[0]]
)
def test_identities_that_no_class_has_are_refused(identities):
    with pytest.raises(FacetrialError, match="identities must"):
        facetrial.attack(trained(), IMAGES, identities, pgd())


def test_a_function_is_attacked_as_its_network():
    expected, _ = facetrial.attack(trained(), IMAGES, WHO, pgd(fast=False))
    for function in (trained().forward, lambda images: trained()(images)):
        found, _ = facetrial.attack(function, IMAGES, WHO, pgd(fast=False))
        assert torch.equal(found, expected)


@pytest.mark.parametrize("shape", [(0, 3, 16, 16), (2, 3, 16, 0)])
def test_no_picture_is_refused(shape):
    with pytest.raises(FacetrialError, match=rf"no picture to attack: images has shape \({shape[0]}, 3, 16"):
        facetrial.attack(trained(), torch.zeros(shape), [0] * shape[0], pgd())


def test_a_layer_in_train_mode_does_not_move():
    network = Network(6).eval()
    network[1].train()
    before = network[1].running_mean.clone()
    for victim in (network, network.forward, lambda images: network(images)):
        with pytest.raises(FacetrialError, match="train mode"):
            facetrial.attack(victim, IMAGES, WHO, pgd())
    assert torch.equal(network[1].running_mean, before)


def test_names_and_a_target_among_them():
    attack = pgd(goal=Impersonation("e"))
    _, rows = facetrial.attack(trained(), IMAGES, WHO, attack, names=list("abcdef"))
    assert rows["target"].tolist() == ["e", "e", "e", "e", "", "e"]
    with pytest.raises(FacetrialError, match="a name for each of 6 people that the victim scores, found 2"):
        facetrial.attack(trained(), IMAGES, WHO, attack, names=["a", "e"])


class Calls(Network):
    """Has a method where others have their people's names."""

    def names(self) -> None:
        raise AssertionError


class Knows(Network):
    names = ("a", "b")


def test_names_that_a_victim_has():
    attack = pgd(goal=Impersonation("nearest"))
    facetrial.attack(Calls(6).eval(), IMAGES, WHO, attack)
    with pytest.raises(FacetrialError, match="a name for each of 6 people that the victim scores, found 2"):
        facetrial.attack(Knows(6).eval(), IMAGES, WHO, attack)
    twice = facetrial.Victim(trained(), torch.nn.Identity(), list("abcdea")).eval()
    with pytest.raises(FacetrialError, match="names must all be different, found 'a' 2 times"):
        facetrial.attack(twice, IMAGES, WHO, attack)


def test_whatever_mode_of_gradients_the_caller_is_in():
    expected, _ = facetrial.attack(trained(), IMAGES, WHO, pgd())
    with torch.no_grad():
        assert torch.equal(facetrial.attack(trained(), IMAGES, WHO, pgd())[0], expected)
    with torch.inference_mode():
        assert torch.equal(facetrial.attack(trained(), IMAGES.clone(), WHO, pgd())[0], expected)
    found, _ = facetrial.attack(trained(), IMAGES.clone().requires_grad_(), WHO, pgd())
    assert torch.equal(found, expected)
    assert not found.requires_grad


def test_another_default_type_is_refused():
    torch.set_default_dtype(torch.float64)
    try:
        with pytest.raises(FacetrialError, match=r"torch's default is torch\.float64"):
            facetrial.attack(trained(), IMAGES, WHO, pgd())
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_surrogate_of_other_people_is_refused():
    with pytest.raises(FacetrialError, match="the surrogate scores 4 people and the victim 6"):
        facetrial.attack(trained(), IMAGES, WHO, pgd(surrogate=Surrogate(Network(4).eval())))
    facetrial.attack(trained(), IMAGES, WHO, pgd(surrogate=Surrogate(Network(6).eval())))


def test_the_victims_names_stand_in_the_rows():
    victim = facetrial.Victim(trained(), torch.nn.Identity(), list("abcdef")).eval()
    _, rows = facetrial.attack(victim, IMAGES, WHO, pgd())
    assert rows["identity"].tolist() == ["abcdef"[i] for i in WHO]
    assert set(rows["predicted_clean"]) <= set("abcdef")
    _, rows = facetrial.attack(victim, IMAGES, WHO, pgd(), names=list("uvwxyz"))
    assert rows["identity"].tolist() == ["uvwxyz"[i] for i in WHO]


def test_five_landmarks_stand_for_those_that_mtcnn_source_derives_of_them():
    images, faces = dominated_by_their_channel()
    five = faces.landmarks[:, [RIGHT_EYE, LEFT_EYE, NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT]]
    five[3] = torch.nan
    attack = facetrial.Attack(Discs(), RMS(0.05), Gaussian())
    found, rows = facetrial.attack(
        Brightest().eval(), images, faces.identities, attack, landmarks=five.numpy()
    )
    assert rows["status"].tolist() == ["attacked"] * 3 + ["not_attackable"] + ["attacked"] * 6
    derived = Mtcnn().find(SimpleNamespace(five_points=five.numpy()))
    expected, _ = facetrial.attack(Brightest().eval(), images, faces.identities, attack, landmarks=derived)
    assert torch.equal(found, expected)
    _, rows = facetrial.attack(
        Brightest().eval(), images, faces.identities, attack, landmarks=torch.full_like(five, torch.nan)
    )
    assert set(rows["status"]) == {"not_attackable"}
