"""Whether the attack was fitted on other pictures than it is tested on."""

from facetrial.checks.base import Check, Evidence, Outcome, failed, passed
from facetrial.core.digests import digest
from facetrial.faces.batch import FaceDataset


class FittedApart(Check):
    """No picture of the trial, pixel by pixel, is among those that the attack was fitted on.

    It is left out where the attack is not fitted.
    """

    def __call__(self, evidence: Evidence) -> Outcome | None:
        if not evidence.attack.needs_fitting:
            return None
        test, fitted_on = evidence.faces, evidence.train_faces
        known = set(_prints(fitted_on))
        shared = [file for file, one in zip(test.files, _prints(test), strict=True) if one in known]
        detail = f"{len(shared)} of {len(test)} pictures are among the {len(fitted_on)} that the attack was fitted on"
        if not shared:
            return passed(detail)
        return failed(
            f"{detail}: {', '.join(shared[:3])}",
            "remove pictures that are there under two names; what the attack does to a picture that it was fitted on "
            "is not what it does to others",
        )


def _prints(faces: FaceDataset) -> list[str]:
    return [digest(faces.pixels[row], size=16) for row in faces.rows]
