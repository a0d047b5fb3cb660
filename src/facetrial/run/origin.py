"""What a trial has to know of its recogniser, and nobody can see from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from facetrial.faces.batch import FaceDataset
from facetrial.metrics.names import head_name
from facetrial.training.plan import RecognizerPlan


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a recogniser comes from.

    Attributes:
        head: what behind the network tells people apart: "svm", "gallery", with what was changed of it.
        trains: whether the network was trained on the data, and not only the head fitted.
        train_pictures: the most training pictures that a person was left with; None: all.
        train_seconds: that its training took; None: unknown.
        accuracy_before: share of clean test pictures that it knew after its training; None: unknown.
        code_known: whether its checkpoint tells which code trained it.
        in_front: names of the defences that are to stand in front of it; None where nobody says.
        embeddings: the folder that keeps what victims make of validation pictures; None keeps nothing.
        trained_here: whether the trial's own training pictures are what it was trained on.
        trained_on: the pictures that it was trained on, where they are not the trial's own; None: unknown.
    """

    head: str
    trains: bool = False
    train_pictures: int | None = None
    train_seconds: float | None = None
    accuracy_before: float | None = None
    code_known: bool = True
    in_front: Sequence[str] | None = None
    embeddings: Path | None = None
    trained_here: bool = True
    trained_on: FaceDataset | None = None

    @classmethod
    def of(cls, plan: RecognizerPlan) -> Self:
        """What a plan and its checkpoint say."""
        there = plan.path.is_file()
        return cls(
            head=head_name(plan.model["head"]),
            trains=plan.trains,
            train_pictures=plan.data.get("train_pictures"),
            train_seconds=plan.load(mmap=True).get("seconds") if there else None,
            accuracy_before=plan.accuracy_before,
            code_known=plan.code_known,
            in_front=list(plan.defenses_in_front),
            embeddings=Path(plan.paths["cache"]).expanduser() / "embeddings",
        )

    def seen(self, train_faces: FaceDataset) -> FaceDataset | None:
        """The pictures that the recogniser has seen, in a trial with these to train on; None: unknown."""
        return train_faces if self.trained_here else self.trained_on
