"""Layers in front of a victim: they come off, go over another one, and add up."""

import pytest
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.blur import GaussianBlur
from facetrial.defenses.build import defended
from facetrial.defenses.jpeg import JPEG
from facetrial.recognition.layers import adaptive_view, base_model, layers, with_base
from facetrial.recognition.victim import Victim
from tests.helpers.pixels import SIZE, Pixels, pictures


class TestSeveral:
    def test_layers_come_off_and_go_over_another_victim(self):
        core, other = Pixels(), Pixels()
        victim = defended(core, [JPEG(50), BitDepth(4)])
        assert [type(layer.defense) for layer in layers(victim)] == [JPEG, BitDepth]
        assert base_model(victim) is core
        assert base_model(adaptive_view(victim)) is core
        assert base_model(with_base(victim, other)) is other
        assert base_model(victim) is core

    def test_only_the_outermost_looks_at_the_range(self):
        inner = Victim(nn.Flatten(), nn.Identity(), [str(i) for i in range(3 * SIZE * SIZE)]).eval()
        victim = defended(inner, [GaussianBlur(1.0)])
        with pytest.raises(FacetrialError, match=r"\[0, 1\]"):
            victim(pictures() + 1)
        assert inner.checked
        assert not base_model(victim).checked
