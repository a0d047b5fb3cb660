"""Embeddings of made-up people, attacked by being mixed with those of others."""

import numpy as np
import pandas as pd
import torch

from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim
from facetrial.trial.held_out import HeldOut
from tests.helpers.made_up import made_up_rows


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def embedded_people(
    people: int, pictures: int, spread: float = 0.6, push: float = 0.8, seed: int = 0, dimension: int = 16
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings of each version, who is on each picture, for whom it is to be taken, and a vector for each person."""
    generator = np.random.default_rng(seed)
    centres = unit(generator.normal(size=(people, dimension)))
    identities = np.repeat(np.arange(people), pictures)
    clean = unit(centres[identities] + spread * generator.normal(size=(len(identities), dimension)) / 4)
    targets = (identities + 1) % people
    attacked = unit(clean + push * centres[targets])
    rounded = unit(attacked + 1e-3 * generator.normal(size=attacked.shape))
    return {"clean": clean, "attacked": attacked, "8bit": rounded}, identities, targets, centres


def embedded_validation(centres: np.ndarray, pictures: int, spread: float = 0.6, seed: int = 1) -> HeldOut:
    """Further pictures of people with these vectors, as `embedded_people` makes them."""
    identities = np.repeat(np.arange(len(centres)), pictures)
    noise = np.random.default_rng(seed).normal(size=(len(identities), centres.shape[1]))
    return HeldOut(unit(centres[identities] + spread * noise / 4), identities)


def embedded_trial() -> tuple[pd.DataFrame, dict[str, np.ndarray], HeldOut, Victim, list[str]]:
    """Rows and embeddings of 40 people under impersonation, validation ones, a victim that knows a vector of each,
    and their names."""
    embeddings, _, targets, centres = embedded_people(40, 6)
    names = [f"P{number:02}" for number in range(40)]
    rows = made_up_rows(dict.fromkeys(names, 6), attacked=0.4)
    for version in ("clean", "attacked", "8bit"):
        rows[f"rank_{version}"] = np.where(rows[f"correct_{version}"], 1, 3)
    rows["target"] = [names[target] for target in targets]
    victim = Victim(torch.nn.Identity(), GalleryHead(torch.from_numpy(centres)), names)
    return rows, embeddings, embedded_validation(centres, 5), victim, names
