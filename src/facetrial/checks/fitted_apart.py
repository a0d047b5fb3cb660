"""Whether recogniser and attack were made from other pictures than they are tested on."""

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.digests import digest
from facetrial.faces.batch import FaceDataset


class TrainedApart(Check):
    """No picture of the trial, pixel by pixel, is among those that the recogniser was trained on.

    A picture that lies in two folders, or under two names, is recognised by heart.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        if evidence.train_faces is evidence.faces:
            return does_not_apply("no recogniser was trained for this trial")
        return _apart(
            evidence,
            "that the recogniser was trained on",
            "remove pictures that are there twice; whom a recogniser has seen in this very picture it knows by heart",
        )


class FittedApart(Check):
    """No picture of the trial, pixel by pixel, is among those that the attack was fitted on.

    It is left out where the attack is not fitted.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        if not evidence.attack.needs_fitting:
            return does_not_apply("the attack is not fitted")
        return _apart(
            evidence,
            "that the attack was fitted on",
            "remove pictures that are there under two names; what the attack does to a picture that it was fitted on "
            "is not what it does to others",
        )


def _apart(evidence: Evidence, what: str, remedy: str) -> Outcome:
    test, seen = evidence.faces, evidence.train_faces
    known = set(_prints(seen))
    shared = [file for file, one in zip(test.files, _prints(test), strict=True) if one in known]
    detail = f"{len(shared)} of {len(test)} pictures are among the {len(seen)} {what}"
    return failed(f"{detail}: {', '.join(shared[:3])}", remedy) if shared else passed(detail)


def _prints(faces: FaceDataset) -> list[str]:
    return [digest(faces.pixels[row], size=16) for row in faces.rows]
