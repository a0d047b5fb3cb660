"""Training a recogniser: what `python train.py model=recognizer` does."""

import copy
import logging
import shutil
from dataclasses import dataclass

import torch
from lightning import Trainer, seed_everything
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.core.digests import digest
from facetrial.core.errors import Diverged, FacetrialError
from facetrial.core.files import check_writable
from facetrial.core.locks import file_lock
from facetrial.core.process.first_ahead import come_together
from facetrial.core.process.kept import Kept, keeps
from facetrial.core.provenance import settled_mark
from facetrial.core.seeding import SeedSteps
from facetrial.defenses.trained.wrapped_data import TrainingFaces
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.embedders.factory import has_slope
from facetrial.recognition.victim import Victim, device_of
from facetrial.runtime.checkpoints import save_checkpoint, training_cut_short
from facetrial.runtime.loggers import log_training
from facetrial.runtime.plan import class_name
from facetrial.training.fit_head import FitHead
from facetrial.training.lightning_module import Recognizer
from facetrial.training.plan import RecognizerPlan
from facetrial.training.stop_when_not_finite import StopWhenNotFinite
from facetrial.training.stopwatch import Stopwatch

log = logging.getLogger(__name__)

_KEPT: Kept[Victim] = Kept(3)  # a victim, its surrogate, and the recogniser without defence


def recognizer_for(plan: RecognizerPlan) -> Victim:
    """The recogniser of `plan`; where its checkpoint is missing it is trained first.

    Raises:
        FacetrialError: the checkpoint cannot be read, is of another kind, or was made by another config.
    """
    with plan.where_missing() as missing:
        if missing:
            log.info("There is no recogniser at %s yet: training it first.", plan.path)
            train_recognizer(plan.alone())
    return _KEPT.copy_of(_name(plan), plan.load_victim)


def _name(plan: RecognizerPlan) -> str | None:
    """A name for what `plan` loads now; None outside of sweeps, and of code of the user's, which may not bear a copy.

    None too where the checkpoint was changed a moment ago.
    """
    if not keeps() or not plan.all_own:
        return None
    mark = settled_mark(plan.path)
    return None if mark is None else digest(mark, plan.recipe)


def train_recognizer(plan: RecognizerPlan) -> dict[str, float]:
    """Trains the recogniser of `plan` and saves it at its `path`.

    A training that was cut short goes on from its last whole epoch.

    Returns:
        Accuracy of the fitted head on validation and test pictures; nothing but in the first of several processes.

    Raises:
        FacetrialError: a batch size below 2, which batch-norm cannot learn from; or pictures of one person alone.
    """
    if plan.model["batch_size"] < 2:
        raise FacetrialError(f"model.batch_size must be at least 2, found {plan.model['batch_size']}.")
    with file_lock(plan.path):
        return _train(plan.but(data=plan.data | {"batch_size": plan.model["batch_size"]}))


def _train(plan: RecognizerPlan) -> dict[str, float]:
    seed_everything(plan.seed, workers=True, verbose=False)
    check_writable(plan.path.parent)
    epochs = _epochs(plan)
    _check_slopes(plan, epochs)
    plan.make_data().check_source()  # before weights are fetched
    start = _start(plan, epochs)  # before the data are read: a mistake in it shows at once
    datamodule = plan.make_training_data()
    if len(datamodule.names) < 2:
        raise FacetrialError(
            f"all pictures are of {datamodule.names[0]}, and a recogniser tells people apart. Give pictures of another "
            "person too."
        )
    seed_everything(plan.seed, workers=True, verbose=False)  # whatever the data had to compute first
    recognizer = plan.make_recognizer(start.embedder, datamodule.names, epochs, start.known_before)
    trainer, seconds = _fit(plan, recognizer, datamodule, epochs)
    if not trainer.is_global_zero:
        return {}
    victim = Victim(recognizer.embedder, recognizer.head, datamodule.names).freeze()
    metrics = _judged(victim, datamodule, plan.model["batch_size"], trainer.strategy.root_device)
    save_checkpoint(
        plan.path,
        plan.kind,
        victim.cpu().state_dict(),
        plan.recipe,
        names=list(datamodule.names),
        metrics=metrics,
        seconds=start.seconds + seconds,
    )
    shutil.rmtree(plan.partial, ignore_errors=True)
    log_training(trainer.loggers, metrics, plan.path)
    log.info("Saved %s. %s", plan.path, ", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
    return metrics


@dataclass(frozen=True)
class _Start:
    """What a training starts from.

    Attributes:
        embedder: the network.
        known_before: whether it was trained before.
        seconds: that this took here.
    """

    embedder: nn.Module
    known_before: bool
    seconds: float = 0.0


def _start(plan: RecognizerPlan, epochs: int) -> _Start:
    """The network as published, from chance, or, where a defence wants that, from the recogniser without one."""
    embedder = plan.make_embedder()
    if plan.embedder.get("weights") is not None:
        return _Start(embedder, known_before=True)
    if any(defense.from_clean for defense in plan.training_defenses.values()):
        log.info("Training with this defence starts from the recogniser without one.")
        clean = plan.undefended()
        embedder.load_state_dict(recognizer_for(clean).embedder.state_dict())
        return _Start(embedder, known_before=True, seconds=clean.load()["seconds"])
    if not epochs and "weights" in plan.embedder:
        log.warning(
            "embedder.weights is not given: %s starts from chance, and with trainer.max_epochs=0 it stays so. Give its "
            "weights (`facetrial models` lists some), or train it.",
            class_name(plan.embedder),
        )
    return _Start(embedder, known_before=False)


def _fit(
    plan: RecognizerPlan, recognizer: Recognizer, datamodule: TrainingFaces, epochs: int
) -> tuple[Trainer, float]:
    """Trains it in place, from where an earlier start was cut short; gives its trainer, and the seconds it took."""
    stopwatch = Stopwatch()
    stop = StopWhenNotFinite(plan.partial)
    trainer = plan.make_trainer(
        stopwatch,
        SeedSteps(plan.seed),
        *(callback for defense in plan.training_defenses.values() for callback in defense.callbacks()),
        stop,
        FitHead(),
        max_epochs=epochs,
    )
    try:
        going_on = training_cut_short(plan.partial)
        come_together(trainer.world_size)
        trainer.fit(recognizer, datamodule=datamodule, ckpt_path=going_on, weights_only=True)
    except Diverged as error:
        raise stop.error(str(error), trainer) from error
    return trainer, stopwatch.seconds


def _judged(
    victim: Victim, datamodule: TrainingFaces, batch_size: int, device: torch.device
) -> dict[str, float]:
    """The share of validation and of test pictures that a trained recogniser knows."""
    # The head is copied, for a device may keep it less precisely; the network need not be one that can be.
    copied = Victim(victim.embedder, copy.deepcopy(victim.head), victim.names).to(device).freeze()
    return {
        "validation/head_accuracy": accuracy(copied, datamodule.validation_faces, batch_size),
        "test/head_accuracy": accuracy(copied, datamodule.test_faces, batch_size),
    }


def _epochs(plan: RecognizerPlan) -> int:
    """How many epochs the training takes: as a defence says, else as the trainer does."""
    named = plan.training_defenses
    of_trainer = plan.trainer["max_epochs"]
    epochs = max((d.epochs for d in named.values() if d.epochs is not None), default=of_trainer)
    if epochs != of_trainer:
        log.info(
            "Training takes %d epochs, as defense=%s says by its `epochs`, not trainer.max_epochs=%d.",
            epochs,
            ",".join(named),
            of_trainer,
        )
    for name, defense in named.items():
        if 0 < epochs < defense.full_from:
            raise FacetrialError(
                f"defense.{name}.schedule comes to its full budget and share in epoch {defense.full_from}, but "
                f"training ends after {epochs}; give fewer epochs of begin, grow and spread, or a higher "
                f"{'trainer.max_epochs' if defense.epochs is None else f'defense.{name}.epochs'}."
            )
    return epochs


def _check_slopes(plan: RecognizerPlan, epochs: int) -> None:
    """Raises FacetrialError where an embedder without slopes would need some to be trained."""
    if has_slope(plan.embedder):
        return
    if epochs:
        raise FacetrialError(
            f"{class_name(plan.embedder)} answers and shows no slope, by which networks are trained: take it as it is, "
            "trainer.max_epochs=0, and leave out defences that train the network."
        )
    for name, defense in plan.training_defenses.items():
        attack = getattr(defense, "attack", None)
        if isinstance(attack, Attack) and attack.method.asks_gradient:
            raise FacetrialError(
                f"defense={name} trains against {type(attack.method).__name__}, which goes by slopes, and "
                f"{class_name(plan.embedder)} shows none. Take noise: attack@defense.{name}.attack=landmarks."
            )


def accuracy(victim: Victim, faces: FaceDataset, batch_size: int) -> float:
    """Share of pictures that the frozen `victim` recognises."""
    right = 0
    for batch in faces.batches(batch_size, device_of(victim)):
        with torch.no_grad():
            winners = victim(batch.images).argmax(1)
        right += int((winners == batch.identities).sum())
    return right / len(faces)
