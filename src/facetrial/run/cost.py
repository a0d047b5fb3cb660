"""What a defence costs, time to train and time to answer; and what an attack is going to cost."""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from facetrial.core.digests import digest
from facetrial.core.process.kept import Kept
from facetrial.faces.batch import FaceDataset
from facetrial.metrics.parts import Cost
from facetrial.recognition.layers import suspicions
from facetrial.recognition.victim import device_of
from facetrial.report.estimate import estimate_in_words, most_passes

log = logging.getLogger(__name__)

_LEAST_SECONDS = 0.25  # of one measuring
_MOST_PICTURES = 64
_KEPT: Kept[Cost] = Kept(8)
_FEW_PASSES = 20  # of a picture: noise is drawn before it could be said how long that takes


def cost(victim: nn.Module, faces: FaceDataset, train_seconds: float | None, name: str | None = None) -> Cost:
    """What it costs, measured in one batch after a first one.

    Args:
        victim: identity scores from images, in eval mode, defences and all.
        faces: pictures to answer for.
        train_seconds: how long training the recogniser took; None where its checkpoint does not say.
        name: of the victim: the trials of a sweep measure it once. None measures it.
    """
    device = device_of(victim)
    known = None if name is None else digest(name, str(device), min(_MOST_PICTURES, len(faces)))
    if (before := _KEPT.recalled(known)) is not None:
        return replace(before, train_seconds=train_seconds)
    count = min(4, len(faces))
    _seconds(victim, faces, count, device)
    seconds = _seconds(victim, faces, count, device)
    while seconds < _LEAST_SECONDS and count < min(_MOST_PICTURES, len(faces)):
        count = min(4 * count, _MOST_PICTURES, len(faces))
        seconds = _seconds(victim, faces, count, device)
    found = Cost(train_seconds, count / seconds, count)
    _KEPT.keep(known, found)
    return found


def say_how_long(
    method: Mapping[str, Any],
    victim: nn.Module,
    faces: FaceDataset,
    pictures: int,
    training_pictures: int,
    name: str | None = None,
) -> None:
    """Says how long an attack takes at most, where that is worth a word: asking the victim takes a moment.

    Args:
        method: of the attack, as its config says it.
        victim: as for `cost`.
        faces: to measure with.
        pictures: that are attacked.
        training_pictures: that methods are fitted on.
        name: as for `cost`.
    """
    passes = most_passes(method, training_pictures / pictures)
    if passes < _FEW_PASSES:
        return
    seconds = passes * pictures / cost(victim, faces, None, name).answers_per_second
    if (said := estimate_in_words(seconds)) is not None:
        log.info("Attacking %d pictures takes %s at most; those fooled sooner save time.", pictures, said)


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
