"""Random resizing: an attacker never sees the draw of the verdict."""

import torch

from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.recognition.layers import adaptive_view
from tests.helpers.pixels import Pixels, pictures


def test_an_attacker_never_sees_the_draw_of_the_verdict():
    victim = RandomResizePad(0.5, 0, 3).wrap_victim(Pixels())
    asked = adaptive_view(victim)
    images = pictures(1)
    assert asked.forward_passes == 3
    shown = asked.shown(images)
    assert len(shown) == 3
    assert not any(torch.equal(one, victim.shown(images)[0]) for one in shown)
    torch.testing.assert_close(asked(images), shown.flatten(1).mean(0, keepdim=True))
