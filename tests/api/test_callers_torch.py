"""What a caller has set for torch changes nothing of what comes out, and is as it was afterwards."""

import random
from contextlib import contextmanager

import numpy as np
import pytest
import torch

import facetrial
from facetrial.attacks import PGD, Attack, Linf, Margin
from facetrial.core.errors import FacetrialError
from facetrial.regions import Everywhere


@contextmanager
def default_device(name):
    torch.set_default_device(name)
    try:
        yield
    finally:
        torch.set_default_device(None)


CALLERS = {
    "no gradients": torch.no_grad,
    "inference mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "a default device": lambda: default_device("meta"),  # on which nothing can be computed
}


def found():
    """Rows of a trial with its checks, and what an attack makes of its test pictures, all made from the start."""
    embedder = facetrial.load_embedder("small", size=32, channels=4, dimension=8)
    faces = facetrial.draw_faces(embedder, people=3, pictures=4)
    victim = facetrial.enrol(embedder, faces)
    attack = Attack(Everywhere(), Linf(8.0), PGD(Margin(), steps=2, step=0.25))
    batch = faces.test_faces.batch(range(len(faces.test_faces)))
    attacked, _ = facetrial.attack(victim, batch.images, batch.identities, attack)
    return facetrial.evaluate(victim, faces, attack).rows, attacked


@pytest.fixture(scope="module")
def usual():
    return found()


@pytest.mark.parametrize("caller", CALLERS)
def test_what_comes_out_is_the_same_whatever_the_caller_has_set(caller, usual):
    with CALLERS[caller]():
        rows, attacked = found()
        assert torch.is_autocast_enabled("cpu") == (caller == "autocast")
    assert rows.equals(usual[0])
    assert torch.equal(attacked.clone(), usual[1])


def test_the_caller_draws_on_as_if_nothing_had_been_called(usual):
    def seeded():
        torch.manual_seed(3)
        np.random.seed(3)  # noqa: NPY002
        random.seed(3)

    def drawn():
        return float(torch.rand(1)), float(np.random.rand()), random.random()  # noqa: NPY002

    seeded()
    expected = drawn()
    seeded()
    found()
    assert drawn() == expected


def test_another_default_type_is_refused_with_a_sentence():
    torch.set_default_dtype(torch.float64)
    try:
        with pytest.raises(FacetrialError, match=r"torch's default is torch\.float64"):
            found()
    finally:
        torch.set_default_dtype(torch.float32)
