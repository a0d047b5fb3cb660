"""Red and blue exchanged: a network that knows both alike passes; one taught the other order is planted."""

from torch import nn

from facetrial.checks.colour_order import ColourOrder
from facetrial.recognition.victim import Victim
from tests.helpers.evidence import NAMES, evidence, sound
from tests.helpers.victims import trained


def test_a_network_without_embeddings_is_left_out():
    assert ColourOrder()(evidence(trained())).passed is None


def test_a_network_that_sees_grey_passes():
    class Grey(nn.Module):
        def forward(self, images):
            return nn.functional.normalize(images.mean(1).flatten(1) - 0.5)

    victim = Victim(Grey(), nn.Linear(256, len(NAMES)), NAMES).freeze()
    outcome = ColourOrder()(evidence(victim))
    assert outcome.passed, outcome.detail
    assert ColourOrder()(evidence(sound())).passed is not False
