"""Verdicts: what the victim says of finished pictures, in float32 and after rounding to 8 bits."""

from collections.abc import Mapping, Sequence

import pandas as pd
import torch
from torch import Tensor, nn

from facetrial.attacks.goals import SHOWS_TARGET
from facetrial.attacks.result import Attacked, Gradient
from facetrial.core.digests import digest
from facetrial.core.exact_sums import exact_sum
from facetrial.core.process.kept import Kept
from facetrial.faces.batch import Faces
from facetrial.recognition.layers import Answer, answer, unchecked
from facetrial.trial.rows import ABSTAINED, ATTACKED, NOT_ATTACKABLE

_KEPT: Kept[Answer] = Kept(256)  # of batches: some MiB


def verdict_rows(
    victim: nn.Module,
    faces: Faces,
    attacked: Attacked,
    names: Sequence[str] | Mapping[int, str],
    files: list[str],
    embeddings: dict[str, Tensor] | None = None,
    victim_name: str | None = None,
) -> pd.DataFrame:
    """One row a picture. Margins are the own score minus the best other: positive is recognised. The rank is the place
    of the own name among all by score, 1 for the first; where the victim names nobody it is behind the last.

    Where the victim has detectors, also how suspicious each version is, and whether it is flagged; being flagged
    leaves `predicted` and `correct` as they are.

    Args:
        victim: scores (B, C) from images, in eval mode.
        faces: the clean batch.
        attacked: what the attack made of it.
        names: the person's name for each identity.
        files: B names of pictures.
        embeddings: where each version's, (B, D), are put as by `scores_and_embeddings`; versions without are left out.
        victim_name: as for `Trial`.
    """
    columns: dict[str, list] = {"file": files, "identity": [names[i] for i in faces.identities.tolist()]}
    versions = {"clean": faces.images, "attacked": attacked.images, "8bit": attacked.saved}
    victim = unchecked(victim)  # the referee has seen the pictures
    answers = {
        version: clean_answer(victim, images, victim_name) if version == "clean" else answer(victim, images)
        for version, images in versions.items()
    }
    predicted, correct, margin, rank = {}, {}, {}, {}
    detected: dict[str, list] = {}
    for version, (scores, found, silent, suspicion) in answers.items():
        if embeddings is not None and found is not None:
            embeddings[version] = found
        silent = silent | ~scores.isfinite().all(1)  # scores that are not finite are no answer
        winners = scores.argmax(1)
        named = [
            ABSTAINED if no_one else names[i]
            for i, no_one in zip(winners.tolist(), silent.tolist(), strict=True)
        ]
        predicted[f"predicted_{version}"] = named
        correct[f"correct_{version}"] = ((winners == faces.identities) & ~silent).tolist()
        margin[f"margin_{version}"] = own_margins(scores, faces.identities).tolist()
        ranks = own_ranks(scores, faces.identities).masked_fill(silent, len(scores[0]) + 1)
        rank[f"rank_{version}"] = ranks.tolist()
        if suspicion is not None:
            detected |= {
                f"suspicion_{version}": suspicion.tolist(),
                f"flagged_{version}": (suspicion > 1).tolist(),
            }
    columns |= predicted | correct | margin | rank | detected
    if attacked.targets is not None:
        columns["target"] = ["" if i == SHOWS_TARGET else names[i] for i in attacked.targets.tolist()]
    return pd.DataFrame(columns | change_columns(faces, attacked))


def clean_answer(victim: nn.Module, images: Tensor, victim_name: str | None) -> Answer:
    """As `answer`; taken from an earlier trial of a sweep that showed this very batch to this victim."""
    if victim_name is None:
        return answer(victim, images)
    name = digest(victim_name, str(images.device), images, size=16)
    return _KEPT.copy_of(name, lambda: answer(victim, images))


def change_columns(faces: Faces, attacked: Attacked) -> dict[str, list]:
    """Columns of what was done to each picture of a batch, whatever came of it."""
    columns: dict[str, list] = {}
    columns["status"] = [
        ATTACKED if attackable else NOT_ATTACKABLE for attackable in attacked.attackable.tolist()
    ]
    columns["reached"] = attacked.reached.tolist()
    columns |= change_norms(faces.images, attacked.images)
    columns["picture_digest"] = [digest(image) for image in attacked.images.cpu()]
    columns["region_area"] = (exact_sum(attacked.region) / attacked.region[0].numel()).tolist()
    if attacked.smallest is not None:
        columns["smallest"] = attacked.smallest.tolist()
    columns["queries"] = attacked.queries.tolist()
    columns["steps"] = attacked.steps.tolist()
    columns["gradient"] = [Gradient(i).name.lower() for i in attacked.gradient.tolist()]
    return columns


def judged_scores(scores: Tensor, identities: Tensor, same: Tensor | None) -> tuple[Tensor, Tensor]:
    """The scores that verdicts go by, and the column (B,) that the right one has among them.

    Args:
        scores: (B, C), of people or of pairs.
        identities: (B,), whose column counts.
        same: bool (C,), of pairs, whether both pictures of each show one person: the scores (B, 2) are then by how much
            the verdict is right, and 0. None where pictures are named, by all the scores.
    """
    if same is None:
        return scores, identities
    own = scores.gather(1, identities[:, None])[:, 0]
    right = torch.where(same.to(identities.device)[identities], own, -own)
    return torch.stack([right, torch.zeros_like(right)], dim=1), torch.zeros_like(identities)


def own_margins(scores: Tensor, identities: Tensor) -> Tensor:
    """The own score less the best other, (B,), of scores (B, C): above 0 is recognised."""
    own = scores.gather(1, identities[:, None])[:, 0]
    return -(scores.scatter(1, identities[:, None], -torch.inf).amax(1) - own)


def own_ranks(scores: Tensor, identities: Tensor) -> Tensor:
    """The place, int64 (B,), of each own score among all (B, C), 1 for the highest; C where scores are not finite.

    Of equal scores the first is in front, as for the winner.
    """
    own = scores.gather(1, identities[:, None])
    before = torch.arange(scores.shape[1], device=scores.device) < identities[:, None]
    ahead = (scores > own) | ((scores == own) & before)
    return torch.where(scores.isfinite().all(1), 1 + ahead.sum(1), scores.shape[1])


def change_norms(images: Tensor, attacked: Tensor) -> dict[str, list]:
    """Norms of the change to each picture, in [0, 1] units, and the number of pixels changed."""
    change = (attacked.double() - images.double()).abs()
    energy = exact_sum(change.square())
    return {
        "rms": (energy / change[0].numel()).sqrt().tolist(),
        "l2": energy.sqrt().tolist(),
        "l1": exact_sum(change).tolist(),
        "linf": change.amax((1, 2, 3)).tolist(),
        "pixels_changed": (change.amax(1) > 0).sum((1, 2)).tolist(),
    }
