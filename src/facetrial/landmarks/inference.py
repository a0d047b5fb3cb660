"""Finding landmarks in pictures of any size and framing with the landmark network."""

import torch
from torch import Tensor, nn

from facetrial.data.landmark_augmentation import flip
from facetrial.faces.frames import cut_frames, frames_from_boxes, grey, inverted, move


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32 there: landmarks found in it are the same to a hundredth of a pixel."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    has_units = getattr(torch.cpu, "_is_avx512_bf16_supported", bool)  # torch has no public name for it
    return device.type == "cpu" and has_units()


def find_in_frames(network: nn.Module, frames: Tensor) -> Tensor:
    """Landmarks (B, 15, 2) in pixels of frames (B, 1, 96, 96): the mean over each frame and its mirror image."""
    device = frames.device
    with torch.autocast(device.type, torch.bfloat16, enabled=computes_in_bfloat16(device)):
        found, mirrored = network(frames), network(frames.flip(-1))
    return (found + flip(frames, mirrored)[1]) / 2


def find_in_pictures(network: nn.Module, images: Tensor, boxes: Tensor) -> Tensor:
    """Landmarks (B, 15, 2) in pixels of the pictures given.

    Args:
        network: from frames (B, 1, 96, 96) to landmarks.
        images: (B, 3, H, W) in [0, 1].
        boxes: (B, 4), the face boxes as MTCNN draws them.
    """
    to_frame = frames_from_boxes(boxes)
    return move(inverted(to_frame), find_in_frames(network, cut_frames(grey(images), to_frame)))
