"""The checks of a trial find what they are for."""

import numpy as np

from facetrial.data.faces import FaceDataset
from facetrial.evaluation.run import fitted_apart


def dataset(pixels: np.ndarray, rows: list[int], names: str) -> FaceDataset:
    count = len(rows)
    return FaceDataset(
        pixels=pixels,
        rows=np.array(rows),
        identities=np.zeros(len(rows), dtype=np.int64),
        files=[f"{name}.png" for name in names],
        names=["a"],
        landmarks=np.full((count, 15, 2), np.nan, dtype=np.float32),
        boxes=np.zeros((count, 4), dtype=np.float32),
        five_points=np.zeros((count, 5, 2), dtype=np.float32),
    )


def test_a_picture_that_an_attack_was_fitted_on_is_found_under_any_name():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    known, test = dataset(pixels, [0, 1, 2], "abc"), dataset(pixels, [3, 4, 5], "def")
    assert fitted_apart(known, test) == {
        "passed": True,
        "detail": "0 of 3 pictures are among the 3 that the attack was fitted on",
    }
    copied = pixels.copy()
    copied[4] = pixels[1]
    found = fitted_apart(known, dataset(copied, [3, 4, 5], "def"))
    assert not found["passed"]
    assert found["detail"].endswith("e.png")
