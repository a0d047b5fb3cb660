"""Which pictures are for training, validation and testing, drawn within each person."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from facetrial.core.errors import FacetrialError

log = logging.getLogger(__name__)

TEST, VALIDATION = 0.25, 0.15  # of a person's pictures; of those that are not tested
_TRAIN, _VALIDATION, _TEST = range(3)
_IN_TURN = (_TEST, _VALIDATION, _TRAIN)


def split_within_people(
    identities: np.ndarray, split_seed: int, photographs: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of (train, validation, test) pictures, each sorted.

    Each person's pictures are shuffled by `split_seed`; a quarter is for testing and 15 % of the rest for validation,
    never fewer than one each. Shares that are no whole number are rounded up or down by `split_seed` too, as often as
    makes up for it: over people of like numbers, and so over all, the shares are those asked for.

    Pictures of one photograph go to one part, also where they are of several people, as long as each person has one in
    each part. People with fewer than three photographs are split picture by picture, of which it warns.

    Args:
        identities: int (N,), who is on each picture.
        split_seed: of all draws.
        photographs: int (N,), a number for the photograph that each picture is of; None: each is of its own.

    Raises:
        FacetrialError: a person has fewer than three pictures.
    """
    people, person, totals = np.unique(identities, return_inverse=True, return_counts=True)
    if totals.min() < 3:
        raise FacetrialError(
            f"person number {people[totals.argmin()]} has {totals.min()} picture(s); a split needs at least 3 of each "
            "person. Raise data.min_pictures."
        )
    photographs = np.arange(len(identities)) if photographs is None else photographs
    tested = _rounded(np.maximum(1.0, TEST * totals), totals, np.random.default_rng([split_seed, 0, 3]))
    rest = totals - tested
    validated = _rounded(
        np.maximum(1.0, VALIDATION * rest), totals, np.random.default_rng([split_seed, 0, 4])
    )
    parts = np.empty(len(identities), dtype=np.int64)
    known: dict[int, int] = {}  # the part of each photograph that was placed
    too_few = 0
    for number, identity in enumerate(people):
        rows = np.flatnonzero(person == number)
        generator = np.random.default_rng([split_seed, int(identity)])
        units = {photo: rows[photographs[rows] == photo] for photo in np.unique(photographs[rows]).tolist()}
        if together := len(units) >= 3:
            units = {photo: units[photo] for photo in generator.permutation(list(units)).tolist()}
        else:
            too_few += 1
            units = {-1 - row: np.array([row]) for row in generator.permutation(rows).tolist()}
        room = [rest[number] - validated[number], validated[number], tested[number]]
        placed = _placed({unit: len(own) for unit, own in units.items()}, room, known)
        for unit, part in placed.items():
            parts[units[unit]] = part
        if together:
            known = placed | known
    if too_few:
        log.warning(
            "%d people have fewer than three photographs, saved several times: copies of one may be trained on and "
            "tested. Give other photographs of them.",
            too_few,
        )
    train, validation, test = (np.flatnonzero(parts == part) for part in (_TRAIN, _VALIDATION, _TEST))
    return train, validation, test


def _rounded(shares: np.ndarray, totals: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Whole numbers (P,), each the share rounded up or down: on average the share, and together within 1 of their sum.

    That is systematic sampling along people in the order of their numbers of pictures, those of like numbers shuffled.
    """
    order = np.lexsort([generator.random(len(totals)), totals])
    whole = np.floor(shares)
    steps = np.floor(np.cumsum((shares - whole)[order]) + generator.random())
    whole[order] += np.diff(steps, prepend=0.0)
    return whole.astype(np.int64)


def _placed(sizes: Mapping[int, int], room: Sequence[int], known: Mapping[int, int]) -> dict[int, int]:
    """The part that each photograph of a person goes to: what was given, or the first in turn that has room for it.

    Where they do not come out even, a part has some pictures more or fewer; none stays empty.

    Args:
        sizes: pictures of each photograph, in the order in which they are placed; three at least.
        room: for how many pictures there is room in each part.
        known: the parts of photographs that another person is on too.
    """
    left = list(room)
    placed: dict[int, int] = {}
    given_first = sorted(sizes, key=lambda photo: photo not in known)
    for number, photo in enumerate(given_first):
        empty = [part for part in _IN_TURN if part not in placed.values()]
        open_parts = empty if len(sizes) - number <= len(empty) else _IN_TURN
        fits = [part for part in open_parts if left[part] >= sizes[photo]]
        part = fits[0] if fits else max(open_parts, key=lambda one: left[one])
        if known.get(photo) in open_parts:
            part = known[photo]
        placed[photo] = part
        left[part] -= sizes[photo]
    return placed


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
