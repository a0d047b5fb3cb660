"""How the detectors find LFW's faces: share found, where their points lie from MTCNN's, milliseconds.

python benchmarks/detectors.py ROOT, where ROOT is what `data.root` would be, or make bench LFW=ROOT.
"""

import argparse
import os
import time
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.data.lfw import people_folder
from facetrial.data.photos.detection import (
    Detections,
    DetectorName,
    Search,
    detect_each,
    new_detector,
    nothing_found,
)
from facetrial.data.photos.person_folders import pictures_of_people

POINTS = ("eye at the left", "eye at the right", "nose", "mouth at the left", "mouth at the right")


def found_by(name: DetectorName, files: list[Path]) -> tuple[Detections, float]:
    """What a detector finds in pictures of one size, by one core, and how many seconds it took."""
    search = Search(detector=name)
    detector, found = new_detector(search), nothing_found(len(files))
    pictures = [(row, Image.open(file).convert("RGB"), 1.0) for row, file in enumerate(files)]
    started = time.perf_counter()
    detect_each(pictures, found, detector, lambda count: None, search)
    return found, time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", default=os.environ.get("LFW"))
    parser.add_argument("--min-pictures", type=int, default=20, help="of a person")
    parser.add_argument("--every", type=int, default=1, help="picture that is looked at")
    asked = parser.parse_args()
    if not asked.root:
        print("skipped: give the folder of LFW, make bench LFW=DIR")
        return
    torch.set_num_threads(1)
    files = list(pictures_of_people(people_folder(asked.root), asked.min_pictures).values())[:: asked.every]
    print(f"{len(files)} pictures, one core")
    reference = None
    for name in get_args(DetectorName):
        try:
            found, seconds = found_by(name, files)
        except FacetrialError as error:
            print(f"{name}: skipped: {error}")
            continue
        print(f"{name}: found in {found.found.mean():.4f}, {1000 * seconds / len(files):.0f} ms a picture")
        if reference is None:
            reference = found
            continue
        eyes = np.linalg.norm(reference.points[:, 0] - reference.points[:, 1], axis=1)[:, None]
        apart = 100 * (found.points - reference.points) / eyes[:, :, None]
        print(
            "  from MTCNN's points, % of the distance between its eyes: right, down (medians); apart (median, 95 %)"
        )
        for number, point in enumerate(POINTS):
            right, down = np.nanmedian(apart[:, number], 0)
            distance = np.linalg.norm(apart[:, number], axis=1)
            half, most = np.nanquantile(distance, [0.5, 0.95])
            print(f"  {point:<20} {right:5.1f} {down:5.1f} {half:5.1f} {most:5.1f}")


if __name__ == "__main__":
    main()
