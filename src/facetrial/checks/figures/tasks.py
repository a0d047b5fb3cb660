"""Whether the figures of the tasks are those of the embeddings and ranks, counted anew by other code."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score, roc_curve
from torch import nn

from facetrial.checks.base import Outcome, does_not_apply, failed, passed
from facetrial.metrics.tasks.results import (
    OpenSet,
    OpenSetPoint,
    OverPeople,
    Tasks,
    Unavailable,
    Verification,
    VerificationPoint,
)
from facetrial.recognition.layers import base_model
from facetrial.recognition.victim import Victim, device_of
from facetrial.trial.embedding_shards import VERSIONS, Version
from facetrial.trial.held_out import HeldOut
from facetrial.trial.rows import ATTACKED
from facetrial.trial.verdicts import own_margins

_CELL = 4e-6  # by how much a similarity may be off where pairs are counted by cells
_NEAR = 1e-6
_CURVES = 5e-3  # of figures over all thresholds
_MOST = 2000  # pictures of which every pair is looked at
_ANOTHER, _FEW = 0.05, 0.02  # of a margin, and of the pictures: as of another picture
_REMEDY = (
    "this is a fault of Facetrial's: please report it with this folder (where rows or embeddings are said to be of "
    "other pictures, try resume=false first)"
)


def tasks_recounted(
    tasks: Tasks,
    rows: pd.DataFrame,
    embeddings: Mapping[str, np.ndarray] | None,
    held_out: HeldOut | None,
    victim: nn.Module,
    names: Sequence[str],
    known: np.ndarray,
) -> Outcome:
    """Counts ranks, pairs and strangers anew, and looks whether embeddings are those that verdicts came from.

    Args:
        tasks: what is told.
        known: bool (P,), who is in the gallery of the open set.
        Others are as for `tasks_summary`.
    """
    wrong = list(_ranks(tasks, rows))
    detail = "ranks"
    if embeddings is not None and held_out is not None and len(rows) <= _MOST:
        numbers = {name: number for number, name in enumerate(names)}
        people = rows["identity"].map(numbers).to_numpy(dtype=np.int64)
        places: dict[Version, np.ndarray] = {
            version: np.arange(len(rows))
            if version == "clean"
            else np.flatnonzero(rows["status"] == ATTACKED)
            for version in VERSIONS
        }
        wrong += _of_rows(rows, embeddings, people, victim)
        if isinstance(tasks.verification, Verification):
            wrong += _verification(tasks.verification, embeddings, places, people, held_out)
            detail += ", pairs"
        if isinstance(tasks.open_set, OpenSet):
            gallery = np.asarray(_gallery_of(victim).cpu())
            wrong += _open_set(tasks.open_set, embeddings, places, people, gallery, known, held_out)
            detail += ", strangers"
    elif isinstance(tasks.verification, Unavailable) and not wrong:
        return does_not_apply("there are no embeddings to count pairs of")
    if wrong:
        return failed("; ".join(wrong[:4]), _REMEDY)
    return passed(f"{detail} of {len(rows)} pictures, counted anew, are as they are told")


def _gallery_of(victim: nn.Module) -> torch.Tensor:
    """The vectors (P, D) that strangers are compared with."""
    gallery: torch.Tensor = getattr(base_model(victim).head, "gallery", torch.zeros(0, 0))
    return gallery.detach()


def _ranks(tasks: Tasks, rows: pd.DataFrame) -> Iterator[str]:
    for version in VERSIONS:
        own = rows if version == "clean" else rows[rows["status"] == ATTACKED]
        for name, figures, within in (
            ("top1", tasks.identification.top1, 1),
            ("rank5", tasks.identification.rank5, 5),
        ):
            if figures is None or len(own) == 0:
                continue
            share = sum(int(rank) <= within for rank in own[f"rank_{version}"]) / len(own)
            if figures[version].n != len(own) or abs(figures[version].value - share) > _NEAR:
                yield f"{name} ({version}) says {figures[version].value:.4g}, the ranks {share:.4g} of {len(own)}"


def _of_rows(
    rows: pd.DataFrame, embeddings: Mapping[str, np.ndarray], people: np.ndarray, victim: nn.Module
) -> Iterator[str]:
    """Behind no defence, scores are the head's of the one embedding."""
    if not isinstance(victim, Victim):
        return
    owners = torch.tensor(people)
    for version in VERSIONS:
        with torch.no_grad():
            scores = victim.head(torch.tensor(embeddings[version], device=device_of(victim))).float().cpu()
        told = rows[f"margin_{version}"].to_numpy(dtype=float)
        spread = (scores.amax(1) - scores.amin(1)).numpy()
        off = np.abs(own_margins(scores, owners).numpy() - told) > _ANOTHER * spread
        if off.mean() > _FEW and off.sum() > 1:
            yield f"embeddings ({version}) of {int(off.sum())} of {len(rows)} pictures have other margins than rows"


class _Weighed:
    """Similarities of every probe with every other clean picture, each person and couple of one weight."""

    def __init__(
        self, probes: np.ndarray, places: np.ndarray, gallery: np.ndarray, people: np.ndarray
    ) -> None:
        found = np.nan_to_num(probes @ gallery.T, nan=-1.0)
        same = people[places][:, None] == people[None]
        other = np.arange(len(people))[None] != places[:, None]
        shown = np.bincount(people[places], minlength=people.max() + 1)
        count = np.bincount(people, minlength=people.max() + 1)
        mates = shown * np.maximum(count - 1, 0)
        weights = np.where(
            same,
            1 / np.maximum(mates[people[places]], 1)[:, None],
            1 / (shown[people[places]][:, None] * count[people][None]),
        )
        self.values = {kind: found[where] for kind, where in ((1, same & other), (0, ~same))}
        self.weights = {kind: weights[where] for kind, where in ((1, same & other), (0, ~same))}

    def accepted(self, kind: int, threshold: float, pooled: bool = False) -> tuple[float, float]:
        """The share accepted at a threshold, of one person (1) or of two (0): the least and the most that it can be."""
        weights = np.ones_like(self.weights[kind]) if pooled else self.weights[kind]
        least, most = (
            float(weights[self.values[kind] >= threshold + by].sum() / max(weights.sum(), 1e-30))
            for by in (_CELL, -_CELL)
        )
        return least, most

    def curves(self) -> tuple[float, float, float]:
        """The area, and the least and the most that the equal error rate can be: several thresholds may be as near."""
        values, weights = (
            np.concatenate([part[0], part[1]]).astype(np.float64) for part in (self.values, self.weights)
        )
        truth = np.repeat([0, 1], [len(self.values[0]), len(self.values[1])])
        weights[truth == 1] *= weights[truth == 0].sum() / weights[truth == 1].sum()
        equal = []
        for seen in (values, values.round(5)):  # what lies as near may count as equal
            falsely, accepted, _ = roc_curve(truth, seen, sample_weight=weights, drop_intermediate=False)
            apart = np.abs(1 - accepted - falsely)
            equal += ((1 - accepted + falsely) / 2)[apart <= apart.min() + _CURVES].tolist()
        area = float(roc_auc_score(truth, values, sample_weight=weights))
        return area, min(equal), max(equal)


def _verification(
    told: Verification,
    embeddings: Mapping[str, np.ndarray],
    places: Mapping[Version, np.ndarray],
    people: np.ndarray,
    held_out: HeldOut,
) -> Iterator[str]:
    known = _Weighed(
        held_out.embeddings, np.arange(len(held_out.identities)), held_out.embeddings, held_out.identities
    )
    points = [point for point in told.points if isinstance(point, VerificationPoint)]
    for point in points:
        least, _ = known.accepted(0, point.threshold)
        _, below = known.accepted(0, point.threshold - 3 * _CELL)
        if not least <= point.wanted * (1 + _NEAR) <= below + _NEAR:
            yield (
                f"at the threshold for a false accept rate of {point.wanted:g}, {least:.4g} of the validation pairs "
                "are accepted"
            )
    for version in VERSIONS:
        found = _Weighed(embeddings[version][places[version]], places[version], embeddings["clean"], people)
        for point in points:
            for name, figure, kind in (("tar", point.tar, 1), ("far", point.far, 0)):
                label = f"{name} at {point.wanted:g} ({version})"
                yield from _within(label, figure, version, *found.accepted(kind, point.threshold))
                least, most = found.accepted(kind, point.threshold, pooled=True)
                if not least - _NEAR <= figure.pooled[version] <= most + _NEAR:
                    yield f"{label} says {figure.pooled[version]:.4g} pair by pair, the embeddings {least:.4g}"
        area, *equal = found.curves()
        yield from _within(f"auroc ({version})", told.auroc, version, area - _CURVES, area + _CURVES)
        yield from _within(f"eer ({version})", told.eer, version, equal[0] - _CURVES, equal[1] + _CURVES)


def _open_set(
    told: OpenSet,
    embeddings: Mapping[str, np.ndarray],
    places: Mapping[Version, np.ndarray],
    people: np.ndarray,
    gallery: np.ndarray,
    known: np.ndarray,
    held_out: HeldOut,
) -> Iterator[str]:
    enrolled = np.flatnonzero(known)

    def of_people(hits: np.ndarray, who: np.ndarray) -> float:
        return float(np.mean([hits[who == one].mean() for one in np.unique(who)])) if len(who) else math.nan

    outside = ~known[held_out.identities]
    nearest = (held_out.embeddings[outside] @ gallery[enrolled].T).max(1)
    for point in told.points:
        if not isinstance(point, OpenSetPoint):
            continue
        alarms = of_people(nearest >= point.threshold + _CELL, held_out.identities[outside])
        lower = nearest[nearest < point.threshold - _CELL]
        just_below = of_people(nearest >= lower.max(initial=-1.0), held_out.identities[outside])
        if not alarms <= point.wanted + _NEAR or (len(lower) and just_below < point.wanted - _NEAR):
            yield f"at the threshold for a false alarm rate of {point.wanted:g}, {alarms:.4g} of the strangers pass"
        for version in VERSIONS:
            rows = places[version]
            found = embeddings[version][rows] @ gallery[enrolled].T
            right, inside = enrolled[found.argmax(1)] == people[rows], known[people[rows]]
            for name, figure, here, hits in (
                ("identified", point.identified, inside, right),
                ("false_alarms", point.false_alarms, ~inside, np.ones_like(right)),
            ):
                least, most = (
                    of_people((hits & (found.max(1) >= point.threshold + by))[here], people[rows][here])
                    for by in (_CELL, -_CELL)
                )
                label = f"{name} at {point.wanted:g} ({version})"
                yield from _within(label, figure, version, least, most)


def _within(label: str, figure: OverPeople, version: Version, least: float, most: float) -> Iterator[str]:
    value = figure.over_people[version].value
    if not (least - _NEAR <= value <= most + _NEAR or math.isnan(value)):
        yield f"{label} says {value:.4g}, the embeddings {(least + most) / 2:.4g}"
