"""What a defence costs, time to train and time to answer; and what an attack is going to cost."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from lightning import Trainer
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.core.digests import digest
from facetrial.core.process.kept import Kept
from facetrial.core.progress import estimate_in_words, long_work
from facetrial.faces.batch import FaceDataset
from facetrial.metrics.parts import Cost
from facetrial.recognition.layers import adaptive_view, base_model, forward_passes, suspicions
from facetrial.recognition.victim import device_of
from facetrial.recognition.without_slope import keeps_answers
from facetrial.report.estimate import most_passes
from facetrial.report.rendering.formatting import pictures
from facetrial.trial.trial import Trial

log = logging.getLogger(__name__)

_LEAST_SECONDS = 0.25  # of one measuring
_MOST_PICTURES = 64
_KEPT: Kept[Cost] = Kept(8)
_FEW_PASSES = 20  # of a picture: noise is drawn before it could be said how long that takes


def cost(
    victim: nn.Module,
    faces: FaceDataset,
    train_seconds: float | None,
    name: str | None = None,
    steps_chosen_by: str | None = None,
) -> Cost:
    """What it costs, measured in one batch after a first one.

    Args:
        victim: identity scores from images, in eval mode, defences and all.
        faces: pictures to answer for.
        train_seconds: how long training the recogniser took; None where its checkpoint does not say.
        name: of the victim: the trials of a sweep measure it once. None measures it.
        steps_chosen_by: as the attack says it.
    """
    device = device_of(victim)
    known = None if name is None else digest(name, str(device), min(_MOST_PICTURES, len(faces)))
    if (before := _KEPT.recalled(known)) is not None:
        return replace(before, train_seconds=train_seconds, steps_chosen_by=steps_chosen_by)
    count = min(4, len(faces))
    _seconds(victim, faces, count, device)
    seconds = _seconds(victim, faces, count, device)
    while seconds < _LEAST_SECONDS and count < min(_MOST_PICTURES, len(faces)):
        count = min(4 * count, _MOST_PICTURES, len(faces))
        seconds = _seconds(victim, faces, count, device)
    found = Cost(train_seconds, count / seconds, count, steps_chosen_by)
    _KEPT.keep(known, found)
    return found


def passes_of(trial: Trial, method: Mapping[str, Any], pictures: int, training_pictures: int) -> float:
    """How often a trial asks its victim about each picture at most, a gradient counting for three.

    Args:
        trial: with its certificate, if any.
        method: of the attack, as its config says it.
        pictures: that are attacked.
        training_pictures: that methods are fitted on.
    """
    passes = most_passes(method, training_pictures / max(pictures, 1))
    if trial.certificate is not None:
        passes += trial.certificate.passes(trial.victim)
    return passes


def say_how_long(
    passes: float,
    victim: nn.Module,
    faces: FaceDataset,
    attacked: int,
    attack: Attack,
    name: str | None = None,
) -> None:
    """Says how long an attack takes at most, where that is worth a word: asking the victim takes a moment.

    Args:
        passes: of each picture, as by `passes_of`.
        victim: as for `cost`.
        faces: to measure with.
        attacked: how many pictures are.
        attack: what asks; before a victim that draws it may average over draws.
        name: as for `cost`.
    """
    if passes < _FEW_PASSES:
        return
    if keeps_answers(victim):  # one that is kept would be timed
        log.info(
            "Attacking %s asks about %d at most; what was answered before is not asked again.",
            pictures(attacked),
            passes * attacked,
        )
        return
    seconds = passes * _draws(victim, attack) * attacked / cost(victim, faces, None, name).answers_per_second
    if (said := estimate_in_words(seconds)) is not None:
        log.info("Attacking %s takes %s at most; those fooled sooner save time.", pictures(attacked), said)


def _draws(victim: nn.Module, attack: Attack) -> float:
    """How many times the attacker, who asks about a picture, has the recogniser run for each time that it answers."""
    if attack.surrogate is not None:
        return 1.0
    asked = adaptive_view(victim) if attack.adaptive else base_model(victim)
    return forward_passes(asked) / forward_passes(victim)


@contextmanager
def in_sight(trial: Trial, trainer: Trainer, attacked: int, passes: float) -> Iterator[None]:
    """Shows how far the attack on the pictures has come, within batches too, where the trainer would show a bar.

    Args:
        trial: of the pictures.
        trainer: that holds it; a bar in sight takes its own one's place, which stands still for a batch.
        attacked: how many pictures are, by all processes.
        passes: of each, as by `passes_of`.
    """
    bar = trainer.progress_bar_callback
    shown = bar is not None and trainer.is_global_zero and attacked > 0
    if bar is not None:
        bar.disable()
    own = -(-attacked // trainer.world_size)
    with long_work(f"Attacking {pictures(attacked)}", max(own, 1), passes, shown) as trial.progress:
        yield


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
