"""Training the landmark network: what `python train.py model=landmarks` does."""

import logging
import shutil
from pathlib import Path

import numpy as np
from hydra.utils import instantiate
from lightning import seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from omegaconf import DictConfig, OmegaConf

from facetrial.core.errors import FacetrialError
from facetrial.core.files import check_writable
from facetrial.core.locks import file_lock
from facetrial.core.provenance import data_recipe, digest, trainer_recipe, without
from facetrial.core.seeding import SeedSteps
from facetrial.data.datamodule import FacesDataModule
from facetrial.data.framed import FramedFaces, FramesDataModule
from facetrial.landmarks.kaggle_report import find_all, score, write_outcome
from facetrial.landmarks.lightning_module import LandmarkRegressor
from facetrial.runtime.callbacks import callbacks_of
from facetrial.runtime.checkpoints import save_checkpoint, training_cut_short
from facetrial.runtime.loggers import log_training

log = logging.getLogger(__name__)

KIND = "landmarks"
# Of `data`, what does not change a trained network.
_NOT_IN_TRAINING = ("limit", "cache")
_NOT_IN_MODEL = ("checkpoint", "train", "max_epochs")


def recipe(config: DictConfig) -> dict:
    """All that decides a trained landmark network, as plain values: what its checkpoint keeps of the config.

    Args:
        config: with `data`, `model`, `trainer` and `seed`.
    """
    data, model = (OmegaConf.to_container(config[part], resolve=True) for part in ("data", "model"))
    return {
        "data": data_recipe(data, _NOT_IN_TRAINING),
        "model": without(model, _NOT_IN_MODEL),
        "trainer": trainer_recipe(config),
        "seed": config.seed,
    }


def checkpoint_path(config: DictConfig) -> Path:
    """Where the network lies: `model.checkpoint`, or a name in `paths.models` made from its recipe."""
    if config.model.checkpoint is not None:
        return Path(config.model.checkpoint).expanduser()
    made_by = recipe(config)
    data = made_by["data"]["_target_"].rsplit(".", 1)[-1].lower()
    return Path(config.paths.models).expanduser() / f"{KIND}-{data}-{digest(made_by)}.ckpt"


def train_landmarks(config: DictConfig) -> dict[str, float]:
    """Trains the network that `config` describes and saves it where `checkpoint_path` says.

    Into the run folder go `landmarks.json` (RMSE in pixels at 96x96, overall and per point, with n),
    `landmarks.png` (validation faces) and, where the data has test pictures, `submission.csv` for Kaggle. A
    training that was cut short goes on from its last whole epoch.

    Returns:
        RMSE on validation faces, overall and per point.
    """
    if config.trainer.max_epochs < 1:
        raise FacetrialError(
            f"trainer.max_epochs must be at least 1 for model=landmarks, found {config.trainer.max_epochs}: there is "
            "nothing to transfer."
        )
    with file_lock(checkpoint_path(config)):
        return _train(config)


def _train(config: DictConfig) -> dict[str, float]:
    seed_everything(config.seed, workers=True, verbose=False)
    path = checkpoint_path(config)
    check_writable(path.parent)
    datamodule = frames_of(instantiate(config.data))
    datamodule.setup()
    seed_everything(config.seed, workers=True, verbose=False)  # whatever the data had to compute first
    regressor = LandmarkRegressor(
        network=instantiate(config.model.network),
        augmentation=instantiate(config.model.augmentation),
        optimizer=instantiate(config.model.optimizer),
    )
    made_by = recipe(config)
    partial = path.with_name(f"{path.stem}-{digest(made_by)}.partial")
    trainer = instantiate(
        config.trainer,
        logger=list(instantiate(config.logger).values()) or False,
        callbacks=[
            *callbacks_of(config),
            SeedSteps(config.seed),
            ModelCheckpoint(partial, "last", save_on_train_epoch_end=True, enable_version_counter=False),
        ],
        enable_model_summary=False,
        num_sanity_val_steps=0,
        gradient_clip_val=5.0,
        check_val_every_n_epoch=max(1, config.trainer.max_epochs // 20),
    )
    trainer.fit(regressor, datamodule=datamodule, ckpt_path=training_cut_short(partial), weights_only=True)
    network = regressor.averaged.eval()
    if not trainer.is_global_zero:
        return {}
    found = find_all(network, datamodule.validation_frames)
    scores = score(found, datamodule.validation_frames)
    metrics = {name: values["rmse"] for name, values in scores.items()}
    save_checkpoint(path, KIND, network.state_dict(), made_by, metrics=metrics)
    shutil.rmtree(partial, ignore_errors=True)
    log.info("Saved %s. RMSE on %d validation points %.3f pixels.", path, scores["all"]["n"], metrics["all"])
    write_outcome(Path(trainer.default_root_dir), datamodule, network, found, scores)
    figures = {f"validation/rmse/{name}": value for name, value in metrics.items()}
    log_training(trainer.loggers, figures, path)
    return figures


def frames_of(data: FramesDataModule | FacesDataModule) -> FramesDataModule:
    """Frames to train on: those of the keypoints, or faces with labels cut to frames."""
    if isinstance(data, FramesDataModule):
        return data
    if isinstance(data, FacesDataModule) and np.isfinite(data.all_faces.landmarks).any():
        return FramedFaces(data)
    raise FacetrialError(
        f"the landmark network learns from labelled faces, and {type(data).__name__} has no labels; give "
        "data=keypoints or data=synthetic."
    )
