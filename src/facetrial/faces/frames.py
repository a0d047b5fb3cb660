"""Framing: from a picture of any size with a face box to Kaggle's frame, and points back again.

Kaggle's faces fill their frame of 96x96 grey pixels; a crop for a recogniser has a margin. What joins them is an
affine transform for each picture, (2, 3), of points from the picture to the frame. Coordinates are those of
`facetrial.data.photos.alignment`: a point names a pixel by its centre, a box names edges. All functions are plain
torch, differentiable, and treat each picture of a batch by itself.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from facetrial.core.errors import FacetrialError
from facetrial.faces.landmark_names import LEFT_EYE, NUM_LANDMARKS, RIGHT_EYE


def shrunk(images: Tensor, scale: Tensor, place: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) made smaller and laid on black, differentiable.

    Args:
        scale: (B,) in (0, 1]; at 1 the picture comes back as it is.
        place: (B, 2) in [-1, 1], where in the free space, across and down.
    """
    shift = place * (1.0 - scale)[:, None]
    theta = torch.zeros(len(images), 2, 3, device=images.device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1.0 / scale
    theta[:, :, 2] = -shift / scale[:, None]
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


FRAME_SIZE = 96

# Where the 15 landmarks lie on average in Kaggle's frame (the first pixel's centre is 0), made symmetric.
MEAN_SHAPE = (
    (64.36, 37.35),
    (30.64, 37.35),
    (57.65, 37.84),
    (70.78, 37.16),
    (37.35, 37.84),
    (24.22, 37.16),
    (56.22, 26.80),
    (78.31, 29.20),
    (38.78, 26.80),
    (16.69, 29.20),
    (47.50, 56.93),
    (61.46, 74.13),
    (33.54, 74.13),
    (47.50, 70.45),
    (47.50, 81.40),
)

# Kaggle's frame in units of the face box that MTCNN draws, which is (0, 0, 1, 1): left, top, right, bottom. By least
# squares of MTCNN's five points in LFW's pictures against the mean shape, made symmetric.
_FRAME_IN_BOX = (-0.147, 0.009, 1.147, 0.979)


def mean_shape(like: Tensor) -> Tensor:
    """The mean shape, (15, 2), on the device and in the type of `like`."""
    return torch.tensor(MEAN_SHAPE, device=like.device, dtype=like.dtype)


def grey(images: Tensor) -> Tensor:
    """(B, 1, H, W) from RGB (B, 3, H, W) by the weights of ITU-R BT.601; grey pictures pass unchanged."""
    if images.shape[1] == 1:
        return images
    weights = images.new_tensor((0.299, 0.587, 0.114))
    return (images * weights[:, None, None]).sum(1, keepdim=True)


def frames_from_boxes(boxes: Tensor) -> Tensor:
    """The transform (B, 2, 3) from each picture to Kaggle's frame, from face boxes (B, 4) as MTCNN draws them.

    Width and height are mapped each by itself, so that a crop that was stretched to a square is set right.

    Raises:
        FacetrialError: a box is unknown (NaN) or empty.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise FacetrialError(f"boxes must have shape (B, 4), found {tuple(boxes.shape)}.")
    low, length = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
    if not bool((length > 0).all()):
        raise FacetrialError(
            "a face box is unknown or empty; expected x0 < x1 and y0 < y1 for every picture."
        )
    frame = boxes.new_tensor(_FRAME_IN_BOX)
    start, end = low + length * frame[:2], low + length * frame[2:]
    scale = FRAME_SIZE / (end - start)
    # Edges lie half a pixel from centres.
    shift = scale * (0.5 - start) - 0.5
    return torch.cat([torch.diag_embed(scale), shift[:, :, None]], dim=2)


def inverted(transforms: Tensor) -> Tensor:
    """The way back of transforms (B, 2, 3)."""
    a, b, c, d = (transforms[:, i, j] for i in range(2) for j in range(2))
    determinant = (a * d - b * c)[:, None]
    linear = (torch.stack([d, -b, -c, a], dim=1) / determinant).unflatten(1, (2, 2))
    return torch.cat([linear, -linear @ transforms[:, :, 2:]], dim=2)


def move(transforms: Tensor, points: Tensor) -> Tensor:
    """Points (B, K, 2) under transforms (B, 2, 3); NaN stays NaN."""
    return points @ transforms[:, :, :2].mT + transforms[:, None, :, 2]


def identity_transforms(images: Tensor) -> Tensor:
    """Transforms (B, 2, 3) that leave every point where it is."""
    return torch.eye(2, 3, device=images.device, dtype=images.dtype).expand(len(images), 2, 3)


def sample_grid(transforms: Tensor, height: int, width: int, size: int, finer: int = 1) -> Tensor:
    """Where in a picture the pixels of its frame lie, for `grid_sample`: (B, size * finer, size * finer, 2)."""
    places = (
        torch.arange(size * finer, device=transforms.device, dtype=transforms.dtype) + 0.5
    ) / finer - 0.5
    y, x = torch.meshgrid(places, places, indexing="ij")
    there = move(inverted(transforms), torch.stack([x, y], dim=-1).view(1, -1, 2))
    grid = (2 * there + 1) / there.new_tensor((width, height)) - 1
    return grid.unflatten(1, (size * finer, size * finer))


def cut_frames(images: Tensor, transforms: Tensor, size: int = FRAME_SIZE) -> Tensor:
    """The frames, (B, C, size, size), that `transforms` (B, 2, 3) cut from `images` (B, C, H, W).

    Beyond the picture's edges its last pixels are repeated. Where a picture is larger than the frame, several
    places in each pixel of the frame are averaged, so that a frame as large as the picture has no aliasing.
    """
    height, width = images.shape[-2:]
    finer = max(1, math.ceil(max(height, width) / size))
    grid = sample_grid(transforms, height, width, size, finer)
    frames = F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return F.avg_pool2d(frames, finer) if finer > 1 else frames


def similarity_transforms(points: Tensor, target: Tensor) -> Tensor:
    """The turn, scale and shift (B, 2, 3) that bring points (B, K, 2) nearest to `target` (K, 2), least squares."""
    centre, goal = points.mean(1, keepdim=True), target.mean(0)
    from_centre, to_goal = points - centre, target - goal
    spread = from_centre.square().sum((1, 2))
    along = (from_centre * to_goal).sum((1, 2)) / spread
    across = (from_centre[..., 0] * to_goal[:, 1] - from_centre[..., 1] * to_goal[:, 0]).sum(1) / spread
    linear = torch.stack([along, -across, across, along], dim=1).unflatten(1, (2, 2))
    return torch.cat([linear, goal[:, None] - linear @ centre.mT], dim=2)


def check_landmarks(landmarks: Tensor) -> Tensor:
    """Returns `landmarks` if their shape is (B, 15, 2); a FacetrialError names what was found instead."""
    if landmarks.ndim != 3 or landmarks.shape[1:] != (NUM_LANDMARKS, 2):
        raise FacetrialError(f"landmarks must have shape (B, 15, 2), found {tuple(landmarks.shape)}.")
    return landmarks


def inter_eye_distance(landmarks: Tensor) -> Tensor:
    """Pixels between the eye centres, (B,), from landmarks (B, 15, 2); NaN where an eye is unknown."""
    return (landmarks[:, LEFT_EYE] - landmarks[:, RIGHT_EYE]).norm(dim=-1)


def pixel_centres(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """(H, W, 2) float32: the (x, y) of each pixel. A landmark at (3, 5) is the pixel in column 3, row 5."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float32, device=device),
        torch.arange(width, dtype=torch.float32, device=device),
        indexing="ij",
    )
    return torch.stack([x, y], dim=-1)
