"""Whether what is said of verification and of the open set is so, counted anew of embeddings that are right."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from facetrial.checks.base import Outcome, does_not_apply, failed, passed
from facetrial.data.datamodule import FacesDataModule
from facetrial.faces.batch import FaceDataset
from facetrial.metrics.tasks.open_set import split_known
from facetrial.metrics.tasks.results import OverPeople, Tasks, TooFew, Unavailable
from facetrial.recognition.layers import base_model, scores_and_embeddings
from facetrial.recognition.victim import Victim, device_of
from facetrial.recognition.without_slope import keeps_answers
from facetrial.trial.held_out import HeldOut
from facetrial.trial.rows import ATTACKED

_ASKED = 8  # pictures that are embedded again
_SAME = 0.999  # cosine of one picture's embeddings, which convolutions round otherwise in another batch
_AGREE = 0.98  # share of names that embeddings and rows have in common
_MOST = 4000  # pictures, of which all pairs are counted anew
_NEAR, _CELL = 0.01, 4e-6  # by how much shares may be off, and similarities beside a threshold
_REMEDY = "this is a fault of Facetrial's: please report it with this folder"
_STALE = (
    "embeddings are of other pictures, of another network or in another order: start the trial again with "
    "resume=false, and delete paths.cache/embeddings"
)


def tasks_recounted(
    tasks: Tasks,
    rows: pd.DataFrame,
    embeddings: Mapping[str, np.ndarray] | None,
    held_out: HeldOut | None,
    victim: nn.Module,
    faces: FacesDataModule,
) -> Outcome:
    """Embeds a few pictures again, has the embeddings named by the head, and counts pairs and strangers anew.

    Args:
        tasks: what is said.
        rows: verdict rows.
        embeddings: for each version (N, D), in the order of the rows.
        held_out: those of the validation pictures.
        victim: of the trial.
        faces: the pictures of the trial, those on which thresholds are set, and the seed of who is in the gallery.
    """
    wrong = _ranks(rows)
    if wrong:
        return failed(wrong, _REMEDY)
    if embeddings is None or held_out is None:
        return does_not_apply("the victim shows no embeddings, of which pairs are made")
    if not all(np.isfinite(found).all() for found in (*embeddings.values(), held_out.embeddings)):
        return does_not_apply("some pictures have no finite embedding")
    places = {file: place for place, file in enumerate(faces.test_faces.files)}
    own = faces.test_faces.subset([places[file] for file in rows["file"]])
    if wrong := _of_others(victim, own, faces.validation_faces, embeddings, held_out, rows):
        return failed(wrong, _STALE)
    people = own.identities
    known = split_known(len(faces.names), faces.split_seed)
    said = [*_strangers(tasks, embeddings, held_out, people, known, victim, rows)]
    if len(rows) <= _MOST:
        said += [*_pairs(tasks, embeddings, held_out, people, rows)]
    told = [text for text, value, counted in said if not abs(value - counted) <= _NEAR]
    if told:
        return failed("; ".join(told[:3]), _REMEDY)
    return passed(
        f"{len(said)} figures of verification and of the open set, counted anew, are the same; embeddings are those of "
        "the trial's pictures, and name whom the rows name"
    )


Said = tuple[str, float, float]


def _ranks(rows: pd.DataFrame) -> str:
    for version in ("clean", "attacked", "8bit"):
        first = rows[f"rank_{version}"].to_numpy() == 1
        if (off := int((first != rows[f"correct_{version}"].to_numpy(dtype=bool)).sum())) > 0:
            return (
                f"{off} of {len(rows)} pictures have their own name first and are named otherwise, or neither"
            )
    return ""


def _of_others(
    victim: nn.Module,
    test: FaceDataset,
    validation: FaceDataset,
    embeddings: Mapping[str, np.ndarray],
    held_out: HeldOut,
    rows: pd.DataFrame,
) -> str:
    """What shows that embeddings are not those of these pictures."""
    if not np.array_equal(held_out.identities, validation.identities):
        return (
            f"thresholds are set on {len(held_out.identities)} embeddings, which are not those of the "
            f"{len(validation)} validation pictures"
        )
    for faces, known, what in (
        (test, embeddings["clean"], "the trial"),
        (validation, held_out.embeddings, "validation"),
    ):
        chosen = np.unique(np.linspace(0, len(faces) - 1, _ASKED).astype(int))
        if keeps_answers(victim):
            continue
        _, found = scores_and_embeddings(victim, faces.batch(chosen).images.to(device_of(victim)))
        if found is None:
            continue
        cosines = (found.cpu().numpy() * known[chosen]).sum(1)
        if (off := int((cosines < _SAME).sum())) > 1:
            return f"embedded again, {off} of {len(chosen)} pictures of {what} have other embeddings than are kept"
    if not isinstance(model := base_model(victim), Victim):
        return ""
    shares = {}
    for version in embeddings:
        with torch.no_grad():
            given = torch.from_numpy(embeddings[version]).to(device_of(victim))
            named = np.array(test.names)[model.head(given).argmax(1).cpu().numpy()]
        told = rows[f"predicted_{version}"].to_numpy()
        shares[version] = float((named == told)[np.isin(told, test.names)].mean())
    if shares["clean"] < _AGREE:  # a head that goes by the length of embeddings too
        return ""
    return "; ".join(
        f"of {version} pictures, {share:.0%} of embeddings are named as the rows say"
        for version, share in shares.items()
        if share < _AGREE
    )


def _figure(what: str, found: OverPeople, version: str, counted: float) -> Said:
    value = found.over_people[version].value  # type: ignore[index]  # a version
    return f"{what} of {version} pictures says {value:.4g}, the embeddings {counted:.4g}", value, counted


def _threshold(what: str, wanted: float, found: float, units: float) -> Said:
    """What validation pictures say of a threshold that lets no more pass than wanted, and nearly as many."""
    text = f"of validation {what}, {found:.4g} pass at the threshold of {wanted:g}"
    return text, found, min(max(found, wanted - 1 / units), wanted)


def _pairs(
    tasks: Tasks,
    embeddings: Mapping[str, np.ndarray],
    held_out: HeldOut,
    people: np.ndarray,
    rows: pd.DataFrame,
) -> Iterator[Said]:
    if isinstance(said := tasks.verification, Unavailable):
        return
    attacked = np.flatnonzero((rows["status"] == ATTACKED).to_numpy())
    everyone = np.arange(len(people))
    for version, found in embeddings.items():
        probes = everyone if version == "clean" else attacked
        share = _shares(found[probes], probes, embeddings["clean"], people)
        accepted, falsely = share(None)
        # Where pairs are few, rates leap past each other, and any error rate on the way is as good.
        apart = np.abs(1 - accepted - falsely)
        near = apart <= apart.min() + np.diff([accepted, falsely], prepend=0.0).max()
        rates = (1 - accepted + falsely)[near] / 2
        value = said.eer.over_people[version].value  # type: ignore[index]  # a version
        yield _figure("eer", said.eer, version, float(np.clip(value, rates.min(), rates.max())))
        yield _figure("auroc", said.auroc, version, float(np.trapezoid(accepted, falsely)))
        for point in said.points:
            if not isinstance(point, TooFew):
                for name, figure, counted in zip(
                    ("tar", "far"), (point.tar, point.far), share(point.threshold), strict=True
                ):
                    yield _figure(f"{name} at {point.wanted:g}", figure, version, float(counted[0]))
    share = _shares(
        held_out.embeddings, np.arange(len(held_out.identities)), held_out.embeddings, held_out.identities
    )
    for point in said.points:
        if not isinstance(point, TooFew):
            falsely = float(share(point.threshold + _CELL)[1][0])
            yield _threshold(
                "pairs", point.wanted, falsely, said.set_on.people * (said.set_on.people - 1) / 2
            )


def _shares(
    probes: np.ndarray, places: np.ndarray, gallery: np.ndarray, people: np.ndarray
) -> Callable[[float | None], np.ndarray]:
    """From a threshold to the shares of genuine and of impostor pairs (2, 1); (2, T) at each similarity, falling."""
    similar = (probes @ gallery.T).ravel()
    first, second = np.repeat(people[places], len(people)), np.tile(people, len(places))
    itself = (places[:, None] == np.arange(len(people))).ravel()
    couple = first * (people.max() + 1) + second
    couple[itself] = -1
    _, which, sizes = np.unique(couple, return_inverse=True, return_counts=True)
    weights = np.where(itself, 0.0, 1 / sizes[which])
    same = first == second
    order = np.argsort(-similar, kind="stable")

    def at(threshold: float | None) -> np.ndarray:
        of_kind = np.stack([weights * same, weights * ~same])
        total = np.maximum(of_kind.sum(1, keepdims=True), 1e-12)  # there may be none of one person
        if threshold is None:
            return np.cumsum(of_kind[:, order], axis=1) / total
        return of_kind[:, similar >= threshold].sum(1, keepdims=True) / total

    return at


def _strangers(
    tasks: Tasks,
    embeddings: Mapping[str, np.ndarray],
    held_out: HeldOut,
    people: np.ndarray,
    known: np.ndarray,
    victim: nn.Module,
    rows: pd.DataFrame,
) -> Iterator[Said]:
    if isinstance(said := tasks.open_set, Unavailable):
        return
    inside = np.flatnonzero(known)
    head: Any = base_model(victim).head  # which keeps a gallery, or nothing were said of an open set
    gallery = head.gallery.detach().cpu().numpy()[inside].astype(np.float32)
    attacked = (rows["status"] == ATTACKED).to_numpy()

    def mean(hits: np.ndarray, who: np.ndarray, of: np.ndarray) -> float:
        return float(np.mean([hits[who & (of == one)].mean() for one in np.unique(of[who])]))

    for point in said.points:
        if isinstance(point, TooFew):
            continue
        for version, found in embeddings.items():
            similar = found @ gallery.T
            passes = similar.max(1) >= np.float64(point.threshold)
            right = passes & (inside[similar.argmax(1)] == people)
            there = np.ones(len(rows), bool) if version == "clean" else attacked
            name = f"at {point.wanted:g} of false alarms"
            yield _figure(
                f"identified {name}", point.identified, version, mean(right, there & known[people], people)
            )
            yield _figure(
                f"false alarms {name}",
                point.false_alarms,
                version,
                mean(passes, there & ~known[people], people),
            )
        alarms = (held_out.embeddings @ gallery.T).max(1) >= np.float64(point.threshold)
        share = mean(alarms, ~known[held_out.identities], held_out.identities)
        yield _threshold("pictures of strangers", point.wanted, share, said.set_on.people)
