"""A detector whose threshold is where it says, and some whose threshold is not."""

import pytest
import torch

from facetrial.checks.controls.false_alarms import FalseAlarms
from facetrial.defenses import detectors
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.blur import GaussianBlur
from facetrial.defenses.build import defended
from facetrial.defenses.detectors import FeatureSqueezing
from tests.helpers.evidence import faces, sound
from tests.planted.trials import trial

HELD = 80


def squeezing(false_alarms: float = 0.1) -> FeatureSqueezing:
    return FeatureSqueezing({"bits": BitDepth(3), "blur": GaussianBlur(0.8)}, false_alarms)


def judged(victim, held=None, **settings):
    return FalseAlarms(**settings)(trial(victim, validation_faces=held or faces(HELD, seed=7)))


def test_it_does_not_apply_where_nothing_flags():
    assert judged(sound()).passed is None
    assert judged(defended(sound(), [BitDepth(4)])).passed is None
    assert FalseAlarms()(trial(defended(sound(), [squeezing()], faces(HELD, seed=7)))).passed is None


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("pictures", [256, 40])
def test_a_threshold_where_it_says_passes(share, pictures):
    held = faces(HELD, seed=7)
    outcome = judged(defended(sound(), [squeezing(share)], held), held, pictures=pictures)
    assert outcome.passed, outcome
    assert f"of {min(pictures, HELD)} validation pictures" in outcome.detail


def test_too_few_pictures_for_any_to_be_flagged_pass():
    held = faces(12, seed=7)
    assert judged(defended(sound(), [squeezing(0.01)], held), held).passed


@pytest.mark.parametrize(
    "quantile", [lambda share: 1 - share, lambda share: share / 50, lambda share: 4 * share]
)
def test_a_threshold_at_another_quantile_is_told(monkeypatch, quantile):
    wanted = detectors.threshold
    monkeypatch.setattr(detectors, "threshold", lambda found, share: wanted(found, quantile(share)))
    held = faces(HELD, seed=7)
    outcome = judged(defended(sound(), [squeezing()], held), held)
    assert outcome.passed is False
    assert "which allows for 7 of 80" in outcome.detail
    assert "at the quantile" in outcome.remedy


def test_a_threshold_that_was_set_on_perturbed_pictures_is_told():
    held, noisy = faces(HELD, seed=7), faces(HELD, seed=7)
    generator = torch.Generator().manual_seed(0)
    noise = 40 * torch.randn(noisy.pixels.shape, generator=generator).numpy()
    noisy.pixels = (noisy.pixels + noise).clip(0, 255).astype("uint8")
    outcome = judged(defended(sound(), [squeezing()], noisy), held)
    assert outcome.passed is False, outcome
