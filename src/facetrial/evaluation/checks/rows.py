"""Whether every picture has its row, once."""

from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed


class OneRowAPicture(Check):
    """One picture, one row: none lost to a killed start, none counted twice by two processes."""

    def __call__(self, evidence: Evidence) -> Outcome:
        files = evidence.rows["file"]
        detail = f"{len(files)} rows for {len(evidence.faces)} pictures"
        if files.is_unique and set(files) == set(evidence.faces.files):
            return passed(detail)
        return failed(detail, "start the trial again with resume=false")
