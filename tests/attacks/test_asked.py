"""Who is asked: the victim as it is known, its copy, and who stands behind its defences."""

import torch

from facetrial.attacks.asked import who_is_asked
from facetrial.attacks.surrogate import Surrogate
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.recognition.fast_copy import FastCopies, FastCopy
from facetrial.recognition.layers import base_model, forward_passes
from tests.helpers.victims import known_faces, trained

FACES = known_faces(4)


def asked_of(victim, surrogate=None, adaptive=True, copies=None):
    return who_is_asked(
        victim, FACES.images, FACES.pictures, surrogate=surrogate, adaptive=adaptive, copies=copies, low=False
    )


def test_nobody():
    asked = asked_of(None)
    assert (asked.victim, asked.proxy, asked.undefended, asked.confirmer) == (None, None, None, None)
    assert asked.seen is FACES.images


def test_a_plain_victim_and_its_copy():
    asked = asked_of(trained())
    assert asked.victim is asked.proxy is trained()
    assert asked.undefended is None
    faster = asked_of(trained(), copies=FastCopies())
    assert faster.victim is trained()
    assert isinstance(faster.proxy, FastCopy)


def test_a_defended_victim_is_known_by_what_it_declares_and_so_is_who_stands_behind_it():
    victim = RandomResizePad(0.8, 0, 3).wrap_victim(BitDepth(3).wrap_victim(trained())).eval()
    asked = asked_of(victim, copies=FastCopies())
    assert asked.forward_passes == forward_passes(asked.victim) == 3
    assert asked.confirmer is not None
    assert isinstance(base_model(asked.proxy), FastCopy)
    assert asked.undefended.victim is trained()
    assert isinstance(asked.undefended.proxy, FastCopy)
    assert asked.undefended.forward_passes == 1
    assert asked.undefended.confirmer is None


def test_who_knows_of_no_defence_attacks_the_recogniser():
    victim = BitDepth(3).wrap_victim(trained()).eval()
    asked = asked_of(victim, adaptive=False)
    assert asked.victim is trained()
    assert asked.undefended is None


def test_a_surrogate_is_asked_in_the_victims_place():
    victim = BitDepth(3).wrap_victim(trained()).eval()
    other = trained(6, hardened=True)
    asked = asked_of(victim, surrogate=Surrogate(other))
    assert asked.victim is asked.proxy is other
    assert asked.undefended is None
    assert torch.equal(asked.seen, FACES.images)
