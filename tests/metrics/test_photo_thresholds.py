import numpy as np
import pytest
import torch
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.metrics.photo_thresholds import measured_threshold, own_pairs_threshold, stranger_threshold
from facetrial.metrics.tasks.pair_thresholds import best_threshold
from facetrial.metrics.tasks.results import TooFew
from facetrial.trial.held_out import HeldOut


def pictures(people: int, each: int, noise: float = 0.6) -> tuple[HeldOut, np.ndarray]:
    """Embeddings around a direction a person, and these directions."""
    generator = np.random.default_rng(0)
    directions = generator.normal(size=(people, 16)).astype(np.float32)
    identities = np.arange(people).repeat(each)
    found = directions[identities] + noise * generator.normal(size=(people * each, 16)).astype(np.float32)
    gallery = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return HeldOut(found / np.linalg.norm(found, axis=1, keepdims=True), identities), gallery


@pytest.mark.parametrize(("people", "rate"), [(300, 0.01), (40, 0.1)])
def test_so_many_strangers_reach_the_threshold(people, rate):
    held_out, gallery = pictures(people, 2)
    found = stranger_threshold(held_out, gallery)
    nearest = [
        max(embedding @ gallery[who] for who in range(people) if who != own)
        for embedding, own in zip(held_out.embeddings, held_out.identities, strict=True)
    ]
    passed = np.mean(np.array(nearest) >= found.value + 1e-6)  # as these sums round
    assert rate - 0.02 < passed <= rate
    assert (
        f"which {100 * rate:.0f} % of {2 * people} validation pictures of {people} people reach"
        in found.comes_from
    )


def test_few_people_tell_no_threshold_of_strangers():
    found = stranger_threshold(*pictures(6, 4))
    assert found == TooFew(0.1, 30, 24, None)


def test_the_threshold_of_pairs_is_the_best_of_all_of_them():
    held_out, _ = pictures(5, 4, noise=0.3)
    found = own_pairs_threshold(held_out, "PEOPLE")
    first, second = np.triu_indices(20, 1)
    similarities = (held_out.embeddings @ held_out.embeddings.T)[first, second]
    same = held_out.identities[first] == held_out.identities[second]
    for threshold in (found.value, best_threshold(similarities, same)):
        assert np.array_equal(similarities >= threshold, same)  # they can be told apart
    assert found.comes_from == "the best for all pairs of 20 pictures of 5 people in PEOPLE"


@pytest.mark.parametrize(("people", "each"), [(5, 1), (1, 5)])
def test_pairs_of_both_kinds_are_needed(people, each):
    with pytest.raises(FacetrialError, match="has no two pictures of one person beside pictures of others"):
        own_pairs_threshold(pictures(people, each)[0], "PEOPLE")


def test_of_another_network_nothing_was_measured():
    with pytest.raises(FacetrialError, match="of mine with these weights it is not known"):
        measured_threshold(nn.Linear(3, 3).state_dict(), "mine")


def test_a_network_is_known_in_half_precision_too(shared):
    from facetrial import load_embedder

    path = shared / "weights" / "mobilefacenet_y1.safetensors"
    weights = load_embedder("mobilefacenet", weights=str(path)).state_dict()
    found = measured_threshold(weights, "mobilefacenet")
    assert found.value == 0.29
    halves = {name: w.half().float() if w.is_floating_point() else w for name, w in weights.items()}
    assert measured_threshold(halves, "mobilefacenet") == found
    weights["stem.conv.weight"] = torch.zeros_like(weights["stem.conv.weight"])
    with pytest.raises(FacetrialError, match="it is not known"):
        measured_threshold(weights, "mobilefacenet")
