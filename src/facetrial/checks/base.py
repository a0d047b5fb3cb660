"""What a check is: a question that a finished trial has to answer before its figures are worth anything."""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from facetrial.attacks.attack import Attack
from facetrial.core.progress import in_short
from facetrial.data.splits import evenly_over_people
from facetrial.faces.batch import FaceDataset, Faces
from facetrial.metrics.parts import Outcome as Outcome
from facetrial.recognition.layers import draws_at_random, scores_of
from facetrial.trial.certificate import Certificate
from facetrial.trial.verdicts import judged_scores

log = logging.getLogger(__name__)

_LONGEST = 3  # checks that are named
_CHOICE = 0  # seed of the choice of pictures: one for all trials, so that they are checked on the same ones


@dataclass
class Evidence:
    """What a check may look at.

    Attributes:
        victim: what stood trial, defences and all, on `device`.
        attack: what attacked it.
        faces: the test pictures.
        train_faces: the pictures to train on, which fitted attacks have seen; of a trial of pairs, those of all pairs.
        rows: a row a picture, as `verdict_rows` makes them.
        seed: of the trial.
        device: where to compute.
        defenses: names of the victim's defences.
        seconds: the trial's attack took, at the last start.
        budget_settings: those of the attack's budget, as the config gives them; None where there is no config.
        fronts: the defences that are to stand in front of the victim, the outermost first; none where nobody says.
        in_front: names of the defences that are to stand in front of the victim; None where nobody says.
        accuracy_before: share of all clean test pictures that the recogniser knew after its training; None: unknown.
        code_known: whether the recogniser's checkpoint tells which code trained it.
        trained_on: the pictures that the recogniser was trained on or enrolled with; None: unknown.
        certificate: what certified the clean pictures; None without.
        validation_faces: the pictures on which thresholds are set; None where nobody says.
        same: of a trial of pairs, whose numbers `faces` has for identities, as for `judged_scores`; else None.
    """

    victim: nn.Module
    attack: Attack
    faces: FaceDataset
    train_faces: FaceDataset
    rows: pd.DataFrame
    seed: int
    device: torch.device
    defenses: Sequence[str] = ()
    seconds: float = 0.0
    budget_settings: Mapping[str, Any] | None = None
    in_front: Sequence[str] | None = None
    accuracy_before: float | None = None
    code_known: bool = True
    trained_on: FaceDataset | None = None
    same: Tensor | None = None
    fronts: Sequence[object] = ()
    certificate: Certificate | None = None
    validation_faces: FaceDataset | None = None

    @property
    def draws_at_random(self) -> bool:
        """Whether one of the victim's defences draws."""
        return draws_at_random(self.victim)

    @property
    def of_pairs(self) -> bool:
        """Whether verdicts are on pairs of pictures."""
        return self.same is not None

    def judged(self, images: Tensor, identities: Tensor) -> tuple[Tensor, Tensor]:
        """What the victim says of images (B, 3, H, W), as by `judged_scores`."""
        return judged_scores(scores_of(self.victim, images), identities, self.same)

    def batch(self, indices: Sequence[int]) -> Faces:
        """The test pictures at `indices`, on the device."""
        return self.faces.batch(list(indices)).to(self.device)

    @property
    def by_file(self) -> pd.DataFrame:
        """The first row of each picture, by its file."""
        return self.rows.drop_duplicates("file").set_index("file")

    def some(self, count: int, among: Sequence[str] | None = None) -> list[int]:
        """Indices of at most `count` test pictures, evenly over people; of those in `among`, files, where given."""
        allowed = None if among is None else set(among)
        rows = [i for i, file in enumerate(self.faces.files) if allowed is None or file in allowed]
        chosen = evenly_over_people(self.faces.identities[rows], count, _CHOICE)
        return [rows[i] for i in chosen]

    def images(self, indices: Sequence[int]) -> Tensor:
        """The clean pictures at `indices`, (B, 3, H, W)."""
        return self.batch(indices).images


class Check(ABC):
    """Base of checks. One is made by its config in the group `checks`, where its name stands too."""

    @abstractmethod
    def __call__(self, evidence: Evidence) -> Outcome | None:
        """`passed`, `failed` and `does_not_apply` make what it returns; None: it does not apply, and says not why."""


def passed(detail: str) -> Outcome:
    """The outcome of a check that found nothing wrong; `detail` says what was looked at."""
    return Outcome(True, detail)


def failed(detail: str, remedy: str) -> Outcome:
    """The outcome of a check that found something; `remedy` says what to do."""
    return Outcome(False, detail, remedy)


def does_not_apply(why: str) -> Outcome:
    """The outcome of a check whose question the trial does not raise."""
    return Outcome(None, why)


def run_checks(checks: Mapping[str, Check], evidence: Evidence) -> dict[str, Outcome]:
    """What the checks say, by their names; how long they took is logged, where they took more than a second."""
    outcomes, seconds = {}, {}
    for name, check in checks.items():
        started = time.monotonic()
        outcomes[name] = check(evidence) or does_not_apply("it does not apply to this trial")
        seconds[name] = time.monotonic() - started
    if (whole := sum(seconds.values())) > 1:
        longest = sorted(seconds, key=lambda name: -seconds[name])[:_LONGEST]
        log.info(
            "The checks took %s beside the attack's %s; longest: %s.",
            in_short(whole),
            in_short(evidence.seconds),
            ", ".join(f"{name} {in_short(seconds[name])}" for name in longest),
        )
    return outcomes
