"""The attack as a library call."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from facetrial.api.callers_torch import callers_torch
from facetrial.attacks.attack import Attack
from facetrial.attacks.referee import referee
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import picture_key
from facetrial.faces.batch import Faces, check_images
from facetrial.faces.given import as_files, as_identities, as_landmarks, as_names
from facetrial.faces.landmark_names import NUM_LANDMARKS
from facetrial.landmarks.sources import derived_from_five
from facetrial.recognition.foreign import Function, as_victim
from facetrial.recognition.victim import names_of
from facetrial.trial.verdicts import verdict_rows


@callers_torch()
def attack(
    victim: nn.Module | Callable[[Tensor], Tensor],
    images: Tensor,
    identities: Tensor | np.ndarray | Sequence[int],
    attack: Attack,
    landmarks: Tensor | np.ndarray | None = None,
    names: Sequence[str] | None = None,
    files: Sequence[str] | None = None,
    seed: int = 0,
    batch_size: int = 64,
) -> tuple[Tensor, pd.DataFrame]:
    """Attacks pictures, has the result checked, and judges it.

    Args:
        victim: any module or function from images (B, 3, H, W) in [0, 1] to scores (B, C) of at least two people;
            in eval mode, with float32 weights.
        images: float32 (N, 3, H, W) in [0, 1].
        identities: integers of any type, (N,), the right class of each, from 0 to C - 1.
        attack: region x budget x method.
        landmarks: (N, 15, 2), (x, y) in pixels, in the order of Kaggle's columns; or (N, 5, 2): the eye at the
            picture's left, the one at its right, nose tip, mouth corner at the left, at the right, as MTCNN, RetinaFace
            and InsightFace give them, of which the rest is derived as by `landmarks=mtcnn`. Needed by regions of the
            face. NaN = unknown.
        names: a name for each class, each another; the victim's own by default, or their numbers.
        files: a name for each picture, each another, on which its random draws depend; "0", "1", … by default.
        seed: of the draws.
        batch_size: pictures attacked together; it does not change what is drawn.

    Returns:
        The attacked pictures, float32 (N, 3, H, W), and one row a picture, with the columns of `verdicts.csv`.

    Raises:
        FacetrialError: something is not as said above, which is named; the victim has a layer in train mode, fails, or
            gives no such scores; there is no picture.
    """
    if not isinstance(attack, Attack):
        raise FacetrialError(f"attack must be a facetrial.Attack, found a {type(attack).__name__}.")
    if not isinstance(seed, int | np.integer):
        raise FacetrialError(f"seed must be a whole number, found {seed!r}.")
    if not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise FacetrialError(f"batch_size must be a whole number from 1 on, found {batch_size!r}.")
    images = check_images(images).detach().clone()
    if not images.numel():
        raise FacetrialError(f"there is no picture to attack: images has shape {tuple(images.shape)}.")
    victim, people = as_victim(victim, images)
    files = as_files(files, len(images))
    known = names_of(victim) if names is None else names
    known = None if known is None else as_names(known, people)
    if known is not None and names_of(victim) is None:
        victim = Function(victim, known)  # by which a goal finds its target
    device = images.device
    if landmarks is None:
        if attack.needs_landmarks:
            raise FacetrialError(
                f"an attack on the region {type(attack.region).__name__} needs landmarks (N, {NUM_LANDMARKS}, 2); give "
                "`landmarks`, or attack everywhere."
            )
        landmarks = np.full((len(images), NUM_LANDMARKS, 2), np.nan)
    points = as_landmarks(landmarks, len(images))
    if points.shape[1] != NUM_LANDMARKS:
        points = derived_from_five(points)
    faces = Faces(
        images=images,
        identities=as_identities(identities, len(images), people).to(device),
        landmarks=points.to(device),
        boxes=images.new_full((len(images), 4), torch.nan),
        pictures=torch.tensor([picture_key(file) for file in files], device=device),
        indices=torch.arange(len(images), device=device),
    )
    if known is not None:
        attack.goal.check(faces.identities, known)
    if attack.surrogate is not None:
        attack.surrogate.check(faces, people)
    row_names = _Numbers() if known is None else known
    results, rows = [], []
    for chosen in torch.arange(len(images), device=device).split(min(int(batch_size), len(images))):
        batch = faces.select(chosen)
        batch_files = [files[i] for i in chosen.tolist()]
        attacked = attack(victim, batch, int(seed), files=batch_files)
        budget = attack.budget
        referee(batch.images, attacked.images, attacked.region, budget.norm, budget.limit, batch_files)
        rows.append(verdict_rows(victim, batch, attacked, row_names, batch_files))
        results.append(attacked.images)
    return torch.cat(results), pd.concat(rows, ignore_index=True)


class _Numbers(dict[int, str]):
    """Names for classes that have none."""

    def __missing__(self, number: int) -> str:
        return str(number)
