"""Whether the recogniser recognises anybody to begin with."""

from facetrial.attacks.objective import scores_of
from facetrial.defenses.defended import undefended
from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed
from facetrial.evaluation.statistics import wilson


class Recognises(Check):
    """Clean pictures are recognised far more often than by chance, by what stands behind the defences.

    Who is taken for others anyway cannot be attacked: what is left under attack then says nothing. It fails where all
    of the accuracy's interval lies too low, so that a few pictures do not fail it by chance.

    Args:
        pictures: how many are shown at most.
        least: how far the accuracy must come from chance to perfect.
    """

    def __init__(self, pictures: int = 32, least: float = 0.25) -> None:
        self.pictures = pictures
        self.least = least

    def __call__(self, evidence: Evidence) -> Outcome:
        batch = evidence.batch(evidence.some(self.pictures))
        winners = scores_of(undefended(evidence.victim), batch.images).argmax(1)
        found = wilson(int((winners == batch.identities).sum()), len(batch))
        chance = 1 / len(evidence.faces.names)
        detail = f"{found.value:.0%} of {len(batch)} clean pictures are recognised; chance is {chance:.1%}"
        if found.high >= chance + self.least * (1 - chance):
            return passed(detail)
        return failed(
            detail,
            "put the recogniser right before it is attacked: its weights (embedder.weights), how faces are cut for it "
            "(embedder.alignment, data.margin), how it standardises, and how long it was trained (trainer.max_epochs)",
        )
