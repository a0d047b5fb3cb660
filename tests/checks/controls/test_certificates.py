"""Certificates against noisy copies; wrong ones are planted in tests/planted, and kept ones told in tests/defenses."""

from facetrial.checks.controls.certificates import Certificates
from tests.helpers.evidence import evidence_of, pgd, sound


def test_without_certificates_it_does_not_apply():
    outcome = Certificates()(evidence_of(sound(), pgd(steps=1)))
    assert outcome.passed is None
    assert "no certificates" in outcome.detail
