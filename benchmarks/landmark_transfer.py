"""How well do landmarks carry over from the faces a network learned on to others?

python benchmarks/landmark_transfer.py [overrides of evaluate.py], such as data=lfw data.root=DIR
landmarks.data.root=KEYPOINTS embedder=mobilefacenet. Compares the landmarks that `landmarks` finds with labels, where
the data has them, and with MTCNN's five points. Leaves a sheet of faces with landmarks and regions in
outputs/landmark_transfer.png.
"""

import sys
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from matplotlib.figure import Figure

import facetrial.runtime.resolvers  # noqa: F401, registers the resolvers that the configs use
from facetrial.core.errors import FacetrialError
from facetrial.core.files import written_whole
from facetrial.core.randomness import Draws
from facetrial.faces.batch import FaceDataset
from facetrial.faces.landmark_names import (
    LANDMARK_NAMES,
    LEFT_EYE,
    MOUTH_LEFT,
    MOUTH_RIGHT,
    NOSE_TIP,
    RIGHT_EYE,
)
from facetrial.landmarks.sources import Labels, Mtcnn
from facetrial.training.plan import RecognizerPlan

MTCNNS_OWN = [LEFT_EYE, RIGHT_EYE, NOSE_TIP, MOUTH_LEFT, MOUTH_RIGHT]
REGIONS = ("landmarks", "eyes", "eyebrows", "nose", "mouth", "ears", "scattered")
SHEET = Path("outputs/landmark_transfer.png")


def report(found: np.ndarray, reference: np.ndarray, points: list[int], name: str) -> None:
    between_eyes = np.linalg.norm(reference[:, LEFT_EYE] - reference[:, RIGHT_EYE], axis=1)
    share = 100 * np.linalg.norm(found - reference, axis=2)[:, points] / between_eyes[:, None]
    known = np.isfinite(share).all(1)
    share = share[known]
    print(f"against {name}: {known.sum()} of {len(known)} pictures; % of the inter-eye distance")
    print(f"  all points: median {np.median(share):.2f}, 90 % within {np.quantile(share, 0.9):.2f}")
    per_picture = share.mean(1)
    print(f"  pictures, mean over points: median {np.median(per_picture):.2f}, worst {per_picture.max():.1f}")
    for column, point in enumerate(points):
        print(f"  {LANDMARK_NAMES[point]}: median {np.median(share[:, column]):.2f}")


def sheet(faces: FaceDataset, config_dir: str, count: int = 20) -> Figure:
    """`count` faces a row each: landmarks, then every region laid over the picture."""
    batch = faces.batch(np.linspace(0, len(faces) - 1, count).astype(int))
    draws = Draws(0, batch.pictures)
    pictures = batch.images.permute(0, 2, 3, 1).numpy()
    figure = Figure(figsize=(1.6 * (1 + len(REGIONS)), 1.6 * count), layout="constrained")
    grid = figure.subplots(count, 1 + len(REGIONS), squeeze=False)
    for row in range(count):
        grid[row, 0].imshow(pictures[row])
        grid[row, 0].plot(*batch.landmarks[row].T.numpy(), "+", color="#56b4e9", ms=5)
    for column, name in enumerate(REGIONS, start=1):
        with initialize_config_dir(config_dir, version_base="1.3"):
            region = instantiate(compose("evaluate", [f"attack/region={name}"]).attack.region)
        masks = region(batch.landmarks, *batch.images.shape[-2:], draws)[:, 0].numpy()
        grid[0, column].set_title(name)
        for row in range(count):
            red = pictures[row] * (1 - 0.6 * masks[row, ..., None]) + [0.6, 0, 0] * masks[row, ..., None]
            grid[row, column].imshow(red.clip(0, 1))
    for axes in figure.axes:
        axes.axis("off")
    return figure


def main() -> None:
    conf = str(Path(__file__).parents[1] / "conf")
    with initialize_config_dir(conf, version_base="1.3"):
        config = compose("evaluate", ["logger=none", "trainer.default_root_dir=outputs", *sys.argv[1:]])
    faces = RecognizerPlan.of(config).make_faces().all_faces
    found = instantiate(config.landmarks).find(faces)
    for name, source, points in (("labels", Labels(), list(range(15))), ("MTCNN", Mtcnn(), MTCNNS_OWN)):
        try:
            reference = source.find(faces)
        except FacetrialError:
            continue
        if np.isfinite(reference).any():
            report(found, reference, points, name)
    faces.landmarks = found
    with written_whole(SHEET) as temporary:
        sheet(faces, conf).savefig(temporary, dpi=80, format="png")
    print(f"A sheet of faces: {SHEET}")


if __name__ == "__main__":
    main()
