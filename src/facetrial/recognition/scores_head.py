"""The head of a recogniser that scores people itself."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.enrolment import enrolled
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.svm_head import SVMHead

_SHOWN = 3  # names


class ScoresHead(nn.Module):
    """Of the scores that a recogniser gives of the people whom it knows, those of the people of the data.

    Nothing is trained: people are found by their names, and others whom it knows are left out of its answers.
    """

    columns: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("columns", torch.zeros(0, dtype=torch.int64))

    @property
    def fitted(self) -> bool:
        return self.columns.numel() > 0

    @property
    def num_classes(self) -> int:
        return len(self.columns)

    def know(self, people: Sequence[str], names: Sequence[str]) -> None:
        """Sets which scores are whose.

        Args:
            people: whom the recogniser scores, in order.
            names: of the data, in the order of identities.

        Raises:
            FacetrialError: it knows not all of them.
        """
        places = {name: place for place, name in enumerate(people)}
        if strangers := [name for name in names if name not in places]:
            raise FacetrialError(
                f"the recogniser scores {len(people)} people, such as {', '.join(people[:_SHOWN])}, and not "
                f"{len(strangers)} of the data's: {', '.join(strangers[:_SHOWN])}. Name the data's folders as it names "
                "people, or enrol those in it first."
            )
        self.columns = torch.tensor([places[name] for name in names], device=self.columns.device)

    def fit(self, embeddings: np.ndarray, identities: np.ndarray) -> None:
        """Checks what heads are fitted on: scores (N, D) of identities (N,); it has to `know` before.

        Raises:
            FacetrialError: nobody was found on one of the pictures; else as by `enrolled`.
        """
        _, identities = enrolled(embeddings, identities)
        if len(np.unique(identities)) != self.num_classes:
            raise FacetrialError(
                "a head of scores goes by names: a recogniser that gives scores has to tell whom they are of."
            )

    def forward(self, scores: Tensor) -> Tensor:
        """Identity scores (B, C) from all scores (B, D)."""
        if not self.fitted:
            raise FacetrialError(
                "it is not known whose scores are whose; train the recogniser first: python train.py."
            )
        return scores[:, self.columns]

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *arguments) -> None:
        # How many people there are is known only once it is fitted: take that of the file.
        if (stored := state_dict.get(f"{prefix}columns")) is not None:
            self.columns = torch.empty(stored.shape, dtype=stored.dtype, device=self.columns.device)
        super()._load_from_state_dict(state_dict, prefix, *arguments)


def fit_head(
    head: SVMHead | GalleryHead | ScoresHead,
    embedder: nn.Module,
    embeddings: np.ndarray,
    identities: np.ndarray,
    names: Sequence[str],
) -> None:
    """Fits a head on what an embedder gives of training pictures.

    Args:
        head: not fitted, of any kind.
        embedder: that gave them.
        embeddings: (N, D), embeddings or scores.
        identities: (N,).
        names: of the people, in the order of identities.

    Raises:
        FacetrialError: it gives scores and the head goes by embeddings, or the other way round; a picture on which it
            finds nobody; else as the head's own.
    """
    people = getattr(embedder, "people", None)
    if (people is not None) != isinstance(head, ScoresHead):
        raise FacetrialError(
            f"the recogniser gives scores of {len(people)} people, and no embeddings: choose model/head=scores."
            if people is not None
            else "the recogniser gives embeddings, and model/head=scores is for one that gives scores of people: "
            "choose model/head=svm or gallery."
        )
    if nobody := int(np.isnan(embeddings).all(1).sum()) if not getattr(embedder, "has_slope", True) else 0:
        raise FacetrialError(
            f"the recogniser finds nobody on {nobody} of {len(embeddings)} training pictures, of which it has to know "
            "people. See that faces are cut as it wants them (embedder.size, embedder.alignment), or leave those out."
        )
    if isinstance(head, ScoresHead) and people is not None:
        head.know(people, names)
    head.fit(embeddings, identities)
