"""An attack is not tested on the pictures that it was fitted on."""

import numpy as np
import pandas as pd
import torch

from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.universal import Universal
from facetrial.attacks.losses import Margin
from facetrial.checks.base import Evidence, Outcome
from facetrial.checks.fitted_apart import FittedApart, TrainedApart
from facetrial.faces.batch import FaceDataset
from tests.helpers.evidence import attack_of, evidence_of, faces, pgd, sound


def dataset(pixels: np.ndarray, rows: list[int], names: str) -> FaceDataset:
    count = len(rows)
    return FaceDataset(
        pixels=pixels,
        rows=np.array(rows),
        identities=np.zeros(len(rows), dtype=np.int64),
        files=[f"{name}.png" for name in names],
        names=["a"],
        landmarks=np.full((count, 15, 2), np.nan, dtype=np.float32),
        boxes=np.zeros((count, 4), dtype=np.float32),
        five_points=np.zeros((count, 5, 2), dtype=np.float32),
    )


def fitted_apart(fitted_on: FaceDataset, test: FaceDataset) -> Outcome:
    attack = attack_of(Universal(Margin(), "all", 1, 0.25), Linf(8))
    return FittedApart()(Evidence(sound(), attack, test, fitted_on, pd.DataFrame(), 0, torch.device("cpu")))


def test_a_picture_that_an_attack_was_fitted_on_is_found_under_any_name():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    known, test = dataset(pixels, [0, 1, 2], "abc"), dataset(pixels, [3, 4, 5], "def")
    assert fitted_apart(known, test) == Outcome(
        True, "0 of 3 pictures are among the 3 that the attack was fitted on"
    )
    copied = pixels.copy()
    copied[4] = pixels[1]
    found = fitted_apart(known, dataset(copied, [3, 4, 5], "def"))
    assert not found.passed
    assert found.detail.endswith("e.png")
    assert "two names" in found.remedy


def test_it_is_left_out_of_attacks_that_are_not_fitted():
    assert FittedApart()(evidence_of(sound(), pgd(steps=1))).passed is None


def trained_apart(brighter: int, count: int = 24, **settings) -> Outcome:
    """The check, where so many of the pictures that are tested were trained on, a little brighter."""
    train, test = faces(12, seed=1), faces(count)
    train.pixels = train.pixels.copy()
    train.pixels[:brighter] = np.clip(test.pixels[:brighter].astype(int) + 2, 0, 255).astype(np.uint8)
    return TrainedApart(**settings)(evidence_of(sound(), pgd(steps=1), test, train_faces=train))


def test_pictures_that_were_saved_again_are_named():
    outcome = trained_apart(brighter=5)
    assert outcome.passed is False
    assert outcome.detail.endswith(
        "trained on; 5 are there saved again: 0/0.png (0/0.png), 1/1.png (1/1.png), 2/2.png (2/2.png), 2 more"
    )
    assert "there twice" in outcome.remedy


def test_a_small_share_of_them_is_named_and_costs_no_trust():
    outcome = trained_apart(brighter=1, count=60)
    assert outcome.passed
    assert outcome.detail.endswith("trained on; 1 is there saved again: 0/0.png (0/0.png)")
    assert not trained_apart(brighter=1, count=40).passed
    assert trained_apart(brighter=1, count=40, tolerance=0.03).passed


def test_what_the_recogniser_was_trained_on_counts_and_not_what_the_trial_would_train_on():
    test = faces(24)
    outcome = TrainedApart()(evidence_of(sound(), pgd(steps=1), test, trained_on=faces(30)))
    assert outcome.passed is False
    assert outcome.detail.startswith(
        "24 of 24 pictures are among the 30 that the recogniser was trained on: "
    )
    assert "give the faces that it was trained on or enrolled with" in outcome.remedy


def test_it_does_not_apply_where_nobody_knows():
    outcome = TrainedApart()(evidence_of(sound(), pgd(steps=1), trained_on=None))
    assert outcome.passed is None
    assert outcome.detail.startswith("it is not known which pictures the recogniser was trained on")


def test_none_is_there():
    assert trained_apart(brighter=0).detail == (
        "0 of 24 pictures are among the 12 that the recogniser was trained on; 0 are there saved again"
    )
