"""Whether each picture was to be taken for whom the goal's settings say."""

import torch
from torch import Tensor

from facetrial.attacks.goals import Impersonation
from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.settings import Count
from facetrial.recognition.layers import abstain_columns, adaptive_view, base_model, scores_of
from facetrial.trial.rows import ATTACKED

_BY_SCORES = ("nearest", "least_likely")
_ALLOWED = 50  # pictures of which one may come out otherwise, as convolutions round
_SPREAD = 12  # pictures that are enough to tell a draw from one target for all


class Targets(Check):
    """The people for whom pictures were to be taken are those whom the goal names, found by other code.

    Success against another target is another figure: the nearest person is the easiest to be taken for, the least
    likely the hardest. Nobody is his own target. Who is the nearest, or the least likely, is asked of who was attacked,
    of some pictures; a target that is drawn must be drawn among several. It is left out of dodging and of pairs, and
    of the nearest and the least likely before a victim that draws.

    Args:
        pictures: how many are looked at at most, where the victim has to be asked.
    """

    def __init__(self, pictures: Count = 16) -> None:
        self.pictures = pictures

    def __call__(self, evidence: Evidence) -> Outcome:
        goal, rows = evidence.attack.goal, evidence.rows
        if evidence.of_pairs or not isinstance(goal, Impersonation) or "target" not in rows:
            return does_not_apply("the goal has no targets")
        rows = rows[rows["status"] == ATTACKED]
        if len(rows) == 0:
            return does_not_apply("no picture was attacked")
        rule, names = str(goal.target), evidence.faces.names
        own = rows["file"][rows["target"] == rows["identity"]].tolist()
        if own:
            return self._failed(f"{len(own)} of {len(rows)} pictures have their own person for a target", own)
        if rule in _BY_SCORES:
            return self._of_scores(evidence, rule)
        if rule == "random":
            found = rows["target"].nunique()
            if len(rows) >= _SPREAD and len(names) > 2 and found < min(len(names), _SPREAD) / 2:
                return self._failed(f"{len(rows)} targets that are drawn are {found} people", [])
            return passed(f"{len(rows)} targets are {found} people, and nobody's own")
        wanted = rule if rule in names else names[int(rule)]
        other = rows["file"][rows["target"] != wanted].tolist()
        if other:
            return self._failed(
                f"{len(other)} of {len(rows)} pictures have another target than {wanted}", other
            )
        return passed(f"the target of {len(rows)} pictures is {wanted}")

    def _of_scores(self, evidence: Evidence, rule: str) -> Outcome:
        if evidence.draws_at_random and evidence.attack.surrogate is None:
            return does_not_apply("the victim draws: who is nearest changes with it")
        chosen = evidence.some(self.pictures, evidence.rows["file"][evidence.rows["status"] == ATTACKED])
        batch = evidence.batch(chosen)
        scores = self._asked(evidence, batch.images, batch.pictures)
        everyone = torch.arange(scores.shape[1], device=scores.device)
        others = scores[everyone != batch.identities[:, None]].view(len(scores), -1)
        place = others.argmax(1) if rule == "nearest" else others.argmin(1)
        place = place + (place >= batch.identities)
        told = evidence.by_file.loc[[evidence.faces.files[row] for row in chosen], "target"]
        other = [
            file
            for (file, target), number in zip(told.items(), place.tolist(), strict=True)
            if target != evidence.faces.names[number]
        ]
        if len(other) <= len(chosen) // _ALLOWED + (len(chosen) > 1):
            return passed(
                f"of {len(chosen)} pictures asked about, {len(chosen) - len(other)} have the {rule} target"
            )
        return self._failed(
            f"{len(other)} of {len(chosen)} pictures have another target than the {rule}", other
        )

    def _asked(self, evidence: Evidence, images: Tensor, pictures: Tensor) -> Tensor:
        attack, victim = evidence.attack, evidence.victim
        if attack.surrogate is not None:
            victim, view = attack.surrogate.victim.to(images.device), attack.surrogate.view(pictures)
            images = images if view is None else view(torch.arange(len(images), device=images.device), images)
        else:
            victim = adaptive_view(victim) if attack.adaptive else base_model(victim)
        scores = scores_of(victim, images)
        return scores[:, : scores.shape[1] - abstain_columns(victim)]

    def _failed(self, detail: str, files: list[str]) -> Outcome:
        return failed(
            f"{detail}: {', '.join(files[:3])}" if files else detail,
            "success is told of another target than the goal's: look at how the goal chooses it (goal.target), and at "
            "whether rows are of an earlier start (resume=false)",
        )
