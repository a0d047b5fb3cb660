"""Training a recogniser: what `python train.py model=recognizer` does."""

import copy
import logging
import shutil
from collections.abc import Mapping

import torch
from hydra.utils import instantiate
from lightning import seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from omegaconf import DictConfig, open_dict

from facetrial.core.errors import Diverged, FacetrialError
from facetrial.core.files import check_writable
from facetrial.core.locks import file_lock
from facetrial.core.provenance import digest
from facetrial.core.seeding import SeedSteps
from facetrial.defenses.base import Defense
from facetrial.defenses.build import build_defenses
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.victim import Victim
from facetrial.runtime.callbacks import callbacks_of
from facetrial.runtime.checkpoints import (
    load_checkpoint,
    save_checkpoint,
    take_over_renamed,
    training_cut_short,
)
from facetrial.runtime.loggers import log_training
from facetrial.training.build import build_datamodule
from facetrial.training.checkpoint import (
    KIND,
    build_embedder,
    build_head,
    checkpoint_path,
    load_recognizer,
    recipe,
)
from facetrial.training.fit_head import FitHead
from facetrial.training.lightning_module import Recognizer
from facetrial.training.stop_when_not_finite import StopWhenNotFinite
from facetrial.training.stopwatch import Stopwatch

log = logging.getLogger(__name__)


def recognizer_for(config: DictConfig) -> Victim:
    """The recogniser that `config` describes; where its checkpoint is missing it is trained first.

    Raises:
        FacetrialError: the checkpoint cannot be read, is of another kind, or was made by another config.
    """
    path = checkpoint_path(config)
    if not path.is_file():
        with file_lock(path):
            take_over_renamed(path, KIND, recipe(config))
            if not path.is_file():
                log.info("There is no recogniser at %s yet: training it first.", path)
                train_recognizer(_alone(config))
    return load_recognizer(path, config)


def _alone(config: DictConfig) -> DictConfig:
    """The config of a training inside a trial: on one device, and without loggers, which tell of the trial."""
    alone = copy.deepcopy(config)
    with open_dict(alone):
        alone.trainer.devices = 1
        alone.trainer.strategy = "auto"
        alone.trainer.num_nodes = 1
        alone.logger = {}
    return alone


def train_recognizer(config: DictConfig) -> dict[str, float]:
    """Trains the recogniser that `config` describes and saves it where `checkpoint_path` says.

    A training that was cut short goes on from its last whole epoch.

    Returns:
        Accuracy of the fitted head on validation and test pictures.

    Raises:
        FacetrialError: a batch size below 2, which batch-norm cannot learn from; what was left of a training that
            was cut short cannot be read.
    """
    if config.model.batch_size < 2:
        raise FacetrialError(f"model.batch_size must be at least 2, found {config.model.batch_size}.")
    with file_lock(checkpoint_path(config)):
        return _train(config)


def _train(config: DictConfig) -> dict[str, float]:
    config = copy.deepcopy(config)
    config.data.batch_size = config.model.batch_size
    seed_everything(config.seed, workers=True, verbose=False)
    path = checkpoint_path(config)
    check_writable(path.parent)
    embedder = build_embedder(config)  # before the data: a mistake in it shows at once
    named = {name: defense for name, defense in build_defenses(config).items() if defense.trains}
    defenses = list(named.values())
    epochs = max((d.epochs for d in defenses if d.epochs is not None), default=config.trainer.max_epochs)
    if epochs != config.trainer.max_epochs:
        log.info(
            "Training takes %d epochs, as defense=%s says by its `epochs`, not trainer.max_epochs=%d.",
            epochs,
            ",".join(named),
            config.trainer.max_epochs,
        )
    _check_schedules(named, epochs)
    known_before = config.embedder.get("weights") is not None
    seconds_before = 0.0
    if not known_before and any(defense.from_clean for defense in defenses):
        clean, seconds_before = _clean_recognizer(config)
        embedder.load_state_dict(clean.embedder.state_dict())
        known_before = True
    datamodule = build_datamodule(config)
    seed_everything(config.seed, workers=True, verbose=False)  # whatever the data had to compute first
    trainable = config.model.trainable
    if trainable is None:
        trainable = ("",) if any(defense.all_layers for defense in defenses) else embedder.last_blocks
    recognizer = Recognizer(
        embedder=embedder,
        head=build_head(config),
        loss=instantiate(config.model.loss, dimension=embedder.dimension, num_classes=len(datamodule.names)),
        optimizer=instantiate(config.model.optimizer),
        trainable=list(trainable),
        epochs=epochs,
        start_from_means=known_before and config.model.start_from_means,
    )
    made_by = recipe(config)
    config.trainer.max_epochs = epochs
    partial = path.with_name(f"{path.stem}-{digest(made_by)}.partial")
    stopwatch = Stopwatch()
    stop = StopWhenNotFinite(partial)
    trainer = instantiate(
        config.trainer,
        logger=list(instantiate(config.logger).values()) or False,
        callbacks=[
            *callbacks_of(config),
            # The newest epoch; `save_last` alone writes nothing before the training ends.
            ModelCheckpoint(partial, "last", save_on_train_epoch_end=True, enable_version_counter=False),
            stopwatch,
            SeedSteps(config.seed),
            *(callback for defense in defenses for callback in defense.callbacks()),
            stop,
            FitHead(),
        ],
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    try:
        trainer.fit(
            recognizer, datamodule=datamodule, ckpt_path=training_cut_short(partial), weights_only=True
        )
    except Diverged as error:
        raise stop.error(str(error), trainer) from error
    seconds = seconds_before + stopwatch.seconds
    victim = Victim(recognizer.embedder, recognizer.head, datamodule.names).freeze()
    judged = copy.deepcopy(victim).to(trainer.strategy.root_device)
    metrics = {
        "validation/head_accuracy": accuracy(judged, datamodule.validation_faces, config.data.batch_size),
        "test/head_accuracy": accuracy(judged, datamodule.test_faces, config.data.batch_size),
    }
    if trainer.is_global_zero:
        save_checkpoint(
            path,
            KIND,
            victim.state_dict(),
            made_by,
            names=list(datamodule.names),
            metrics=metrics,
            seconds=seconds,
        )
        shutil.rmtree(partial, ignore_errors=True)
        log_training(trainer.loggers, metrics, path)
        log.info("Saved %s. %s", path, ", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
    return metrics


def _check_schedules(defenses: Mapping[str, Defense], epochs: int) -> None:
    for name, defense in defenses.items():
        if 0 < epochs < defense.full_from:
            raise FacetrialError(
                f"defense.{name}.schedule comes to its full budget and share in epoch {defense.full_from}, but "
                f"training ends after {epochs}; give fewer epochs of begin, grow and spread, or a higher "
                f"{'trainer.max_epochs' if defense.epochs is None else f'defense.{name}.epochs'}."
            )


def _clean_recognizer(config: DictConfig) -> tuple[Victim, float]:
    """The recogniser that is trained as `config` says, but without a defence, and how many seconds that took.

    It is trained first where it is missing.
    """
    clean = copy.deepcopy(config)
    clean.data.batch_size = config.model.batch_size
    with open_dict(clean):
        clean.defense = {}
        clean.model.checkpoint = None
    log.info("Training with this defence starts from the recogniser without one.")
    recognizer = recognizer_for(clean)
    return recognizer, load_checkpoint(checkpoint_path(clean), KIND)["seconds"]


def accuracy(victim: Victim, faces: FaceDataset, batch_size: int) -> float:
    """Share of pictures that the frozen `victim` recognises."""
    device = next(victim.parameters()).device
    right = 0
    for batch in faces.batches(batch_size, device):
        with torch.no_grad():
            winners = victim(batch.images).argmax(1)
        right += int((winners == batch.identities).sum())
    return right / len(faces)
