"""What a head is fitted on: embeddings of people, several of each."""

import numpy as np

from facetrial.core.errors import FacetrialError


def enrolled(embeddings: np.ndarray, identities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (N, D) and identities (N,) as arrays that a head can be fitted on.

    Args:
        embeddings: (N, D), an array, a tensor on the CPU or lists.
        identities: (N,) with every class from 0 to C - 1.

    Raises:
        FacetrialError: a class has no embedding, there is only one class, an embedding is not finite, or shapes differ
            from these.
    """
    embeddings, identities = np.asarray(embeddings), np.asarray(identities)
    if embeddings.ndim != 2 or identities.shape != embeddings.shape[:1]:
        raise FacetrialError(
            f"a head needs embeddings (N, D) and identities (N,), found {embeddings.shape} and {identities.shape}."
        )
    classes = np.unique(identities)
    if len(classes) < 2 or not np.array_equal(classes, np.arange(len(classes))):
        raise FacetrialError(
            f"a head needs embeddings of every identity from 0 on and of at least two; found {classes.tolist()}."
        )
    if not np.isfinite(embeddings).all():
        raise FacetrialError(
            "embeddings hold values that are not finite: the weights are no good, or training went astray. "
            "Give other embedder.weights, or a lower model.optimizer.lr."
        )
    return embeddings, identities


def mean_embeddings(
    embeddings: np.ndarray, identities: np.ndarray, pictures: int | None = None
) -> np.ndarray:
    """Each identity's mean embedding, (C, D) of unit norm.

    Args:
        embeddings, identities: as `enrolled` gives them.
        pictures: most of a person that count, drawn by its number; fewer are part of more. None takes all.
    """
    means = []
    order = np.argsort(identities, kind="stable")
    starts = np.cumsum(np.bincount(identities))[:-1]
    for who, rows in enumerate(np.split(order, starts)):
        own = embeddings[rows]
        means.append(own[np.random.default_rng(who).permutation(len(own))[:pictures]].mean(0))
    centres = np.stack(means)
    unit: np.ndarray = centres / np.linalg.norm(centres, axis=1, keepdims=True).clip(1e-12)
    return unit
