"""Near-duplicates: pictures so alike that they must not lie on both sides of a split (frames of one video)."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from facetrial.errors import FacetrialError


def group_near_duplicates(pictures: np.ndarray, alike: float, block: int = 1024) -> np.ndarray:
    """A group number for each picture; pictures that are alike, or are joined by a chain of such, share theirs.

    Two pictures are alike when the correlation of their pixels, each picture less its mean, is above `alike`.

    Args:
        pictures: float (N, D), N small pictures laid flat.
        alike: a correlation in (0, 1).
        block: pictures compared with all others at a time.

    Returns:
        int64 (N,), numbered from 0.
    """
    if not 0 < alike < 1:
        raise FacetrialError(f"alike must lie in (0, 1), found {alike}.")
    flat = pictures.astype(np.float32)
    flat = flat - flat.mean(1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    pairs = [
        np.argwhere(flat[start : start + block] @ flat.T > alike) + (start, 0)
        for start in range(0, len(flat), block)
    ]
    first, second = np.concatenate(pairs).T
    links = coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(len(flat), len(flat)))
    return connected_components(links, directed=False)[1].astype(np.int64)
