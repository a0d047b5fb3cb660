"""Whether the attack knew the victim's defences."""

from facetrial.defenses.defended import layers
from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed


class Adaptive(Check):
    """The attack did what the victim's defences declare that an attacker must do who knows them.

    It is left out where the victim has no defence that stands in front of it.
    """

    def __call__(self, evidence: Evidence) -> Outcome | None:
        attack, names = evidence.attack, ", ".join(evidence.defenses)
        if not layers(evidence.victim):
            return None
        if not attack.method.asks_victim:
            return passed("the attack asks nobody, so there is nothing for it to know")
        if attack.surrogate is not None:
            detail = "the attack asks a surrogate that stands behind no defence"
            return failed(detail, "attack without attack.surrogate too")
        if not attack.adaptive:
            detail = f"the attack knows nothing of {names}: what is left shows what the defence hides"
            return failed(detail, "attack with attack.adaptive=true too")
        return passed(f"the attack knows {names}")
