"""Whether every row keeps to the budget."""

from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed

_TOLERANCE = 1e-5  # of a norm, for rounding in float32
_PIXEL = 1.2e-7  # by as much may float32 pixels near 1 be off


class Referee(Check):
    """The norms in the rows, those of an earlier start too, lie within the budget.

    The referee has looked at the pictures themselves, range and region included, and would have ended the trial.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        budget, rows = evidence.attack.budget, evidence.rows
        pixels = evidence.faces.pixels[0].shape[0] * evidence.faces.pixels[0].shape[1]
        of_norm = {
            "rms": lambda: rows["rms"],
            "l2": lambda: rows["l2"],
            "linf": lambda: rows["linf"] - _PIXEL,
            "l0": lambda: rows["pixels_changed"],
            "area": lambda: rows["pixels_changed"] / pixels,
        }
        # A row has no L1: there it only has to be a number.
        found = of_norm.get(budget.norm, lambda: 0.0 * rows["rms"])()
        broken = rows["file"][~(found <= budget.limit * (1 + _TOLERANCE))].tolist()
        detail = f"range, {budget.norm} budget and region checked on every picture"
        if not broken:
            return passed(detail)
        return failed(
            f"{len(broken)} of {len(rows)} rows break the {budget.norm} budget of {budget.limit:g}: "
            f"{', '.join(broken[:3])}",
            "delete the run's folder shards and start the trial again; if they come back, the attack has a bug",
        )
