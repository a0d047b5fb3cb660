"""Which pictures are for training, validation and testing, drawn within each person."""

import numpy as np

from facetrial.core.errors import FacetrialError


def split_within_people(
    identities: np.ndarray, split_seed: int, test: float = 0.25, validation: float = 0.15
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of (train, validation, test) pictures, each sorted.

    Each person's pictures are shuffled by `split_seed`; `test` of them are for testing and `validation` of the
    rest for validation, never fewer than one each.

    Raises:
        FacetrialError: a person has fewer than three pictures.
    """
    parts: tuple[list, list, list] = ([], [], [])
    for identity in np.unique(identities):
        rows = np.flatnonzero(identities == identity)
        if len(rows) < 3:
            raise FacetrialError(
                f"person number {identity} has {len(rows)} picture(s); a split needs at least 3 of each person. "
                "Raise data.min_pictures."
            )
        rows = np.random.default_rng([split_seed, int(identity)]).permutation(rows)
        num_test = max(1, round(test * len(rows)))
        num_validation = max(1, round(validation * (len(rows) - num_test)))
        parts[2].append(rows[:num_test])
        parts[1].append(rows[num_test : num_test + num_validation])
        parts[0].append(rows[num_test + num_validation :])
    train, held_out, tested = (np.sort(np.concatenate(part)) for part in parts)
    return train, held_out, tested


def evenly_over_people(identities: np.ndarray, limit: int, split_seed: int) -> np.ndarray:
    """Indices, sorted, of `limit` pictures drawn evenly over people: one each, then a second each, and so on."""
    generator = np.random.default_rng([split_seed, 1])
    order = generator.permutation(len(identities))
    rank = np.empty(len(identities), dtype=np.int64)
    seen: dict[int, int] = {}
    for row in order:
        rank[row] = seen.get(int(identities[row]), 0)
        seen[int(identities[row])] = int(rank[row]) + 1
    chosen = order[np.argsort(rank[order], kind="stable")][:limit]
    return np.sort(chosen)


def kept_of_each(
    identities: np.ndarray, most: int, fewest: int, split_seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Indices, sorted, of at most `most` pictures of each person who has at least `fewest`, and who these people are.

    All pictures of other people are kept. What is kept of a person at a lower `most` is part of what is kept at a
    higher one.
    """
    kept, capped = [], []
    for identity in np.unique(identities):
        rows = np.flatnonzero(identities == identity)
        if len(rows) >= max(fewest, 1):
            capped.append(identity)
            rows = np.random.default_rng([split_seed, int(identity), 2]).permutation(rows)[:most]
        kept.append(rows)
    return np.sort(np.concatenate(kept)), np.array(capped, dtype=np.int64)
