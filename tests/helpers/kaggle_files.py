"""Facial Keypoints as Kaggle gives them, of random pixels."""

from pathlib import Path

import numpy as np
import pandas as pd

from facetrial.data.keypoints_csv import COLUMNS
from facetrial.faces.frames import MEAN_SHAPE


def kaggle_files(folder: Path, count: int = 24) -> None:
    """Training and test files as Kaggle gives them; every third row lacks all but four points."""
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 256, (count, 96 * 96))
    landmarks = np.array(MEAN_SHAPE) + generator.normal(0, 2, (count, 15, 2))
    landmarks[::3, [2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13]] = np.nan
    rows = pd.DataFrame(landmarks.reshape(count, 30), columns=list(COLUMNS))
    rows["Image"] = [" ".join(map(str, picture)) for picture in pictures]
    rows.to_csv(folder / "training.csv", index=False)
    tests = pd.DataFrame({"ImageId": [1, 2, 3], "Image": rows["Image"][:3]})
    tests.to_csv(folder / "test.csv", index=False)
    wanted = [(image, name) for image in (1, 2, 3) for name in COLUMNS][::-1]
    lookup = pd.DataFrame(wanted, columns=["ImageId", "FeatureName"])
    lookup.insert(0, "RowId", range(1, len(lookup) + 1))
    lookup["Location"] = np.nan
    lookup.to_csv(folder / "IdLookupTable.csv", index=False)
