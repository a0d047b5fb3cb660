"""Whether the same attack on the same picture comes to the same end."""

import numpy as np
from torch import Tensor

from facetrial.attacks.result import Attacked
from facetrial.checks.base import Check, Evidence, Outcome, failed, passed
from facetrial.core.digests import digest
from facetrial.core.settings import Count
from facetrial.trial.verdicts import own_margins

_REMEDY = (
    "look for what draws without the picture's own seed, or changes from one batch to the next: see the checks "
    "same_alone and victim_frozen; on a GPU, try trainer.deterministic=warn; where an earlier start of the "
    "trial ran on another device, resume=false"
)


_DRAWN = 8  # times as many pictures of an attack that asks nobody


class Deterministic(Check):
    """Attacks a few pictures again, in another batch, and compares with their rows.

    What is drawn must be the same to the bit, pixel by pixel, and be judged alike. What asks the victim meets
    convolutions that round differently in another batch, and may come to another verdict on one picture in two hundred:
    where one differs, more are attacked, and of these one may. Before a victim that draws, a rounding changes the draws
    too: there, what it says of the clean pictures must be the same.

    Args:
        pictures: how many are attacked again where the attack asks the victim; eight times as many where it does not.
        more: how many where a verdict differs.
    """

    def __init__(self, pictures: Count = 2, more: Count = 8) -> None:
        self.pictures = pictures
        self.more = more

    def __call__(self, evidence: Evidence) -> Outcome:
        asks = evidence.attack.method.asks_victim
        chosen = evidence.some(self.pictures if asks else _DRAWN * self.pictures, evidence.rows["file"])
        if evidence.draws_at_random:
            return self._clean_again(evidence, chosen)
        if not asks:
            return self._drawn_again(evidence, chosen)
        again = evidence.attack(evidence.victim, evidence.batch(chosen), evidence.seed)
        if unrounded := self._unrounded(evidence, chosen, again):
            return failed(
                f"on {unrounded} of {len(chosen)} pictures the 8-bit verdict is that of the picture before rounding, "
                "or of one that was not rounded to the values beside it, within the budget",
                "this is a fault of Facetrial's: the picture that is judged in 8 bits must be rounded to 1/255, and no "
                "farther from the clean one than the budget allows",
            )
        different = self._different(evidence, chosen, again.images)
        if different:
            chosen = evidence.some(self.more, evidence.rows["file"])
            attacked = evidence.attack(evidence.victim, evidence.batch(chosen), evidence.seed).images
            different = self._different(evidence, chosen, attacked)
        detail = f"{len(chosen)} pictures attacked again: {len(chosen) - different} verdicts the same"
        allowed = len(chosen) > self.pictures
        return passed(detail) if different <= allowed else failed(detail, _REMEDY)

    def _unrounded(self, evidence: Evidence, chosen: list[int], again: Attacked) -> int:
        """How many pictures are not in 8 bits, or have a margin in 8 bits nearer to that of the picture as it is."""
        identities = evidence.batch(chosen).identities

        def margins(images: Tensor) -> np.ndarray:
            return own_margins(*evidence.judged(images, identities)).cpu().numpy().astype(np.float64)

        steps, moved = again.saved * 255.0, (again.saved - again.images).abs() * 255.0
        no_steps = ((steps - steps.round()).abs() > 0.01) | (moved > 1.01)
        if again.budget.norm == "linf":  # of a limit that is no whole number of steps, a file holds less
            far = (again.saved - again.clean).abs() * 255.0
            no_steps |= far > 255.0 * again.budget.limit + 0.01
        exact, rounded = margins(again.images), margins(again.saved)
        known_exact, known_rounded = (
            np.array(self._known(evidence, chosen, f"margin_{version}"), dtype=np.float64)
            for version in ("attacked", "8bit")
        )
        gap = np.abs(rounded - exact)
        comparable = (np.abs(known_exact - exact) < 0.1 * gap) & (
            gap > 1e-4
        )  # the attack came to the same end
        if evidence.attack.method.at_boundary:  # all margins lie beside 0 there, those of other pictures too
            comparable = np.zeros_like(comparable)
        wrong = comparable & (np.abs(known_rounded - rounded) > 0.5 * gap)
        return int((wrong | no_steps.flatten(1).any(1).cpu().numpy()).sum())

    def _different(self, evidence: Evidence, chosen: list[int], attacked: Tensor) -> int:
        """How many verdicts are not those of the rows."""
        scores, own = evidence.judged(attacked, evidence.batch(chosen).identities)
        right = (scores.argmax(1) == own).tolist()
        known = self._known(evidence, chosen, "correct_attacked")
        return sum(now != bool(before) for now, before in zip(right, known, strict=True))

    def _drawn_again(self, evidence: Evidence, chosen: list[int]) -> Outcome:
        batch = evidence.batch(chosen)
        attacked = evidence.attack(evidence.victim, batch, evidence.seed).images
        known = self._known(evidence, chosen, "picture_digest")
        same = [digest(image) == before for image, before in zip(attacked.cpu(), known, strict=True)]
        detail = f"{len(chosen)} pictures attacked again: {sum(same)} the same to the bit"
        if not all(same):
            return failed(detail, _REMEDY)
        margins = own_margins(*evidence.judged(attacked, batch.identities)).tolist()
        told, clean = (
            self._known(evidence, chosen, f"margin_{version}") for version in ("attacked", "clean")
        )
        # As of the clean picture, or another one: nearer to that than to the picture's own by far.
        other = [
            abs(now - row) > 0.05 * abs(now - before) + 1e-3
            for now, row, before in zip(margins, told, clean, strict=True)
        ]
        if not any(other):
            return passed(detail)
        return failed(f"{detail}, and {sum(other)} with another margin than their row says", _REMEDY)

    def _clean_again(self, evidence: Evidence, chosen: list[int]) -> Outcome:
        batch = evidence.batch(chosen)
        margins = own_margins(*evidence.judged(batch.images, batch.identities)).tolist()
        known = self._known(evidence, chosen, "margin_clean")
        same = [abs(now - row) <= 1e-3 for now, row in zip(margins, known, strict=True)]
        detail = (
            f"{len(chosen)} clean pictures asked again: {sum(same)} margins the same, though the victim draws"
        )
        return passed(detail) if all(same) else failed(detail, _REMEDY)

    def _known(self, evidence: Evidence, chosen: list[int], column: str) -> list:
        by_file = evidence.rows.set_index("file")[column]
        return [by_file[evidence.faces.files[i]] for i in chosen]
