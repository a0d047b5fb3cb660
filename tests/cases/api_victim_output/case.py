"""Victims that return a tuple, a dict, one score a picture; a detached one; a double one.

foolbox #80, torchvision models.
"""

from functools import partial

from apilib import IMAGES, NUMBER_ZERO, classifier, end, pgd, try_call
from torch import nn
from torch.nn.functional import one_hot

import facetrial


class Returning(nn.Module):
    """A classifier that returns what `output` makes of its scores and the images."""

    def __init__(self, output):
        super().__init__()
        self.network = classifier()
        self.output = output

    def forward(self, images):
        return self.output(self.network(images), images)


def attack(victim):
    return facetrial.attack(victim, IMAGES, NUMBER_ZERO, pgd())


def attack_returning(output):
    return attack(Returning(output).eval())


for name, output in {
    "tuple": lambda scores, images: (scores, images),
    "dict": lambda scores, images: {"logits": scores},
    "1-d": lambda scores, images: scores[:, 0],
    "detached": lambda scores, images: scores.detach(),
    "argmax one-hot": lambda scores, images: one_hot(scores.argmax(1), 5).float(),
}.items():
    try_call(name, partial(attack_returning, output))
try_call("double", lambda: attack(classifier().double()))
try_call("half", lambda: attack(classifier().half()))
try_call("function", lambda: attack(classifier().forward))
end()
