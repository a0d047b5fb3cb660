"""Faults of verification and of the open set, planted in whole trials from Python: the check `tasks` must find each."""

import importlib
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

import facetrial
from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.checks.of_budget import Referee
from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.tasks import all_pairs, open_set, thresholds, verification
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from facetrial.trial import held_out, trial, verdicts
from facetrial.trial.embedding_shards import EmbeddingShards

evaluated = importlib.import_module("facetrial.run.evaluate")  # the package has a function of that name
told = importlib.import_module("facetrial.metrics.tasks.summary")
Planted = Callable[[pytest.MonkeyPatch], None]
FAULTS: dict[str, tuple[str, Planted]] = {}


def fault(says: str) -> Callable[[Planted], Planted]:
    """Enters a fault, and what the sentences of the check must name."""

    def enter(planted: Planted) -> Planted:
        FAULTS[planted.__name__] = (says, planted)
        return planted

    return enter


def held(people: int = 14, pictures: int = 20) -> TrialSummary:
    """A trial of drawn people whom an embedder with random weights tells apart."""
    faces = facetrial.draw_faces(people=people, pictures=pictures, size=32)
    victim = facetrial.enrol(facetrial.load_embedder("small"), faces)
    attack = Attack(Everywhere(), Linf(1), PGD(Margin(), 3, 0.4))
    return facetrial.evaluate(victim, faces, attack, checks={"referee": Referee()}).summary


# Embeddings


@fault("of attacked pictures, .* of embeddings are named as the rows say.*resume=false")
def the_attacked_pictures_embeddings_are_those_of_the_clean(monkeypatch):
    def rows(*arguments):
        found = verdicts.verdict_rows(*arguments)
        arguments[5]["attacked"] = arguments[5]["clean"].clone()
        return found

    monkeypatch.setattr(trial, "verdict_rows", rows)


@fault("of attacked pictures")
def embeddings_are_in_another_order(monkeypatch):
    read = EmbeddingShards.read

    def rolled(shards, files):
        return {
            version: found if version == "clean" else np.roll(found, 1, 0)
            for version, found in read(shards, files).items()
        }

    monkeypatch.setattr(EmbeddingShards, "read", rolled)


@fault("embedded again, 8 of 8 pictures of validation .*paths.cache/embeddings")
def thresholds_are_set_on_what_an_older_network_made_of_the_pictures(monkeypatch):
    embedded, older = held_out._embedded, facetrial.load_embedder("small")
    with torch.no_grad():
        for weight in older.parameters():
            weight *= 1 + 0.3 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    monkeypatch.setattr(
        held_out, "_embedded", lambda victim, *rest: embedded(Victim(older, victim.head, victim.names), *rest)
    )


def thresholds_of(monkeypatch, part: str) -> None:
    monkeypatch.setattr(
        evaluated,
        "validation_pictures",
        lambda context: held_out.held_out(context.victim, getattr(context.faces, part), 64, None),
    )


@fault("which are not those of the 31 validation pictures")
def thresholds_are_set_on_embeddings_of_the_pictures_trained_on(monkeypatch):
    thresholds_of(monkeypatch, "train_faces")


@fault("thresholds are set on 70 embeddings")
def thresholds_are_set_on_embeddings_of_the_tested_pictures(monkeypatch):
    thresholds_of(monkeypatch, "test_faces")


@fault("embedded again, 8 of 8 pictures of the trial")
def embeddings_are_kept_in_two_bits(monkeypatch):
    read = EmbeddingShards.read

    def coarse(shards, files):
        return {
            version: np.sign(found) / found.shape[1] ** 0.5 for version, found in read(shards, files).items()
        }

    monkeypatch.setattr(EmbeddingShards, "read", coarse)


# What is counted


@fault("tar at 0.01 .clean. says")
def a_picture_is_compared_with_itself(monkeypatch):
    blocks = all_pairs._blocks

    def with_itself(probes, places, gallery, people, sizes):
        for block in blocks(probes, places, gallery, people, sizes):
            same = people[places][:, None] == people
            similar = all_pairs.cells_of(probes @ gallery.T)
            owners = (people[places][:, None] + np.zeros_like(people))[same]
            weights = 1 / (sizes.probes * sizes.pictures)[owners]
            yield replace(
                block,
                cells=(similar[same], block.cells[1]),
                weights=(weights, block.weights[1]),
                owners=(owners, block.owners[1]),
            )

    monkeypatch.setattr(all_pairs, "_blocks", with_itself)


@fault("at the threshold for a false accept rate of 0.01, .* of the validation pairs are accepted")
def a_false_accept_rate_is_ten_times_what_it_says(monkeypatch):
    def changed(held, rates):
        found = thresholds.pair_thresholds(held, [10 * rate for rate in rates])
        return replace(found, edges={rate / 10: edge for rate, edge in found.edges.items()})

    monkeypatch.setattr(verification, "pair_thresholds", changed)


@fault("tar at 0.01 .clean. says")
def two_people_are_taken_for_one(monkeypatch):
    summary = verification.verification_summary
    monkeypatch.setattr(
        told,
        "verification_summary",
        lambda found, rows, people, *rest: summary(found, rows, people // 2, *rest),
    )


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_found_and_its_cause_is_named(name, monkeypatch):
    says, planted = FAULTS[name]
    planted(monkeypatch)
    summary = held()
    found = summary.checks["tasks"]
    assert found.passed is False, found
    assert summary.trusted is False
    assert re.search(says, f"{found.detail}; {found.remedy}"), found


@pytest.mark.parametrize("fault_of", ["gallery", "threshold"])
def test_faults_of_the_open_set_are_found(fault_of, monkeypatch):
    """Where there are strangers enough for a threshold to be set."""
    summary = open_set.open_set_summary

    def changed(found, rows, people, held, gallery, known):
        if fault_of == "gallery":  # of the very pictures that are tested
            own = [found["clean"][people == one].mean(0) for one in range(len(known))]
            gallery = np.stack([one / np.linalg.norm(one) for one in own]).astype(np.float32)
        else:
            other = np.empty(len(known), np.int64)
            other[np.flatnonzero(known)], other[~known] = np.flatnonzero(~known), np.flatnonzero(known)
            held = held_out.HeldOut(held.embeddings, other[held.identities])  # strangers are those inside
        return summary(found, rows, people, held, gallery, known)

    monkeypatch.setattr(told, "open_set_summary", changed)
    outcome = held(people=70, pictures=6).checks["tasks"]
    assert outcome.passed is False, outcome
    assert re.search("identified at 0.1|false_alarms at 0.1|of the strangers pass", outcome.detail), outcome


@pytest.mark.parametrize("people", [14, 70])
def test_a_sound_one_passes(people):
    outcome = held(people, 20 if people < 20 else 6).checks["tasks"]
    assert outcome.passed, outcome
    assert outcome.detail.startswith("ranks, pairs, strangers")
