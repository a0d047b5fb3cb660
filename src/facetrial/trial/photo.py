"""A trial of one photograph: who is it, and who is it attacked?"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.referee import referee
from facetrial.attacks.result import Attacked
from facetrial.core.errors import FacetrialError
from facetrial.faces.batch import FaceDataset, Faces
from facetrial.recognition.layers import answer, base_model
from facetrial.recognition.victim import device_of, similarities
from facetrial.recognition.without_slope import black_box
from facetrial.trial.rows import ABSTAINED


@dataclass(frozen=True)
class Said:
    """What a recogniser says of a picture.

    Attributes:
        ranked: everybody's name and score, the highest first; none where the recogniser gives no answer.
        silent: whether it names nobody.
        flagged: whether a detector flags the picture; None where none stands in front of it.
        similarity: cosine to the gallery of the first in the ranking; None of a recogniser that does not go by one
            embedding a picture, or keeps no gallery.
    """

    ranked: tuple[tuple[str, float], ...]
    silent: bool
    flagged: bool | None
    similarity: float | None

    @property
    def name(self) -> str:
        return ABSTAINED if self.silent else self.ranked[0][0]

    @property
    def margin(self) -> float:
        """By how much the first is ahead of the second."""
        return self.ranked[0][1] - self.ranked[1][1]


@dataclass(frozen=True, eq=False)
class PhotoVerdict:
    """Who a recogniser takes a photograph for.

    Attributes:
        file: its name.
        clean: what is said of it as it is.
        attacked: what is said of it attacked; None where it was not.
        saved: the same after rounding to 8 bits, which is what a recogniser sees of a file.
        target: for whom it was to be taken; None where anyone else would do.
        change: what the attack made of it.
    """

    file: str
    clean: Said
    attacked: Said | None = None
    saved: Said | None = None
    target: str | None = None
    change: Attacked | None = None

    @property
    def fooled(self) -> bool:
        """Whether the attack came to what it wanted."""
        if self.attacked is None:
            return False
        if self.target is not None:
            return self.attacked.name == self.target
        return self.attacked.name != self.clean.name


def said_of(victim: nn.Module, images: Tensor, names: Sequence[str]) -> Said:
    """What `victim` says of the one picture (1, 3, H, W).

    Args:
        victim: scores (1, C), defended or not.
        images: in [0, 1], on the victim's device.
        names: of the C people.

    Raises:
        FacetrialError: scores that are not finite, of a recogniser whose network is known.
    """
    scores, embeddings, silent, suspicion = answer(victim, images)
    own = scores[0, : len(names)]
    if not own.isfinite().all():
        if black_box(victim) is None:
            raise FacetrialError(
                "the recogniser's scores of this picture are not finite. Its weights may be damaged."
            )
        return Said((), True, None, None)  # it finds nobody
    order = own.argsort(descending=True, stable=True).tolist()
    head, similarity = getattr(base_model(victim), "head", None), None
    if embeddings is not None and getattr(head, "gallery", None) is not None:
        similarity = float(similarities(embeddings, head)[0, order[0]])
    return Said(
        ranked=tuple((names[number], float(own[number])) for number in order),
        silent=bool(silent[0]),
        flagged=None if suspicion is None else bool(suspicion[0] > 1),
        similarity=similarity,
    )


def identify(
    victim: nn.Module, photo: FaceDataset, names: Sequence[str], attack: Attack | None, seed: int
) -> PhotoVerdict:
    """Who a photograph is taken for, as it is and attacked; whoever is named when clean is the one to dodge.

    Args:
        victim: scores (1, C), defended or not, frozen and in eval mode.
        photo: of one picture, with landmarks where something goes by them.
        names: of the C people.
        attack: None leaves it as it is.
        seed: of what the attack draws.

    Raises:
        FacetrialError: as by `attack_one`.
    """
    faces, file = photo.batch([0]).to(device_of(victim)), photo.files[0]
    clean = said_of(victim, faces.images, names)
    if attack is None:
        return PhotoVerdict(file, clean)
    if not clean.ranked:
        raise FacetrialError(f"the recogniser finds nobody on {file}: there is nothing to attack.")
    faces.identities = torch.tensor([names.index(clean.ranked[0][0])], device=faces.images.device)
    change = attack_one(victim, faces, attack, seed, file, names)
    return PhotoVerdict(
        file,
        clean,
        attacked=said_of(victim, change.images, names),
        saved=said_of(victim, change.saved, names),
        target=None if change.targets is None else names[int(change.targets[0])],
        change=change,
    )


def attack_one(
    victim: nn.Module, faces: Faces, attack: Attack, seed: int, file: str, names: Sequence[str]
) -> Attacked:
    """One picture attacked, and what was made of it checked.

    Args:
        victim: frozen and in eval mode.
        faces: a batch of one.
        attack: on it.
        seed: of what the attack draws.
        file: its name, for messages.
        names: of the people whom the victim scores.

    Raises:
        FacetrialError: the target is on it, the region is not, or the attack breaks its own rules.
    """
    attack.goal.check(faces.identities.cpu(), names)
    change = attack(victim, faces, seed, files=[file])
    referee(faces.images, change.images, change.region, attack.budget.norm, attack.budget.limit, [file])
    if not change.attackable.all():
        raise FacetrialError(
            f"{file} cannot be attacked: the region is empty, for no landmarks are known on it, or it shows the target "
            "already. Choose another attack/region, such as everywhere, or another goal.target."
        )
    return change
