"""auto-attack #81: no picture left to attack."""

from apilib import IMAGES, classifier, end, pgd, recognised, try_call

import facetrial

victim = classifier()
people = recognised(victim)
try_call("no pictures", lambda: facetrial.attack(victim, IMAGES[:0], people[:0], pgd()))
end()
