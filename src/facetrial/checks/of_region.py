"""Whether face, landmarks and region agree."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.randomness import Draws
from facetrial.core.settings import Count, Share, Unit
from facetrial.faces.frames import inter_eye_distance
from facetrial.faces.landmark_names import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE_TIP, RIGHT_EYE
from facetrial.regions.regions import Discs, Ears, Everywhere, Scattered
from facetrial.regions.wearables import Shape
from facetrial.trial.rows import ATTACKED

_FIVE = (RIGHT_EYE, LEFT_EYE, NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT)  # as MTCNN finds them
_FROM_MIDDLE = 0.22  # of the middle of a face, in the picture's sides
_NEAR = 0.35  # of MTCNN's points, in inter-eye distances
_AREA = 0.02  # by how much of its area a mask may differ from what its row says
_WORN_OFF = 0.35  # of what is worn from its place, in inter-eye distances
_OFF_CENTRE = 0.1  # of a region from its landmarks, in inter-eye distances


class LandmarksAgree(Check):
    """Landmarks are those of an upright face, near what MTCNN found, and the region lies on its own.

    Eyes above the nose, the nose above the mouth, the subject's left at the picture's right: a picture that was turned
    or mirrored without its landmarks, columns in another order, x and y exchanged, a mask that is shifted, all put the
    perturbation where the region's name does not say.

    It is left out of attacks that need no landmarks, and where none are known.

    Args:
        pictures: how many are looked at.
        least: share of these that must be in order.
    """

    def __init__(self, pictures: Count = 32, least: Annotated[Share, Unit("of pictures")] = 0.75) -> None:
        self.pictures = pictures
        self.least = least

    def __call__(self, evidence: Evidence) -> Outcome:
        if not evidence.attack.needs_landmarks:
            return does_not_apply("the attack needs no landmarks")
        chosen = evidence.some(self.pictures)
        batch = evidence.batch(chosen)
        known = batch.landmarks[:, list(_FIVE)].isfinite().flatten(1).all(1)
        if not known.any():
            return does_not_apply("no picture has landmarks")
        landmarks = batch.landmarks[known]
        found = {
            "upright": _upright(landmarks),
            "of a face of the picture's size": _in_picture(landmarks, batch.images),
        }
        five = torch.as_tensor(evidence.faces.five_points[chosen]).to(landmarks)[known]
        if (seen := five.isfinite().flatten(1).all(1)).any():
            apart = (landmarks[seen][:, list(_FIVE)] - five[seen]).norm(dim=2).mean(1)
            found["near MTCNN's points"] = apart / _between_eyes(landmarks[seen]) <= _NEAR
        if isinstance(region := evidence.attack.region, Discs):
            height, width = batch.images.shape[-2:]
            mask = region(landmarks, height, width, Draws(evidence.seed, batch.pictures[known]))[:, 0]
            found["under the region"] = _covered(mask, region.centres(landmarks), _between_eyes(landmarks))
        shares = {name: float(agree.float().mean()) for name, agree in found.items() if len(agree)}
        return _by_shares(
            f"landmarks of {int(known.sum())} pictures",
            shares,
            self.least,
            "look at a few pictures with their landmarks: x and y, left and right (the subject's own), pictures that "
            "were turned, mirrored or cut after their landmarks were found; delete paths.cache/landmarks to have them "
            "found again",
        )


class RegionAgrees(Check):
    """The perturbation may go where the region's settings say, counted anew from landmarks, and as far as the rows say.

    Discs lie on the landmarks whose names they were given, and are as large as their radius, or their area, says; a
    control lies beside what it is the control of, and is as large; what is worn lies in its place below or above the
    eyes; everywhere is the whole picture. A mask that is
    mirrored, shifted by some pixels, made for another size of picture or of one eye alone is told. Of other regions,
    the area alone is compared with that of the rows.

    Args:
        pictures: how many are looked at.
        least: share of these that must be in order.
        overlap: of the mask and the one counted anew, as a share of both together.
    """

    def __init__(
        self,
        pictures: Count = 32,
        least: Annotated[Share, Unit("of pictures")] = 0.75,
        overlap: Annotated[Share, Unit("of both masks")] = 0.8,
    ) -> None:
        self.pictures = pictures
        self.least = least
        self.overlap = overlap

    def __call__(self, evidence: Evidence) -> Outcome:
        rows = evidence.by_file
        chosen = evidence.some(self.pictures, [str(file) for file in rows.index[rows["status"] == ATTACKED]])
        if not chosen:
            return does_not_apply("no picture was attacked")
        batch, region = evidence.batch(chosen), evidence.attack.region
        height, width = batch.images.shape[-2:]
        mask = (
            region(batch.landmarks, height, width, Draws(evidence.seed, batch.pictures))[:, 0].cpu().numpy()
        )
        told = rows.loc[[evidence.faces.files[i] for i in chosen], "region_area"].to_numpy(dtype=float)
        agree = {"as large as their rows say": np.abs(mask.mean((1, 2)) - told) <= _AREA * told}
        if isinstance(region, Everywhere):
            agree["the whole picture"] = (mask == 1).all((1, 2))
        discs = region.reference if isinstance(region, Scattered) else region
        if isinstance(discs, Discs):
            drawn = _discs(discs, batch.landmarks.cpu(), height, width)
            if isinstance(region, Scattered):
                apart = ((mask > 0) & (drawn > 0)).sum((1, 2)) <= (1 - self.overlap) * (drawn > 0).sum((1, 2))
                alike = np.abs(mask.sum((1, 2)) / drawn.sum((1, 2)) - 1) <= 1 - self.overlap
                agree["beside what they are the control of, and as large"] = apart & alike
            else:
                both = np.minimum(mask, drawn).sum((1, 2)) / np.maximum(mask, drawn).sum((1, 2))
                agree["where their landmarks are"] = both >= self.overlap
        if isinstance(region, Shape):
            agree["where on the face they are worn"] = _worn(region, mask, batch.landmarks.cpu())
        shares = {name: float(right.mean()) for name, right in agree.items()}
        return _by_shares(
            f"masks of {len(chosen)} pictures",
            shares,
            self.least,
            "look at mean_face.png and at a few pictures with their masks: the region is not where its settings say; "
            "where the rows alone differ, start the trial again with resume=false",
        )


def _worn(shape: Shape, mask: np.ndarray, landmarks: Tensor) -> np.ndarray:
    """(N,) bool: whether the middle of masks (N, H, W) lies where their shape is worn, as far as the eyes are known.

    A head that is turned moves it, by less than what is told.
    """
    right, left = (landmarks[:, eye].numpy().astype(np.float64) for eye in (RIGHT_EYE, LEFT_EYE))
    across = left - right
    down = np.stack([-across[:, 1], across[:, 0]], axis=1)
    x, y = shape.centre
    wanted = (left + right) / 2 + x * across + y * down
    ys, xs = np.mgrid[: mask.shape[1], : mask.shape[2]]
    weight = np.maximum(mask.sum((1, 2)), 1e-9)
    found = np.stack([(mask * xs).sum((1, 2)) / weight, (mask * ys).sum((1, 2)) / weight], axis=1)
    off = np.hypot(*(found - wanted).T) / np.hypot(*across.T)
    return ~(off > _WORN_OFF)


def _by_shares(looked_at: str, shares: Mapping[str, float], least: float, remedy: str) -> Outcome:
    """Whether the least of the shares of pictures in order, each by what is in order, is large enough."""
    detail = f"{looked_at}: " + ", ".join(f"{share:.0%} {name}" for name, share in shares.items())
    return passed(detail) if min(shares.values()) >= least else failed(detail, remedy)


def _discs(region: Discs, landmarks: Tensor, height: int, width: int) -> np.ndarray:
    """Discs (B, H, W) on the region's landmarks, of its radius or area, with its soft edges."""
    centres = (
        region.centres(landmarks) if isinstance(region, Ears) else landmarks[:, list(region.landmarks)]
    ).numpy()
    ys, xs = np.mgrid[:height, :width]
    away = np.hypot(xs - centres[..., 0, None, None], ys - centres[..., 1, None, None])
    nearest = np.nan_to_num(away, nan=np.inf).min(1)
    if region.area is not None:  # as many pixels as it asks for, the nearest first
        wanted = np.full(len(nearest), int(region.area * height * width))
        radius = np.sort(nearest.reshape(len(nearest), -1))[np.arange(len(nearest)), wanted - 1]
    else:
        radius = region.radius * inter_eye_distance(landmarks).numpy()
    radius = radius[:, None, None]
    if region.softness == 0 or region.area is not None:
        return (nearest <= radius).astype(np.float64)
    return np.clip((radius * (1 + region.softness / 2) - nearest) / (radius * region.softness), 0, 1)


def _upright(landmarks: Tensor) -> Tensor:
    eyes = landmarks[:, [LEFT_EYE, RIGHT_EYE], 1].mean(1)
    mouth = landmarks[:, [MOUTH_LEFT, MOUTH_RIGHT], 1].mean(1)
    nose = landmarks[:, NOSE_TIP, 1]
    return (eyes < nose) & (nose < mouth) & (landmarks[:, RIGHT_EYE, 0] < landmarks[:, LEFT_EYE, 0])


def _in_picture(landmarks: Tensor, images: Tensor) -> Tensor:
    """(B,) bool: whether the middle of the face lies in the middle of the picture, as faces are cut."""
    height, width = images.shape[-2:]
    middle = landmarks[:, list(_FIVE)].mean(1) / landmarks.new_tensor([width, height])
    return ((middle - 0.5).abs() <= _FROM_MIDDLE).all(1)


def _between_eyes(landmarks: Tensor) -> Tensor:
    return (landmarks[:, LEFT_EYE] - landmarks[:, RIGHT_EYE]).norm(dim=1).clamp(min=1e-6)


def _covered(mask: Tensor, centres: Tensor, between_eyes: Tensor) -> Tensor:
    """(B,) bool: whether masks (B, H, W) lie on the centres (B, K, 2) that are known and in the picture."""
    height, width = mask.shape[1:]
    known = centres.isfinite().all(2)
    at = centres.nan_to_num(-1.0).round().long()
    inside = (at >= 0).all(2) & (at[..., 0] < width) & (at[..., 1] < height)
    rows = torch.arange(len(mask), device=mask.device)[:, None]
    there = mask[rows, at[..., 1].clamp(0, height - 1), at[..., 0].clamp(0, width - 1)] > 0
    ys, xs = (torch.arange(n, device=mask.device, dtype=mask.dtype) for n in (height, width))
    weight = mask.flatten(1).sum(1).clamp(min=1e-6)
    middle = torch.stack([(mask.sum(1) * xs).sum(1), (mask.sum(2) * ys).sum(1)], dim=1) / weight[:, None]
    # Where discs lie apart and whole, the middle of the mask is that of the centres.
    whole = (
        inside.any(1)
        & (inside | ~known).all(1)
        & (mask[:, 0].sum(1) + mask[:, -1].sum(1) + mask[..., 0].sum(1) + mask[..., -1].sum(1) == 0)
    )
    lowest, highest = (
        torch.where(inside[..., None], centres, bound).amin(1)
        if low
        else torch.where(inside[..., None], centres, bound).amax(1)
        for low, bound in ((True, torch.inf), (False, -torch.inf))
    )
    slack = _OFF_CENTRE * between_eyes[:, None]
    among = ((middle >= lowest - slack) & (middle <= highest + slack)).all(1)
    return (there | ~inside).all(1) & (among | ~whole)
