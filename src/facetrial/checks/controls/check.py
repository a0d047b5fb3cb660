"""Whether an attack that searches does more than noise that asks nobody."""

from copy import copy
from typing import Annotated

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Draw
from facetrial.attacks.fitted.base import Fitted
from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.checks.controls.noise import noisy
from facetrial.checks.reference.check import weak_on_purpose
from facetrial.checks.rerun import hits_of
from facetrial.core.randomness import Draws
from facetrial.core.settings import Count, Share, Unit, whole
from facetrial.faces.batch import Faces
from facetrial.metrics.security_curve import SMALLEST
from facetrial.recognition.layers import abstain_columns, adaptive_view, layers, scores_of
from facetrial.recognition.without_slope import keeps_answers
from facetrial.trial.rows import ATTACKED
from facetrial.trial.verdicts import judged_scores

_CHANCE = 0.1  # that a search which does no more than noise passes
_CHANCE_OF_FITTED = (
    0.25  # the same, of one pattern for many pictures, which does little where the budget is small
)
_MOST_BY_CHANCE = 0.05  # smallest changes that noise undercuts before a sound search: hardly any
_QUESTIONS = 10  # of the attack's for each noise
_PATTERNS = 4  # times as many pictures of an attack that was fitted
_FEWEST = 8  # pictures: of fewer, one that goes the other way would decide
_REMEDY = (
    "the search leads nowhere: look at the sign of its loss, at what it takes over and what it gives up, at its step "
    "and how much of its queries or epochs it uses, at exceptions that are swallowed, and at whom it asks: a surrogate "
    "with its weights, what was fitted on this very recogniser"
)


class BetterThanNoise(Check):
    """An attack that searches brings pictures nearer to its goal than noise of the same size does.

    Whatever its threat model, a search by scores, by decisions, along a surrogate's slopes, of a few pixels, or a
    pattern that was fitted, does more than what asks nobody; if not, it is broken, and what it leaves looks like
    robustness. An attack on a surrogate is compared by what the surrogate says. What was fitted is compared with itself
    upside down (what is worn covers the face either way, and is only not to do less), the best of many draws with the
    first. Of a search for the smallest change, noise a little smaller than what it found is not to fool.

    It is left out of noise itself, of attacks that know nothing of the victim's defences, before victims that draw,
    flag or abstain, and where too few pictures are at stake to tell.

    Args:
        pictures: how many are looked at at most; those of a surrogate or of an impersonation are attacked again.
        draws: of noise for each picture, the worst of which counts; no more than the attack has asked questions.
        part: of the smallest change that was found, which noise has.
    """

    def __init__(
        self,
        pictures: Annotated[int, whole(8)] = 16,
        draws: Count = 8,
        part: Annotated[Share, Unit("of the smallest change")] = 0.8,
    ) -> None:
        self.pictures = pictures
        self.draws = draws
        self.part = part

    def __call__(self, evidence: Evidence) -> Outcome:
        trial = evidence.attack
        if not trial.method.asks_victim:
            return does_not_apply("the attack is noise: it asks nobody")
        if not trial.adaptive and layers(evidence.victim):
            return does_not_apply("the attack knows nothing of the victim's defences")
        if evidence.draws_at_random and trial.surrogate is None:
            return does_not_apply("the victim draws: what it says of one noise more is partly luck")
        if abstain_columns(adaptive_view(evidence.victim)):
            return does_not_apply("the victim flags pictures or abstains, and the attack has to avoid that")
        if trial.goal.needs_scores and weak_on_purpose(evidence) is None:
            return does_not_apply(
                "what an impersonation of full strength leaves is attacked again: see `reference`"
            )
        if keeps_answers(evidence.victim):
            return does_not_apply(
                "the recogniser's answers are kept: it is asked about no picture that need not be"
            )
        rows = evidence.rows[evidence.rows["status"] == ATTACKED]
        at_stake = list(hits_of(rows, trial.goal.name))
        if SMALLEST in rows:
            known = rows["file"][rows[SMALLEST].between(0, np.inf, inclusive="neither")]
            at_stake = [file for file in at_stake if file in set(known)]
        # Nobody is asked again for what a pattern does to a picture, so that many tell.
        chosen = evidence.some(self.pictures * (_PATTERNS if trial.needs_fitting else 1), at_stake)
        if len(chosen) < _FEWEST:
            return does_not_apply(f"{len(chosen)} pictures at stake are too few to tell")
        if SMALLEST in rows:
            return self._of_smallest(
                evidence, chosen, rows.drop_duplicates("file").set_index("file")[SMALLEST]
            )
        return self._of_search(evidence, chosen)

    def _of_search(self, evidence: Evidence, chosen: list[int]) -> Outcome:
        trial = evidence.attack
        own = evidence.by_file.loc[[evidence.faces.files[i] for i in chosen]]
        # Only of a dodging that asks the victim do the rows tell how near it came.
        again = trial.surrogate is not None or trial.goal.needs_scores
        chosen = chosen[:_FEWEST] if again else chosen
        batch, targets = evidence.batch(chosen), None
        if again:
            found = trial(evidence.victim, batch, evidence.seed)
            targets = found.targets
            reached = _beyond(evidence, batch, found.images, targets)
        else:
            reached = -torch.tensor(own["margin_attacked"].to_numpy(dtype=np.float32), device=evidence.device)
        asked = int(own["queries"].median())
        what, controls = self._controls(evidence, batch, asked)
        noise = torch.stack([_beyond(evidence, batch, control, targets) for control in controls]).amax(0)
        clean = _beyond(evidence, batch, batch.images, targets)
        # Whoever reached the goal may stop there; where both came as far, and have left the clean picture, nothing is
        # told.
        better = (reached > noise) | (reached > 0)
        tells = better | (reached < noise) | (reached == clean)
        count, wins = int(tells.sum()), int(better.sum())
        detail = f"on {wins} of {count} pictures the attack does more than {what}"
        if trial.surrogate is not None:
            detail += ", by what the surrogate says"
        if count == 0 and isinstance(getattr(trial.method, "draw", None), Draw) and asked > 1:
            return failed(f"on {len(batch)} pictures the best of {asked} draws is the first", _REMEDY)
        if count < _FEWEST:
            return does_not_apply(f"{detail}: too few to tell")
        if trial.budget.norm == "area":  # what covers a face hides it, whatever is on it
            broken = stats.binom.cdf(wins, count, 0.5) < _CHANCE
        else:
            broken = stats.binom.sf(wins - 1, count, 0.5) >= (
                _CHANCE_OF_FITTED if trial.needs_fitting else _CHANCE
            )
        return failed(detail, _REMEDY) if broken else passed(detail)

    def _of_smallest(self, evidence: Evidence, chosen: list[int], smallest) -> Outcome:
        batch, trial = evidence.batch(chosen), evidence.attack
        told = torch.tensor([float(smallest[evidence.faces.files[i]]) for i in chosen]).to(batch.images)
        draws = Draws(evidence.seed, batch.pictures)
        region = trial.region(batch.landmarks, batch.images.shape[2], batch.images.shape[3], draws)
        targets = trial(evidence.victim, batch, evidence.seed).targets if trial.goal.needs_scores else None
        fooled = torch.zeros(len(chosen), dtype=torch.bool, device=told.device)
        for number in range(self.draws):
            pictures = noisy(batch.images, region, trial.budget, self.part * told, draws, number)
            fooled |= _beyond(evidence, batch, pictures, targets) > 0
        count = int(fooled.sum())
        detail = (
            f"noise of {self.part:.0%} of the smallest change that was found fools with {count} of {len(chosen)} "
            "pictures"
        )
        by_chance = stats.binom.sf(count - 1, len(chosen), _MOST_BY_CHANCE)
        return passed(detail) if by_chance >= _CHANCE else failed(detail, _REMEDY)

    def _controls(self, evidence: Evidence, batch: Faces, asked: int) -> tuple[str, list[Tensor]]:
        """What the attack is compared with, in words, and those pictures."""
        trial, method = evidence.attack, evidence.attack.method
        if isinstance(method, Fitted):
            turned = copy(method)
            turned.fitted = {**method.found(), "patterns": method.found()["patterns"].flip(2, 3)}
            attack = Attack(trial.region, trial.budget, turned, trial.goal, trial.fast, trial.surrogate)
            return "its pattern upside down", [attack(evidence.victim, batch, evidence.seed).images]
        if isinstance(draw := getattr(method, "draw", None), Draw):
            attack = Attack(trial.region, trial.budget, draw, trial.goal)
            return "a single draw", [attack(evidence.victim, batch, evidence.seed).images]
        draws = Draws(evidence.seed, batch.pictures)
        region = trial.region(batch.landmarks, batch.images.shape[2], batch.images.shape[3], draws)
        full = torch.full_like(region[:, 0, 0, 0], trial.budget.limit)
        count = max(1, min(self.draws, asked // _QUESTIONS))
        if trial.budget.norm == "l0":  # places and colours are to be searched, which takes the most questions
            count = 1
        return f"the worst of {count} draws of noise of the same size", [
            noisy(batch.images, region, trial.budget, full, draws, number) for number in range(count)
        ]


def _beyond(evidence: Evidence, batch: Faces, pictures: Tensor, targets: Tensor | None) -> Tensor:
    """By how much (B,) pictures of a batch reach the attack's goal, where it asks: above 0 they do."""
    surrogate = evidence.attack.surrogate
    if surrogate is None:
        scores = scores_of(evidence.victim, pictures)
    else:
        view, rows = surrogate.view(batch.pictures), torch.arange(len(pictures), device=pictures.device)
        scores = scores_of(
            surrogate.victim.to(pictures.device), pictures if view is None else view(rows, pictures)
        )
    judged, own = judged_scores(scores, batch.identities, evidence.same)
    if targets is None:
        return judged.scatter(1, own[:, None], -torch.inf).amax(1) - judged.gather(1, own[:, None])[:, 0]
    wanted = targets[:, None]
    return judged.gather(1, wanted)[:, 0] - judged.scatter(1, wanted, -torch.inf).amax(1)
