"""The trial of verification: one picture of each pair is attacked, and the pair's verdict is taken again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from facetrial.attacks.result import Attacked
from facetrial.core.errors import FacetrialError
from facetrial.data.pairs_file import Pair
from facetrial.faces.batch import FaceDataset, Faces
from facetrial.faces.landmark_names import NUM_LANDMARKS
from facetrial.recognition.layers import scores_and_embeddings, scores_of
from facetrial.trial.trial import Trial
from facetrial.trial.verdicts import change_columns

ONE_PERSON, TWO_PEOPLE = "one person", "two people"


@dataclass
class PairedFaces:
    """The pictures of a list of pairs.

    Attributes:
        pairs: N of them.
        attacked: N pictures, one of each pair, with the pair's name for `files` and its number for `identities`.
        pictures: all of them, each once.
        first: int64 (N,), rows of `pictures`: which is attacked.
        second: int64 (N,), which it is compared with.
    """

    pairs: list[Pair]
    attacked: FaceDataset
    pictures: FaceDataset
    first: np.ndarray
    second: np.ndarray

    @property
    def same(self) -> np.ndarray:
        """bool (N,), whether both show one person."""
        return np.array([pair.same for pair in self.pairs])


def paired(pairs: Sequence[Pair], pictures: FaceDataset) -> PairedFaces:
    """The pairs with their pictures; the first of each is the one to attack."""
    rows = {file.rsplit(".", 1)[0]: row for row, file in enumerate(pictures.files)}
    first, second = (np.array([rows[getattr(pair, side)] for pair in pairs]) for side in ("first", "second"))
    attacked = FaceDataset(
        pixels=pictures.pixels,
        rows=pictures.rows[first],
        identities=np.arange(len(pairs)),
        files=[pair_name(pair) for pair in pairs],
        names=[pair.second for pair in pairs],
        landmarks=pictures.landmarks[first].reshape(-1, NUM_LANDMARKS, 2),
        boxes=pictures.boxes[first],
        five_points=pictures.five_points[first],
    )
    return PairedFaces(list(pairs), attacked, pictures, first, second)


def pair_name(pair: Pair) -> str:
    """A name for a pair that a file may have: "Ann/Ann_0001 and Bob_0002"."""
    return f"{pair.first} and {pair.second.split('/')[1]}"


def embed_pictures(victim: nn.Module, pictures: FaceDataset, device: torch.device, batch_size: int) -> Tensor:
    """Unit-norm embeddings (M, D) of all pictures, on the CPU, as the victim's verdicts use them.

    Raises:
        FacetrialError: the victim does not go by one embedding a picture.
    """
    parts = []
    for rows in np.array_split(np.arange(len(pictures)), -(-len(pictures) // batch_size)):
        _, embeddings = scores_and_embeddings(victim, pictures.batch(rows).images.to(device))
        if embeddings is None:
            raise FacetrialError(
                "verification compares one embedding of each picture, and this victim votes over several or has none; "
                "leave out defences that vote."
            )
        parts.append(embeddings.cpu())
    return torch.cat(parts)


class PairTrial(Trial):
    """Attacks the first picture of every pair it is given; a row is a pair's.

    Args:
        people: for each pair, whom its pictures show.
        folds: for each pair.
        same: bool (N,).
        Others are those of Trial; the victim's head is a PairHead.
    """

    same: Tensor

    def __init__(
        self, *arguments, people: Sequence[tuple[str, str]], folds: Sequence[int], same: np.ndarray, **others
    ) -> None:
        super().__init__(*arguments, **others)
        self.people = list(people)
        self.folds = list(folds)
        self.same = torch.from_numpy(same)

    def keeps_embeddings(self) -> bool:
        return False

    def rows(self, batch: Faces, attacked: Attacked, files: list[str]) -> pd.DataFrame:
        """One row a pair. Margins are how far the similarity is on the right side of the threshold."""
        numbers = batch.identities.tolist()
        same = self.same.to(batch.identities.device)[batch.identities]
        people = [self.people[i] for i in numbers]
        columns: dict[str, list] = {
            "file": files,
            "identity": [person for person, _ in people],
            "second": [other for _, other in people],
            "fold": [self.folds[i] for i in numbers],
            "same": same.tolist(),
        }
        versions = {"clean": batch.images, "attacked": attacked.images, "8bit": attacked.saved}
        scores = {version: self._own_scores(images, batch) for version, images in versions.items()}
        for version, own in scores.items():
            columns[f"predicted_{version}"] = [
                ONE_PERSON if score >= 0 else TWO_PEOPLE for score in own.tolist()
            ]
        for version, own in scores.items():
            columns[f"correct_{version}"] = ((own >= 0) == same).tolist()
        for version, own in scores.items():
            columns[f"margin_{version}"] = torch.where(same, own, -own).tolist()
        return pd.DataFrame(columns | change_columns(batch, attacked))

    def _own_scores(self, images: Tensor, batch: Faces) -> Tensor:
        return scores_of(self.victim, images).gather(1, batch.identities[:, None])[:, 0]
