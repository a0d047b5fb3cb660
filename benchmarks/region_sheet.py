"""Do regions lie where their names say, on faces that are turned away?

python benchmarks/region_sheet.py [overrides of evaluate.py], such as data=lfw data.root=DIR landmarks=mtcnn
embedder=inception_resnet_v1 data.min_pictures=40 data.margin=80, whose wide crops show the ears. Counts ears that
cannot be ears, and, where faces are drawn, measures how far they are from the exact ones. Leaves a sheet of the 40
faces that are turned the most, with regions in colours, in outputs/region_sheet.png.
"""

import sys
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from matplotlib.figure import Figure
from torch import Tensor

import facetrial.runtime.resolvers  # noqa: F401, registers the resolvers that the configs use
from facetrial.core.files import written_whole
from facetrial.core.randomness import Draws
from facetrial.data.synthetic import SyntheticFaces
from facetrial.faces.batch import FaceDataset
from facetrial.faces.frames import inter_eye_distance
from facetrial.faces.head import Head
from facetrial.faces.landmark_names import LEFT_EYE, RIGHT_EYE, indices
from facetrial.regions.regions import Region
from facetrial.training.plan import RecognizerPlan

COLOURS = {"ears": (1, 0, 0), "hat_band": (0, 0.4, 1), "glasses": (0, 0.8, 0), "eyebrows": (1, 1, 0)}
OUTER_CORNERS = indices("left_eye_outer", "right_eye_outer")
SHEET = Path("outputs/region_sheet.png")
SHOWN, COLUMNS = 40, 8


def count_ears(landmarks: Tensor, ears: Tensor, radius: float, size: int) -> None:
    """Prints how many ears there are, in the picture, inside the outer corner of the eye, on an eye; ears (N, 2, 2)."""
    eyes = landmarks[:, [LEFT_EYE, RIGHT_EYE]]
    between = inter_eye_distance(landmarks)[:, None]
    outward = (eyes - eyes.flip(1)) / between[..., None]
    beyond = ((ears - landmarks[:, list(OUTER_CORNERS)]) * outward).sum(-1)
    to_eye = torch.cdist(ears, eyes).amin(-1) / between
    shown = ears.isfinite().all(-1)
    inside = (ears - ears.clamp(0, size - 1)).norm(dim=-1) <= radius * between
    print(
        f"{len(ears)} pictures: {shown.sum(1).eq(2).float().mean():.1%} with two ears, "
        f"{shown.sum(1).eq(1).float().mean():.1%} with one; {1 - inside.any(1).float().mean():.1%} cut without any"
    )
    print(f"  ears inside the outer corner of the eye: {((beyond < 0) & shown).sum() / shown.sum():.1%}")
    print(f"  ears whose disc covers the middle of an eye: {int(((to_eye <= radius) & shown).sum())}")


def compare_ears(landmarks: Tensor, ears: Tensor, exact: Tensor) -> None:
    """Prints how far ears (N, 2, 2) lie from the exact ones."""
    apart = (ears - exact).norm(dim=-1) / inter_eye_distance(landmarks)[:, None]
    apart = apart[apart.isfinite()]
    print(
        f"  from the exact ears, inter-eye distances: median {apart.median():.3f}, 95 % within "
        f"{apart.quantile(0.95):.3f}, all within {apart.max():.3f}"
    )


def sheet(faces: FaceDataset, rows: Tensor, regions: dict[str, Region]) -> Figure:
    """Faces `rows` with their landmarks and all regions."""
    batch = faces.batch(rows.numpy())
    tinted = batch.images
    for name, region in regions.items():
        mask = 0.5 * region(batch.landmarks, *tinted.shape[-2:], Draws(0, batch.pictures))
        tinted = tinted * (1 - mask) + tinted.new_tensor(COLOURS[name])[:, None, None] * mask
    figure = Figure(figsize=(2 * COLUMNS, 2 * -(-len(rows) // COLUMNS)), layout="constrained")
    grid = figure.subplots(-(-len(rows) // COLUMNS), COLUMNS, squeeze=False)
    for axes, picture, points in zip(grid.flat, tinted.permute(0, 2, 3, 1), batch.landmarks, strict=False):
        axes.imshow(
            picture.clamp(0, 1).numpy(), extent=(-0.5, picture.shape[1] - 0.5, picture.shape[0] - 0.5, -0.5)
        )
        axes.plot(*points.T.numpy(), ".", color="white", ms=2)
    for axes in grid.flat:
        axes.axis("off")
    return figure


def main() -> None:
    overrides = sys.argv[1:] or ["landmarks=labels"]
    with initialize_config_dir(str(Path(__file__).parents[1] / "conf"), version_base="1.3"):
        config = compose("evaluate", ["logger=none", "trainer.default_root_dir=outputs", *overrides])
        regions = {
            name: instantiate(compose("evaluate", [f"attack/region={name}"]).attack.region)
            for name in COLOURS
        }
    data = RecognizerPlan.of(config).make_faces()
    faces = data.all_faces
    faces.landmarks = instantiate(config.landmarks).find(faces)
    landmarks = torch.from_numpy(faces.landmarks)
    head = Head.of(landmarks)
    ears = regions["ears"].centres(landmarks)
    count_ears(landmarks, ears, regions["ears"].radius, faces.pixels.shape[1])
    if isinstance(data, SyntheticFaces):
        compare_ears(landmarks, ears, data.portraits().ears)
    turned = head.turn.abs().nan_to_num(-1.0).argsort(descending=True)[:SHOWN]
    with written_whole(SHEET) as temporary:
        sheet(faces, turned, regions).savefig(temporary, dpi=100, format="png")
    print(f"The faces that are turned the most, with {', '.join(regions)}: {SHEET}")


if __name__ == "__main__":
    main()
