"""The attack as a library call."""

from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor, nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.referee import referee
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import picture_key
from facetrial.faces.batch import Faces, check_images
from facetrial.faces.landmark_names import NUM_LANDMARKS
from facetrial.trial.verdicts import verdict_rows


def attack(
    victim: nn.Module,
    images: Tensor,
    identities: Tensor,
    attack: Attack,
    landmarks: Tensor | None = None,
    names: Sequence[str] | None = None,
    files: Sequence[str] | None = None,
    seed: int = 0,
    batch_size: int = 64,
) -> tuple[Tensor, pd.DataFrame]:
    """Attacks pictures, has the result checked, and judges it.

    Args:
        victim: any module from images (B, 3, H, W) in [0, 1] to scores (B, C), in eval mode.
        images: float32 (N, 3, H, W) in [0, 1].
        identities: int64 (N,), the right class of each.
        attack: region x budget x method.
        landmarks: float32 (N, 15, 2), (x, y) in pixels, in the order of Kaggle's columns; needed by regions of
            the face. NaN = unknown.
        names: a name for each class; their numbers by default.
        files: a name for each picture, on which its random draws depend; "0", "1", … by default.
        seed: of the draws.
        batch_size: pictures attacked together; it does not change what is drawn.

    Returns:
        The attacked pictures, float32 (N, 3, H, W), and one row a picture, with the columns of `verdicts.csv`.

    Raises:
        FacetrialError: images outside [0, 1], a victim in train mode, landmarks missing, lengths that differ.
    """
    check_images(images)
    if victim.training:
        raise FacetrialError("the victim is in train mode; call victim.eval() first.")
    if landmarks is None:
        if attack.needs_landmarks:
            raise FacetrialError(
                f"an attack on the region {type(attack.region).__name__} needs landmarks (N, {NUM_LANDMARKS}, 2); give "
                "`landmarks`, or attack everywhere."
            )
        landmarks = images.new_full((len(images), NUM_LANDMARKS, 2), torch.nan)
    files = [str(i) for i in range(len(images))] if files is None else list(files)
    if not len(images) == len(identities) == len(landmarks) == len(files):
        raise FacetrialError(
            f"images, identities, landmarks and files differ in length: {len(images)}, {len(identities)}, "
            f"{len(landmarks)}, {len(files)}."
        )
    if (known := names or getattr(victim, "names", None)) is not None:
        attack.goal.check(identities, list(known))
    faces = Faces(
        images=images,
        identities=identities,
        landmarks=landmarks,
        boxes=images.new_full((len(images), 4), torch.nan),
        pictures=torch.tensor([picture_key(file) for file in files], device=images.device),
        indices=torch.arange(len(images), device=images.device),
    )
    results, rows = [], []
    for chosen in torch.arange(len(images), device=images.device).split(batch_size):
        batch = faces.select(chosen)
        batch_files = [files[i] for i in chosen.tolist()]
        attacked = attack(victim, batch, seed, files=batch_files)
        budget = attack.budget
        referee(batch.images, attacked.images, attacked.region, budget.norm, budget.limit, batch_files)
        batch_names = _Numbers() if names is None else list(names)
        rows.append(verdict_rows(victim, batch, attacked, batch_names, batch_files))
        results.append(attacked.images)
    return torch.cat(results), pd.concat(rows, ignore_index=True)


class _Numbers(dict[int, str]):
    """Names for classes that have none."""

    def __missing__(self, number: int) -> str:
        return str(number)
