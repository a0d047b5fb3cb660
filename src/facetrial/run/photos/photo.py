"""Who is on a photograph, as the recogniser of a config says it, attacked or not: what `facetrial photo` does."""

import logging
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facetrial.attacks.attack import Attack
from facetrial.attacks.surrogate import Surrogate, maps_between
from facetrial.core.errors import FacetrialError
from facetrial.data.loose_photos import faces_in, rows_with_same_crop
from facetrial.data.people_folder import PeopleFolder
from facetrial.data.photos.alignment import alignment_named
from facetrial.data.photos.person_folders import person
from facetrial.faces.batch import FaceDataset
from facetrial.faces.saved_again import saved_again
from facetrial.metrics.photo_thresholds import SimilarityThreshold, stranger_threshold
from facetrial.metrics.tasks.results import TooFew
from facetrial.recognition.layers import base_model
from facetrial.report.estimate import most_passes
from facetrial.run.context import TrialContext
from facetrial.run.cost import say_how_long
from facetrial.run.evaluate import check_same_people, validation_pictures
from facetrial.trial.photo import PhotoVerdict, identify

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NamedPhoto:
    """What came of a photograph.

    Attributes:
        verdict: who it is taken for.
        threshold: from which similarity on it shows one of the people; None of a recogniser that tells no similarity.
        enrolled: whether its person was enrolled with this very picture, or with it saved again.
    """

    verdict: PhotoVerdict
    threshold: SimilarityThreshold | TooFew | None
    enrolled: bool


def name_photo(context: TrialContext, picture: Path, attacked: bool, one_of_several: bool) -> NamedPhoto:
    """Who is on a photograph.

    Args:
        context: of a trial of the people whom it may show, attack and all.
        picture: the file.
        attacked: whether it is attacked too.
        one_of_several: as for `faces_in`.

    Raises:
        FacetrialError: it cannot be used, or the config asks for what cannot be had.
    """
    data = context.plan.make_data()
    if not isinstance(data, PeopleFolder):
        raise FacetrialError(
            f"photographs are compared with photographs of people, found data of {type(data).__name__}. Give --people "
            "PEOPLE, a folder with one folder of photographs a person."
        )
    file = _name_below(data.people_folder(), picture)
    photo = faces_in(  # before the people are looked at, which may take minutes
        [picture], [file], data.alignment, data.search, data.cache, one_of_several,
        without_face=data.on_no_face == "centre",
    )  # fmt: skip
    faces = context.faces
    if "/" in file and person(file) not in {person(known) for known in faces.all_faces.files}:
        raise FacetrialError(
            f"{person(file)}, in whose folder {picture} lies, has fewer than {data.min_pictures} pictures that can be "
            "used, is not among the people, and would be taken for somebody else. Add pictures to that folder."
        )
    check_same_people(context.recognizer, faces)
    victim = context.victim.to(context.trainer.strategy.root_device)
    attack = context.attack if attacked else None
    if context.needs_landmarks(context.attack):
        context.plan.find_landmarks(photo)
    if attack is not None and (surrogate := context.surrogate) is not None:
        attack = context.make_attack(attack.goal, _seeing(surrogate, photo, picture, data))
    if attack is not None:
        _prepare(context, attack, photo)
    return NamedPhoto(
        verdict=identify(victim, photo, faces.names, attack, context.seed),
        threshold=_threshold(context),
        enrolled=_was_enrolled(photo, faces.train_faces),
    )


def _was_enrolled(photo: FaceDataset, known: FaceDataset) -> bool:
    return bool(len(rows_with_same_crop(known, photo)) or saved_again(photo, known))


def _name_below(folder: Path, picture: Path) -> str:
    """The name by which a picture's random draws go: that of a trial where it lies in the folder of people."""
    try:
        name = picture.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        name = picture.name
    return unicodedata.normalize("NFC", name)


def _seeing(surrogate: Surrogate, photo: FaceDataset, picture: Path, data: PeopleFolder) -> Surrogate:
    """A surrogate that has a crop of this photograph too."""
    embedder: Any = base_model(surrogate.victim).embedder
    alignment = alignment_named(embedder.alignment, embedder.size, None)
    own = faces_in([picture], photo.files, alignment, data.search, data.cache, True, True)
    return Surrogate(surrogate.victim, maps_between(photo, own), embedder.size)


def _prepare(context: TrialContext, attack: Attack, photo: FaceDataset) -> None:
    """Fits an attack that has to be, and says how long it takes."""
    victim, train = context.victim, context.faces.train_faces
    say_how_long(most_passes(context.settings["attack"]["method"], len(train)), victim, photo, 1, attack)
    if attack.needs_fitting:
        log.info("Fitting the attack on %d training pictures.", len(train))
        attack.fit(victim, train, context.seed)


def _threshold(context: TrialContext) -> SimilarityThreshold | TooFew | None:
    held_out = validation_pictures(context)
    gallery = getattr(base_model(context.victim).head, "gallery", None)
    if held_out is None or gallery is None:
        return None
    return stranger_threshold(held_out, gallery.detach().cpu().numpy().astype(np.float32))
