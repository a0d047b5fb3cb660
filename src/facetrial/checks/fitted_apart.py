"""Whether recogniser and attack were made from other pictures than they are tested on."""

from typing import Annotated

import torch

from facetrial.attacks.asked import print_of_asked
from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.digests import digest
from facetrial.core.process.kept import Kept
from facetrial.core.settings import InsideShare, Share, Unit
from facetrial.faces.batch import FaceDataset
from facetrial.faces.saved_again import ALIKE, saved_again

_NAMED = 3
_KEPT: Kept[dict[int, int]] = Kept(4)


_THRESHOLDS = (
    "keep pictures on which thresholds are set, or detectors, apart from those tested and those trained on"
)


class TrainedApart(Check):
    """No picture of the trial is among those that the recogniser was trained on, nor one of these saved again.

    Nor is it among those on which thresholds are set, which are not trained on either: of pictures that a recogniser
    knows by heart, thresholds are too strict, and detectors flag too few.

    A picture that lies in two folders, or under two names, is recognised by heart; so is one that was saved again: as
    JPEG, smaller, brighter, blurred, cut a little, mirrored. Published data holds some: they are named, and cost the
    trial its trust where they are more than a small share of its pictures. Pictures that are the same pixel by pixel
    always do.

    It does not apply where nobody knows what the recogniser was trained on: to a victim of somebody's own.

    Args:
        tolerance: the share of pictures that may be one of those trained on, saved again; a figure moves by no more.
        alike: the correlation of details from which on two pictures are the same photograph; as in `saved_again`.
    """

    def __init__(
        self, tolerance: Annotated[Share, Unit("of pictures")] = 0.02, alike: InsideShare = ALIKE
    ) -> None:
        self.tolerance = tolerance
        self.alike = alike

    def __call__(self, evidence: Evidence) -> Outcome:
        test, seen = evidence.faces, evidence.trained_on
        if evidence.of_pairs:
            return does_not_apply(
                "the pictures that an embedder of pairs was trained on are not known; pairs.embedder_as_published "
                "says whether they are those of data.root"
            )
        held = evidence.validation_faces
        if held is not None:
            found = _apart(test, held, "on which thresholds are set", _THRESHOLDS)
            if not found.passed:
                return found
        if seen is test:
            return does_not_apply("no recogniser was trained for this trial")
        if seen is None:
            return does_not_apply(
                "it is not known which pictures the recogniser was trained on; a victim of facetrial.enrol knows, and "
                "one that load_victim takes from a run"
            )
        remedy = "remove pictures that are there twice: a recogniser knows by heart whom it has seen in this very one"
        if seen is not evidence.train_faces:
            remedy = (
                f"give the faces that it was trained on or enrolled with, by the same split_seed; or {remedy}"
            )
        found = _apart(test, seen, "that the recogniser was trained on", remedy)
        if not found.passed:
            return found
        if held is not None:
            on_known = _apart(held, seen, "trained on, and thresholds are set on these", _THRESHOLDS)
            if not on_known.passed:
                return on_known
        copies = self._copies(test, seen)
        named = [
            f"{test.files[row]} ({seen.files[other]})" for row, other in list(sorted(copies.items()))[:_NAMED]
        ]
        if len(copies) > _NAMED:
            named.append(f"{len(copies) - _NAMED} more")
        are = "is" if len(copies) == 1 else "are"
        detail = (
            f"{found.detail}; {len(copies)} {are} there saved again{': ' * bool(named)}{', '.join(named)}"
        )
        return passed(detail) if len(copies) <= self.tolerance * len(test) else failed(detail, remedy)

    def _copies(self, test: FaceDataset, seen: FaceDataset) -> dict[int, int]:
        """As by `saved_again`; the trials of a sweep, which share their pictures, share it."""
        shared = test.pixels if test.pixels is seen.pixels and not test.pixels.flags.writeable else None
        name = None if shared is None else digest(test.rows, "|", seen.rows, self.alike)
        if (kept := _KEPT.recalled(name, shared)) is None:
            kept = saved_again(test, seen, self.alike)
            _KEPT.keep(name, kept, shared)
        return dict(kept)


class FittedApart(Check):
    """No picture of the trial, pixel by pixel, is among those that the attack was fitted on, and it was fitted on whom
    it asks.

    A pattern of an older network, or of one without the defence that stands there now, does less than one of this very
    victim, and what it leaves looks like robustness. It is left out where the attack is not fitted.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        if not evidence.attack.needs_fitting:
            return does_not_apply("the attack is not fitted")
        attack = evidence.attack
        before = (getattr(attack.method, "fitted", None) or {}).get("asked")
        if before is not None and not torch.equal(
            before.cpu(), print_of_asked(evidence.victim, attack.surrogate, attack.adaptive)
        ):
            return failed(
                "the attack was fitted on another network than it asks now, or with other defences in front of it",
                "fit it on this very victim, behind its defences: attack.fit(victim, faces.train_faces, seed); what a "
                "pattern of another network does is asked with that one for a surrogate",
            )
        return _apart(
            evidence.faces,
            evidence.train_faces,
            "that the attack was fitted on",
            "remove pictures that are there under two names; what the attack does to a picture that it was fitted on "
            "is not what it does to others",
        )


def _apart(test: FaceDataset, seen: FaceDataset, what: str, remedy: str) -> Outcome:
    known = set(_prints(seen))
    shared = [file for file, one in zip(test.files, _prints(test), strict=True) if one in known]
    detail = f"{len(shared)} of {len(test)} pictures are among the {len(seen)} {what}"
    return failed(f"{detail}: {', '.join(shared[:_NAMED])}", remedy) if shared else passed(detail)


def _prints(faces: FaceDataset) -> list[str]:
    return [digest(faces.pixels[row], size=16) for row in faces.rows]
