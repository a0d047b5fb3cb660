"""From a composed config to a verdict on verification: what `python evaluate.py task=verification` does."""

import logging
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from lightning import seed_everything
from torch import nn

from facetrial.attacks.goals import Dodging
from facetrial.attacks.pairs import PairHead, TurnVerdicts
from facetrial.core.errors import FacetrialError
from facetrial.data.pairs_file import Pair, files_of_pairs, read_pairs
from facetrial.data.people_folder import PeopleFolder
from facetrial.data.photos.person_folders import pictures_of_people, some
from facetrial.data.splits import evenly_over_people
from facetrial.defenses.build import defended
from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.tasks.pair_list import ListOfPairs
from facetrial.metrics.tasks.pair_thresholds import best_threshold, parts_of, thresholds_by_part
from facetrial.recognition.embedders.flip_averaged import Mirrored
from facetrial.recognition.victim import Victim
from facetrial.run.context import TrialContext
from facetrial.run.evaluate import attack_and_check
from facetrial.run.pair_results import JudgedPairs, write_pair_results
from facetrial.run.results import left_out_summary
from facetrial.training.plan import RecognizerPlan
from facetrial.training.train import recognizer_for
from facetrial.trial.pair_trial import PairedFaces, PairTrial, embed_pictures, paired
from facetrial.trial.shards import Shards

log = logging.getLogger(__name__)


def run_pair_trial(
    context: TrialContext,
    pairs: str | None = None,
    attacked: Literal["first", "second"] = "first",
    mirror: bool = False,
) -> TrialSummary | None:
    """Runs a trial of verification and writes its results into its folder.

    Every pair is judged clean, at the threshold that is best for the clean pairs of the other folds; then one picture
    of each is attacked so that this verdict turns.

    Args:
        context: of the trial; `data.limit` counts pairs that are attacked.
        pairs: a list in LFW's format; None is `pairs.txt` beside the people, where scikit-learn leaves it.
        attacked: which side, "first" or "second".
        mirror: whether an embedding is that of the picture plus that of its mirror image.

    Returns:
        The summary; None but in the first process.
    """
    seed_everything(context.seed, workers=True, verbose=False)
    if attacked not in ("first", "second"):
        raise FacetrialError(f'task.attacked must be "first" or "second", found {attacked!r}.')
    check_possible(context)
    faces = context.plan.make_data()
    if not isinstance(faces, PeopleFolder):
        raise FacetrialError(
            f"task=verification needs photographs that a list of pairs can name, found data of {type(faces).__name__}; "
            "give data=lfw or data=folder."
        )
    path = Path(pairs).expanduser() if pairs is not None else list_beside(faces.people_folder())
    context.also_read.append(path)
    listed = [pair if attacked == "first" else pair.turned for pair in read_pairs(path)]
    attack = context.make_attack(TurnVerdicts(torch.zeros(0)))
    if attack.needs_fitting:
        raise FacetrialError(
            "this attack is fitted on training pictures, and pairs have none; choose another, such as attack=pgd."
        )
    whole = faces_of_pairs(context, faces, listed, context.needs_landmarks(attack))
    listed = whole.pairs

    device = context.trainer.strategy.root_device
    in_front = list(context.plan.defenses_in_front.values())
    embedder, untouched = embedder_for(context.plan)
    if mirror:
        embedder = Mirrored(embedder)
    asked = defended(Victim(embedder, nn.Identity(), ["embedding"]).freeze(), in_front, whole.pictures)
    embeddings = embed_pictures(asked.to(device), whole.pictures, device, context.batch_size)
    check_embeds(embedder)  # its first answer may tell
    if len(without := (~embeddings.isfinite().all(1)).nonzero()[:, 0]):
        files = some([whole.pictures.files[row] for row in without.tolist()])
        raise FacetrialError(
            f"the recogniser finds nobody on {files}. Leave the pairs with them out of the list."
        )
    similarities = (embeddings[whole.first] * embeddings[whole.second]).sum(1).numpy()
    folds = np.array([pair.fold for pair in listed])
    parts, chosen = parts_of(folds, whole.same, faces.split_seed)
    thresholds = thresholds_by_part(similarities, whole.same, parts, best_threshold)

    head = PairHead(embeddings[whole.second], torch.from_numpy(thresholds))
    victim = defended(Victim(embedder, head, whole.attacked.names).freeze(), in_front, whole.pictures)
    attack.goal = TurnVerdicts(torch.from_numpy(whole.same))
    rows_of = np.arange(len(listed))
    if faces.limit is not None:
        rows_of = evenly_over_people(2 * folds + whole.same, faces.limit, faces.split_seed)
    test = whole.attacked.subset(rows_of)
    fingerprint = context.fingerprint([victim], test if context.needs_landmarks(attack) else None, listed)
    shards = Shards(context.folder / "shards" / fingerprint)
    trial = PairTrial(
        victim, attack, test, context.seed, shards, None if context.private else set(), context.images_folder,
        people=[pair.people for pair in listed], folds=(folds + 1).tolist(), same=whole.same,
    )  # fmt: skip
    outcome = attack_and_check(context, trial, whole.pictures)
    if outcome is None:
        return None
    judged = JudgedPairs(whole, similarities, parts, thresholds)
    about = ListOfPairs(path.name, chosen, attacked, mirror, untouched)
    return write_pair_results(context, outcome, judged, about, left_out_summary(faces))


def check_possible(context: TrialContext) -> None:
    """Raises FacetrialError where a part of the trial has no meaning for pairs."""
    if context.settings["attack"].get("surrogate") is not None:
        raise FacetrialError(
            "task=verification: attacks on a surrogate are not supported; leave attack.surrogate out."
        )
    if type(context.goal) is not Dodging:
        raise FacetrialError(
            "task=verification has one goal, that verdicts turn: pairs of one person refused, pairs of two accepted. "
            "Leave goal out."
        )
    if context.settings["certificate"]:
        raise FacetrialError("task=verification: there is no certificate for pairs; leave certificate out.")
    flags = [name for name, defense in context.defenses.items() if defense.detects or defense.outermost]
    if flags:
        raise FacetrialError(
            f"task=verification: {flags[0]} flags or votes, where pairs are compared by one embedding a picture; "
            "leave it out."
        )


def list_beside(folder: Path) -> Path:
    """The `pairs.txt` in or beside the folder of people, where scikit-learn leaves LFW's."""
    for place in (folder.parent / "pairs.txt", folder / "pairs.txt"):
        if place.is_file():
            return place
    raise FacetrialError(
        f"there is no pairs.txt beside or in {folder}: give a list in LFW's format with task.pairs=FILE."
    )


def faces_of_pairs(
    context: TrialContext, faces: PeopleFolder, listed: list[Pair], needs_landmarks: bool
) -> PairedFaces:
    """The pairs with both pictures to use, with landmarks where an attack or a defence needs them.

    Raises:
        FacetrialError: no pair of one person is left, or none of two.
    """
    names = files_of_pairs(listed, pictures_of_people(faces.people_folder(), 1))
    pictures = faces.faces_of(list(names.values()))
    usable = set(pictures.files)
    whole = [pair for pair in listed if {names[pair.first], names[pair.second]} <= usable]
    if len(whole) < len(listed):
        log.warning(
            "%d of %d pairs have a picture that cannot be used, and stand in no figure.",
            len(listed) - len(whole),
            len(listed),
        )
    if len({pair.same for pair in whole}) < 2:
        raise FacetrialError(
            f"of {len(listed)} pairs {len(whole)} have two pictures that can be used, and these are not of both kinds: "
            "of one person, and of two. Put the pictures right that are named above."
        )
    if needs_landmarks:
        context.plan.find_landmarks(pictures)
    return paired(whole, pictures)


def embedder_for(plan: RecognizerPlan) -> tuple[nn.Module, bool]:
    """The embedder, and whether it is as published: then no recogniser has to be fitted on other pictures for it."""
    if not plan.trains and plan.model["checkpoint"] is None:
        embedder = plan.make_embedder()
        if getattr(embedder, "projection", None) is None:
            check_embeds(embedder)
            return embedder.eval(), True
    log.warning("The embedder is trained on pictures of data.root: pairs of the same people look easy.")
    return recognizer_for(plan).embedder, False


def check_embeds(embedder: nn.Module) -> None:
    """Raises FacetrialError for a recogniser that is known to score people, whose scores are no embeddings."""
    if getattr(embedder, "people", None) is not None:
        raise FacetrialError(
            "two pictures are compared by their embeddings, and the recogniser gives scores of people. Give one that "
            "gives vectors, or ask who is on a picture: facetrial photo, or task left out."
        )
