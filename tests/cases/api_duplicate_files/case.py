"""Names decide the draws: five pictures of one name get the same noise.

FaceDataset refuses that, facetrial.attack did not.
"""

from apilib import IMAGES, classifier, end, pgd, recognised, try_call

import facetrial

victim = classifier()
people = recognised(victim)


def attack(files):
    return facetrial.attack(victim, IMAGES, people, pgd(), files=files)


try_call("the same file name six times", lambda: attack(["a"] * 6), must_be_refused=True)
try_call("numbers as names", lambda: attack(list(range(6))))
end()
