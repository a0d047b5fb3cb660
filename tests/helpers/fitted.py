"""Pictures to fit on and others to test on, and how many of these an attack fools."""

import torch

from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.patch import Jitter, Patch
from facetrial.attacks.fitted.universal import Universal
from facetrial.attacks.losses import CrossEntropy, Margin
from tests.helpers.victims import known_faces, trained

BUDGETS = {"linf": Linf(32), "l2": L2(3.0), "rms": RMS(0.1)}
NUMBERS = [str(i) for i in range(60)]


def halves():
    """Pictures to fit on and others, of the same six people."""
    faces = known_faces(120)
    return faces.select(torch.arange(60)), faces.select(torch.arange(60, 120))


def universal(per="person", epochs=6):
    """A universal perturbation, little fitted."""
    return Universal(CrossEntropy(), per, epochs, 0.25, 0.5)


def share_fooled(attacked, faces):
    """Of the pictures that could be attacked, the share that fools `trained`."""
    winners = trained()(attacked.images).argmax(1)
    fooled = winners != faces.identities if attacked.targets is None else winners == attacked.targets
    return float(fooled[attacked.attackable].float().mean())


# The tiny victim's pictures have eyes 6 pixels apart: shapes are large on them.
JITTER = Jitter(scale=0.1, rotation=5.0, shift=0.05, perspective=0.1, brightness=0.2)


def patch(shape, per="person", epochs=8, **more):
    """A patch of a shape, little fitted."""
    return Patch(Margin(), per, epochs, 0.2, shape, **{"jitter": JITTER, "momentum": 0.5} | more)
