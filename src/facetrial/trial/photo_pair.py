"""A trial of two photographs: are they of one person, and what if one of them is attacked?"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.pairs import PairHead, TurnVerdicts
from facetrial.attacks.result import Attacked
from facetrial.defenses.base import Defense
from facetrial.defenses.build import defended
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.layers import scores_of
from facetrial.recognition.victim import Victim
from facetrial.trial.pair_trial import embed_pictures
from facetrial.trial.photo import attack_one


@dataclass(frozen=True, eq=False)
class PairVerdict:
    """Whether two photographs are taken for one person.

    Attributes:
        files: the names of both; the first is the one that is attacked.
        threshold: cosine from which on they are.
        similarity: cosine of their embeddings.
        attacked: the same with the first one attacked; None where it was not.
        saved: the same after rounding to 8 bits.
        change: what the attack made of the first.
        second: the other's crop, float32 (3, H, W) in [0, 1].
    """

    files: tuple[str, str]
    threshold: float
    similarity: float
    attacked: float | None
    saved: float | None
    change: Attacked | None
    second: np.ndarray

    def same(self, similarity: float) -> bool:
        """Whether a similarity is one person's."""
        return similarity >= self.threshold

    @property
    def fooled(self) -> bool:
        """Whether the attack turned the verdict."""
        return self.attacked is not None and self.same(self.attacked) != self.same(self.similarity)


def compare(
    embedder: nn.Module,
    photos: FaceDataset,
    threshold: float,
    attack: Attack | None,
    seed: int,
    device: torch.device,
    in_front: Iterable[Defense] = (),
) -> PairVerdict:
    """Compares two photographs, the first as it is, and attacked so that the verdict turns.

    Args:
        embedder: in eval mode.
        photos: of two pictures, with landmarks where something goes by them.
        threshold: cosine from which on they are of one person.
        attack: on the first; None leaves it as it is. Its goal is the verdict's turn, whatever it was.
        seed: of what the attack draws.
        device: to compute on.
        in_front: defences of the embedder.

    Raises:
        FacetrialError: as by `attack_one`, or the defences vote.
    """
    in_front = list(in_front)
    asked = defended(Victim(embedder, nn.Identity(), ["embedding"]).freeze(), in_front, photos).to(device)
    embeddings = embed_pictures(asked, photos, device, len(photos))
    # A gallery has two vectors at least: the second column, of the first picture with itself, is not asked for.
    head = PairHead(embeddings[[1, 0]], torch.full((2,), threshold, dtype=torch.float64))
    victim = defended(Victim(embedder, head, photos.files[::-1]).freeze(), in_front, photos).to(device)
    faces = photos.batch([0]).to(device)

    def similarity(images: Tensor) -> float:
        return float(scores_of(victim, images)[0, 0]) + threshold

    clean = similarity(faces.images)
    change = None
    if attack is not None:
        attack = copy.copy(attack)
        attack.goal = TurnVerdicts(torch.tensor([clean >= threshold] * 2))
        change = attack_one(victim, faces, attack, seed, photos.files[0], photos.files[::-1])
    second = photos.batch([1]).images[0].numpy()
    return PairVerdict(
        files=(photos.files[0], photos.files[1]),
        threshold=threshold,
        similarity=clean,
        attacked=None if change is None else similarity(change.images),
        saved=None if change is None else similarity(change.saved),
        change=change,
        second=second,
    )
