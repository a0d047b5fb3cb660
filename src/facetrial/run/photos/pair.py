"""Whether two photographs are of one person, as the recogniser of a config says it: what `facetrial verify` does."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.data.loose_photos import faces_in, rows_with_same_crop
from facetrial.data.people_folder import PeopleFolder
from facetrial.defenses.build import defended
from facetrial.faces.batch import FaceDataset
from facetrial.metrics.names import embedder_name
from facetrial.metrics.photo_thresholds import SimilarityThreshold, measured_threshold, own_pairs_threshold
from facetrial.recognition.victim import Victim
from facetrial.run.context import TrialContext
from facetrial.run.verify import check_embeds, check_possible, embedder_for
from facetrial.trial.held_out import HeldOut
from facetrial.trial.pair_trial import embed_pictures
from facetrial.trial.photo_pair import PairVerdict, compare


def verify_photos(
    context: TrialContext,
    pictures: Sequence[Path],
    attacked: bool,
    threshold: float | None,
    one_of_several: bool,
) -> tuple[PairVerdict, SimilarityThreshold]:
    """Whether two photographs are of one person, and the threshold that says so.

    Args:
        context: of a trial; its people are needed where no threshold is given, and the network's is not known.
        pictures: two files; the first is the one that is attacked.
        attacked: whether it is.
        threshold: cosine from which on they are of one person; None is set on the people, or known of the network.
        one_of_several: as for `faces_in`.

    Raises:
        FacetrialError: one cannot be used, or the config asks for what cannot be had.
    """
    if threshold is not None and not -1 <= threshold <= 1:
        raise FacetrialError(f"--threshold is a cosine, from -1 to 1; found {threshold:g}.")
    check_possible(context)
    if attacked and context.attack.needs_fitting:
        raise FacetrialError(
            "this attack is fitted on training pictures, and a pair has none. Give another, such as --attack pgd."
        )
    faces = context.plan.make_data()
    if not isinstance(faces, PeopleFolder):
        raise FacetrialError(
            f"two photographs are compared, found data of {type(faces).__name__}. Leave data out, or give data=folder."
        )
    files = [path.name for path in pictures]
    if len(set(files)) < len(files):
        files = [path.as_posix() for path in pictures]
    photos = faces_in(
        pictures, files, faces.alignment, faces.search, faces.cache, one_of_several,
        without_face=faces.on_no_face == "centre",
    )  # fmt: skip
    if context.needs_landmarks(context.attack):
        context.plan.find_landmarks(photos)
    embedder, untouched = embedder_for(context.plan)
    device = context.trainer.strategy.root_device
    if threshold is not None:
        judged_at = SimilarityThreshold(threshold, "as it was given")
    elif faces.root is None:
        name = embedder_name(context.choices["embedder"], context.settings["embedder"])
        judged_at = measured_threshold(embedder.state_dict(), name)
    else:
        faces.setup()
        known = faces.all_faces if untouched else faces.validation_faces
        judged_at = own_pairs_threshold(_embedded(context, embedder, known, photos), str(faces.root))
    attack = context.attack if attacked else None
    in_front = context.plan.defenses_in_front.values()
    verdict = compare(embedder, photos, judged_at.value, attack, context.seed, device, in_front)
    check_embeds(embedder)  # its first answer may tell
    return verdict, judged_at


def _embedded(context: TrialContext, embedder: nn.Module, known: FaceDataset, photos: FaceDataset) -> HeldOut:
    """The pictures of known people but for those that are to be judged, as the defended embedder sees them."""
    others = known.subset(np.setdiff1d(np.arange(len(known)), rows_with_same_crop(known, photos)))
    in_front, device = context.plan.defenses_in_front.values(), context.trainer.strategy.root_device
    asked = defended(Victim(embedder, nn.Identity(), ["embedding"]).freeze(), in_front, others)
    embeddings = embed_pictures(asked.to(device), others, device, context.batch_size)
    return HeldOut(embeddings.numpy(), others.identities)
