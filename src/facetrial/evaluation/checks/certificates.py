"""Whether certificates hold."""

from facetrial.evaluation.certificate import RADIUS, keeps_certificates
from facetrial.evaluation.checks.check import Check, Evidence, Outcome


class Certificates(Check):
    """No attacked picture contradicts its certificate. It is left out of trials without certificates."""

    def __call__(self, evidence: Evidence) -> Outcome | None:
        return keeps_certificates(evidence.rows) if RADIUS in evidence.rows else None
