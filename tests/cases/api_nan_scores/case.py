"""ART #1252, auto-attack: scores that are NaN.

Nobody is recognised by them: correct_* must not be True, whoever is shown.
"""

from apilib import IMAGES, NUMBER_ZERO, classifier, end, fault, pgd, try_call
from torch import nn

import facetrial


class NaN(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = classifier()

    def forward(self, images):
        return self.network(images) * float("nan")


result = try_call("NaN scores", lambda: facetrial.attack(NaN().eval(), IMAGES, NUMBER_ZERO, pgd()))
if result is not None:
    _, rows = result
    shown = ["identity", "predicted_clean", "correct_clean", "correct_attacked", "rank_clean", "margin_clean"]
    print(rows[shown].head(2))
    if rows.correct_clean.any() or rows.correct_attacked.any():
        fault("NaN scores count as recognised where the identity is number 0")
end()
