"""Who asks no surrogate is asked for none; what is planted in them: tests/planted."""

from facetrial.checks.controls.other_network import SurrogateApart
from tests.helpers.evidence import evidence_of, pgd, sound


def test_an_attack_on_the_victim_has_no_surrogate():
    assert SurrogateApart()(evidence_of(sound(), pgd(1))).passed is None
