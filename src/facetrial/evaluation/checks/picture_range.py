"""Whether pictures are in [0, 1], and the victim minds."""

from torch import Tensor

from facetrial.attacks.objective import scores_of
from facetrial.errors import FacetrialError
from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed

_PICTURES = 64


class PictureRange(Check):
    """Pictures use the range [0, 1], and the victim refuses those that leave it.

    A budget of 8/255 means something in this range only. Pictures divided by 255 twice are all but black in it; a
    victim that takes standardised ones without a word lets them be standardised twice.

    Args:
        contrast: least difference between a typical picture's darkest and brightest value.
    """

    def __init__(self, contrast: float = 0.1) -> None:
        self.contrast = contrast

    def __call__(self, evidence: Evidence) -> Outcome:
        images = evidence.images(evidence.some(_PICTURES))
        values = images.flatten(1)
        found = float((values.amax(1) - values.amin(1)).median())
        if found < self.contrast:
            return failed(
                f"between the darkest and the brightest value of a typical picture lie {found:.3g} of the range",
                "give pixels from 0 to 255 in `pixels`; were they divided by 255 already?",
            )
        outside = {"standardised": 2.0 * images[:1] - 1.0, "from 0 to 255": 255.0 * images[:1]}
        taken = [name for name, picture in outside.items() if not _refused(evidence, picture)]
        if taken:
            return failed(
                f"the victim takes pictures that are {' and '.join(taken)} without a word",
                "let its forward pass call facetrial.data.faces.check_images, or wrap it in a facetrial.Victim",
            )
        return passed(f"pictures lie in [0, 1] and span {found:.2f} of it; the victim refuses others")


def _refused(evidence: Evidence, picture: Tensor) -> bool:
    try:
        scores_of(evidence.victim, picture)
    except FacetrialError:
        return True
    return False
