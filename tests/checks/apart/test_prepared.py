"""Pictures of the trial that were loaded otherwise than those trained on are found, by what undoes it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import facetrial
from facetrial.checks.apart.prepared import AlikePrepared
from facetrial.checks.base import Outcome
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from tests.helpers.evidence import evidence_of, faces, pgd, sound


def loaded(change: Callable[[np.ndarray], np.ndarray], victim=None, count: int = 96) -> Outcome:
    test = faces(count)
    pixels = np.clip(change(test.pixels.astype(float)), 0, 255).astype(np.uint8)
    return AlikePrepared()(evidence_of(victim or sound(), pgd(steps=1), replace(test, pixels=pixels)))


@pytest.mark.parametrize(
    ("change", "undone"),
    [
        (lambda pixels: pixels[..., ::-1], "with red and blue exchanged"),
        (lambda pixels: pixels[:, ::-1], "upside down"),
        (lambda pixels: pixels[:, :, ::-1], "mirrored"),
        (lambda pixels: np.rot90(pixels, 1, (1, 2)), "turned by a quarter to the right"),
        (lambda pixels: np.rot90(pixels, -1, (1, 2)), "turned by a quarter to the left"),
        (lambda pixels: pixels.swapaxes(1, 2), "with rows for columns"),
        (lambda pixels: pixels / 2, "twice as bright"),
        (lambda pixels: 0.55 * pixels + 110, "a fifth of the range darker"),
    ],
)
def test_what_undoes_the_slip_is_named(change, undone):
    outcome = loaded(change)
    assert outcome.passed is False, outcome
    assert outcome.detail.endswith(f"when they are shown {undone}")
    assert "OpenCV gives BGR" in outcome.remedy


def test_behind_a_defence_the_recogniser_alone_is_asked():
    outcome = loaded(lambda pixels: pixels[..., ::-1], defended(sound(), [BitDepth(4)]))
    assert outcome.passed is False
    assert "red and blue" in outcome.detail


def test_pictures_that_are_recognised_raise_no_question():
    outcome = loaded(lambda pixels: pixels)
    assert outcome.passed is None
    assert outcome.detail.startswith("64 of 64 clean pictures are recognised as they are")


@pytest.mark.parametrize("seed", range(3))
def test_a_recogniser_that_knows_half_of_them_passes(seed):
    data = facetrial.draw_faces(people=14, pictures=20, size=32, split_seed=seed)
    victim = facetrial.enrol(facetrial.load_embedder("small"), data)
    outcome = AlikePrepared()(evidence_of(victim, pgd(steps=1), data.test_faces))
    assert outcome.passed, outcome
    assert "no more when they are turned" in outcome.detail


def test_labels_that_are_wrong_are_not_told_for_pictures_that_are():
    test = faces(96)
    wrong = replace(
        test, identities=np.where(np.arange(96) % 3 == 0, (test.identities + 1) % 6, test.identities)
    )
    assert AlikePrepared()(evidence_of(sound(), pgd(steps=1), wrong)).passed
