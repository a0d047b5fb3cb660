"""Labels as int32, float, list, numpy, one-hot, (N, 1), out of range.

foolbox #241, #701, #293; torchattacks questions.
"""

from functools import partial

from apilib import IMAGES, classifier, end, pgd, recognised, try_call
from torch.nn.functional import one_hot

import facetrial

victim = classifier()
people = recognised(victim)


def attack(identities, images=IMAGES):
    return facetrial.attack(victim, images, identities, pgd())


for name, identities in {
    "int32": people.int(),
    "list": people.tolist(),
    "numpy": people.numpy(),
    "float": people.float(),
    "uint8": people.byte(),
    "one-hot": one_hot(people, 5),
    "(N, 1)": people[:, None],
    "== C": people + 5,
    "-1": people * 0 - 1,
}.items():
    try_call(name, partial(attack, identities))
try_call("scalar", lambda: attack(people[0], IMAGES[:1]))
end()
