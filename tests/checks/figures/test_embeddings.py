"""Embeddings are those of the pictures; stale ones are planted in tests/planted/test_tasks.py."""

import facetrial
from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.checks.of_budget import Referee
from facetrial.regions.regions import Everywhere


def checks_of(victim=None, checks=None):
    faces = facetrial.draw_faces(people=6, pictures=8, size=32)
    victim = victim or facetrial.enrol(facetrial.load_embedder("small"), faces)
    given = {"referee": Referee()} if checks is None else checks
    attack = Attack(Everywhere(), RMS(0.05), Gaussian())
    return facetrial.evaluate(victim, faces, attack, checks=given).summary.checks or {}


def test_a_victim_that_shows_no_embeddings_is_not_asked_for_them():
    outcome = checks_of(lambda images: images.flatten(1)[:, :6])["tasks"]
    assert outcome.passed is not False
    assert "embedd" not in outcome.detail or outcome.passed is None


def test_those_of_a_sound_trial_pass():
    assert checks_of()["tasks"].passed


def test_where_no_check_is_asked_for_none_is_made():
    assert checks_of(checks={}) == {}
