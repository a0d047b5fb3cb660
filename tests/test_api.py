import pytest
import torch
from torch import nn

import facetrial
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.core.errors import FacetrialError
from facetrial.regions.regions import Discs, Everywhere
from tests.helpers.faces import some_faces


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
    with pytest.raises(FacetrialError, match="differ in length"):
        facetrial.attack(victim, images, faces.identities[:3], noise)
