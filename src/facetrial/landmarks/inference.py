"""Finding landmarks in pictures of any size and framing with the landmark network."""

from collections.abc import Callable

from torch import Tensor, nn

from facetrial.data.landmark_augmentation import flip
from facetrial.faces.frames import (
    chained,
    cut_frames,
    frames_from_boxes,
    grey,
    identity_transforms,
    inverted,
    mean_shape,
    move,
    similarity_transforms,
)

PASSES = 2


def both_ways(network: Callable[[Tensor], Tensor], frames: Tensor) -> Tensor:
    """Landmarks (B, 15, 2) in frames (B, 1, 96, 96): the mean over the frame and its mirror image."""
    found = network(frames)
    mirrored = network(frames.flip(-1))
    return (found + flip(frames, mirrored)[1]) / 2


def find_in_frames(network: nn.Module, frames: Tensor, passes: int = PASSES) -> Tensor:
    """Landmarks (B, 15, 2) in pixels of frames (B, 1, 96, 96).

    Each further pass brings the face to the mean shape by the points of the pass before, and looks again.
    """
    return _refined(network, frames, identity_transforms(frames), passes)


def find_in_pictures(network: nn.Module, images: Tensor, boxes: Tensor, passes: int = PASSES) -> Tensor:
    """Landmarks (B, 15, 2) in pixels of the pictures given.

    Args:
        network: from frames (B, 1, 96, 96) to landmarks.
        images: (B, 3, H, W) in [0, 1].
        boxes: (B, 4), the face boxes as MTCNN draws them.
        passes: how often to look.
    """
    return _refined(network, grey(images), frames_from_boxes(boxes), passes)


def _refined(network: Callable[[Tensor], Tensor], images: Tensor, to_frame: Tensor, passes: int) -> Tensor:
    in_frame = both_ways(network, cut_frames(images, to_frame))
    for _ in range(passes - 1):
        # Measured within the frame, so that the first frame's own stretch stays undone.
        to_frame = chained(to_frame, similarity_transforms(in_frame, mean_shape(in_frame)))
        in_frame = both_ways(network, cut_frames(images, to_frame))
    return move(inverted(to_frame), in_frame)
