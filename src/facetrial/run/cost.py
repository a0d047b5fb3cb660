"""What a defence costs: time to train, time to answer."""

import time

import torch
from torch import nn

from facetrial.faces.batch import FaceDataset
from facetrial.metrics.parts import Cost
from facetrial.recognition.layers import suspicions
from facetrial.recognition.victim import device_of

_LEAST_SECONDS = 0.25  # of one measuring
_MOST_PICTURES = 64


def cost(victim: nn.Module, faces: FaceDataset, train_seconds: float | None) -> Cost:
    """What it costs, measured in one batch after a first one.

    Args:
        victim: identity scores from images, in eval mode, defences and all.
        faces: pictures to answer for.
        train_seconds: how long training the recogniser took; None where its checkpoint does not say.
    """
    device = device_of(victim)
    count = min(4, len(faces))
    _seconds(victim, faces, count, device)
    seconds = _seconds(victim, faces, count, device)
    while seconds < _LEAST_SECONDS and count < min(_MOST_PICTURES, len(faces)):
        count = min(4 * count, _MOST_PICTURES, len(faces))
        seconds = _seconds(victim, faces, count, device)
    return Cost(train_seconds, count / seconds, count)


def _seconds(victim: nn.Module, faces: FaceDataset, count: int, device: torch.device) -> float:
    images = faces.batch(range(count)).images.to(device)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    started = time.perf_counter()
    with torch.no_grad():
        answers = suspicions(victim, images)  # which takes scores on its way
        if answers is None:
            answers = victim(images).argmax(1)
        answers.cpu()
    return time.perf_counter() - started
