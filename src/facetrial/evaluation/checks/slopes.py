"""Whether the attack had a slope to go by."""

from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed
from facetrial.evaluation.verdicts import ATTACKED

_BAD = ("zero", "not_finite")


class Slopes(Check):
    """On few pictures only did the attack meet a gradient that is zero everywhere, or not finite.

    Without a slope a gradient attack stands still, and what it leaves looks like robustness (Athalye et al.,
    "Obfuscated gradients give a false sense of security", ICML 2018). It is left out of attacks that ask for none.

    Args:
        most: largest share of the attacked pictures on which that may happen.
    """

    def __init__(self, most: float = 0.05) -> None:
        self.most = most

    def __call__(self, evidence: Evidence) -> Outcome | None:
        if not evidence.attack.method.asks_gradient:
            return None
        rows = evidence.rows[evidence.rows["status"] == ATTACKED]
        asked = rows[rows["gradient"] != "not_asked"]
        if len(asked) == 0:
            return None
        counts = {kind: int((asked["gradient"] == kind).sum()) for kind in _BAD}
        detail = (
            f"on {counts['zero']} of {len(asked)} pictures the attack met a gradient of zero, on "
            f"{counts['not_finite']} one that is not finite"
        )
        if sum(counts.values()) <= self.most * len(asked):
            return passed(detail)
        return failed(
            f"{detail}; at most {self.most:.0%} may be so",
            "try attack/loss@attack.method.loss=margin or dlr, which do not saturate; look in the victim for "
            "rounding, thresholds and .detach(); a defence without a slope has to declare a stand-in (`known`); "
            "attack=square needs no gradient",
        )
