"""From which similarity on a photograph is taken for somebody, or two for one person; and where that comes from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.metrics.tasks.results import TooFew
from facetrial.metrics.tasks.score_histogram import similarity_at
from facetrial.metrics.tasks.thresholds import alarm_thresholds, pair_thresholds
from facetrial.trial.held_out import HeldOut

_STRANGERS = (0.01, 0.1)  # of whose pictures so many may pass; the first that can be told
# Of published networks, by a digest of their weights in half precision, in which some are handed on: the threshold that
# is best for the pairs of LFW's first fold, and the share of these that it judges rightly (task=verification).
_ON_LFW = {
    "4ee84ff85b27b352": (0.29, 0.992),  # MobileFaceNet y1, of InsightFace
    "70fdd9c20128ac70": (0.17, 0.995),  # EdgeFace-XS
    "99c6fe5700b18107": (0.43, 0.997),  # FaceNet of VGGFace2, of facenet-pytorch
}


@dataclass(frozen=True)
class SimilarityThreshold:
    """A cosine similarity.

    Attributes:
        value: from which on it is one person, or one of the people.
        comes_from: where it comes from, as the end of a sentence.
    """

    value: float
    comes_from: str


def stranger_threshold(held_out: HeldOut, gallery: np.ndarray) -> SimilarityThreshold | TooFew:
    """From which similarity to the nearest person's gallery on a picture shows one of these people.

    Each validation picture is taken for that of a stranger: compared with everybody but the one it shows.

    Args:
        held_out: validation pictures.
        gallery: float32 (P, D), unit norm, one vector a person.
    """
    similarities = held_out.embeddings @ gallery.T
    similarities[np.arange(len(similarities)), held_out.identities] = -np.inf
    set_on, found = alarm_thresholds(similarities.max(1), held_out.identities, _STRANGERS)
    for rate, threshold in found.items():
        if not isinstance(threshold, TooFew):
            return SimilarityThreshold(
                threshold,
                f"which {100 * rate:.0f} % of {set_on.pictures} validation pictures of {set_on.people} people reach "
                "where they are compared with the others",
            )
    few = found[_STRANGERS[-1]]
    assert isinstance(few, TooFew)
    return few


def own_pairs_threshold(pictures: HeldOut, whose: str) -> SimilarityThreshold:
    """The threshold that is best for all pairs of these pictures, both kinds of pair weighed alike.

    Args:
        pictures: of people.
        whose: where they lie, for the sentence.

    Raises:
        FacetrialError: nobody has two of them, or they are of one person.
    """
    found = pair_thresholds(pictures, ())
    if found.best is None:
        raise FacetrialError(
            f"{whose} has no two pictures of one person beside pictures of others, by which a threshold could be set. "
            "Give --threshold, or more pictures."
        )
    return SimilarityThreshold(
        similarity_at(found.best),
        f"the best for all pairs of {found.set_on.pictures} pictures of {found.set_on.people} people in {whose}",
    )


def measured_threshold(weights: Mapping[str, Tensor], name: str) -> SimilarityThreshold:
    """The threshold that was measured on LFW's pairs, of a published network.

    Args:
        weights: its state.
        name: of the embedder, for the error.

    Raises:
        FacetrialError: another network's was never measured.
    """
    halves = {key: value.half() for key, value in weights.items() if value.is_floating_point()}
    if (known := _ON_LFW.get(digest(halves))) is None:
        raise FacetrialError(
            f"of {name} with these weights it is not known from which cosine on two pictures are of one person. Give "
            "--people PEOPLE, a folder with one folder of photographs a person, on whose pairs it is set; or "
            "--threshold."
        )
    value, right = known
    return SimilarityThreshold(
        value, f"at which {100 * right:.1f} % of 600 pairs of LFW (its first fold) are judged rightly"
    )
