"""Training the landmark network: what `python train.py model=landmarks` does."""

import csv
import hashlib
import io
import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from lightning import Callback, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf
from torch import Tensor, nn

from facetrial.checkpoints import save_checkpoint
from facetrial.data.frames import FramedFaces, Frames, FramesDataModule
from facetrial.data.keypoints import Keypoints, read_frames
from facetrial.data.module import FacesDataModule
from facetrial.errors import FacetrialError
from facetrial.files import written_whole
from facetrial.landmarks.finding import find_in_frames
from facetrial.landmarks.framing import FRAME_SIZE
from facetrial.landmarks.points import LANDMARK_NAMES
from facetrial.landmarks.regressor import LandmarkRegressor, rmse

log = logging.getLogger(__name__)

KIND = "landmarks"
# Of `data`, what does not change a trained network.
_NOT_IN_TRAINING = ("limit", "root", "cache")


def recipe(config: DictConfig) -> dict:
    """All that decides a trained landmark network, as plain values: what its checkpoint keeps of the config.

    Args:
        config: with `data`, `model`, `trainer` and `seed`.
    """
    plain = OmegaConf.to_container(config, resolve=True)
    return {
        "data": {key: value for key, value in plain["data"].items() if key not in _NOT_IN_TRAINING},
        "model": {
            key: value
            for key, value in plain["model"].items()
            if key not in ("checkpoint", "train", "max_epochs")
        },
        "max_epochs": plain["trainer"]["max_epochs"],
        "seed": plain["seed"],
    }


def checkpoint_path(config: DictConfig) -> Path:
    """Where the network lies: `model.checkpoint`, or a name in `paths.models` made from its recipe."""
    if config.model.checkpoint is not None:
        return Path(config.model.checkpoint).expanduser()
    made_by = recipe(config)
    digest = hashlib.blake2b(json.dumps(made_by, sort_keys=True).encode(), digest_size=6).hexdigest()
    data = made_by["data"]["_target_"].rsplit(".", 1)[-1].lower()
    return Path(config.paths.models) / f"{KIND}-{data}-{digest}.ckpt"


def train_landmarks(config: DictConfig) -> dict[str, float]:
    """Trains the network that `config` describes and saves it where `checkpoint_path` says.

    Into the run folder go `landmarks.json` (RMSE in pixels at 96x96, overall and per point, with n),
    `landmarks.png` (validation faces) and, where the data has test pictures, `submission.csv` for Kaggle. A
    training that was cut short goes on from its last whole epoch.

    Returns:
        RMSE on validation faces, overall and per point.
    """
    seed_everything(config.seed, workers=True, verbose=False)
    path = checkpoint_path(config)
    datamodule = frames_of(instantiate(config.data))
    datamodule.setup()
    epochs = config.trainer.max_epochs
    regressor = LandmarkRegressor(
        network=instantiate(config.model.network),
        augmentation=instantiate(config.model.augmentation),
        optimizer=instantiate(config.model.optimizer),
        epochs=epochs,
    )
    partial = path.with_suffix(".partial")
    trainer = instantiate(
        config.trainer,
        logger=list(instantiate(config.logger).values()) or False,
        callbacks=[
            *(c for c in instantiate(config.callbacks).values() if isinstance(c, Callback)),
            ModelCheckpoint(partial, save_last=True, save_top_k=0, enable_version_counter=False),
        ],
        enable_model_summary=False,
        num_sanity_val_steps=0,
        gradient_clip_val=5.0,
        check_val_every_n_epoch=max(1, epochs // 20),
    )
    last = partial / "last.ckpt"
    if last.is_file():
        log.info("Going on with the training that was cut short: %s", last)
    trainer.fit(
        regressor, datamodule=datamodule, ckpt_path=last if last.is_file() else None, weights_only=True
    )
    network = regressor.averaged.eval()
    found = find_all(network, datamodule.validation_frames)
    metrics = score(found, datamodule.validation_frames)
    if trainer.is_global_zero:
        save_checkpoint(
            path,
            KIND,
            network.state_dict(),
            recipe(config),
            metrics={k: v["rmse"] for k, v in metrics.items()},
        )
        shutil.rmtree(partial, ignore_errors=True)
        write_outcome(Path(HydraConfig.get().runtime.output_dir), datamodule, network, found, metrics)
        log.info("Saved %s. RMSE on validation faces %.3f pixels.", path, metrics["all"]["rmse"])
    return {f"validation/rmse/{name}": value["rmse"] for name, value in metrics.items()}


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


def find_all(network: nn.Module, frames: Frames) -> Tensor:
    """Landmarks (N, 15, 2) in all frames, by the network in eval mode."""
    device = next(network.parameters()).device
    with torch.no_grad():
        parts = [
            find_in_frames(network, part.to(device).float() / 255.0).cpu()
            for part in frames.images.split(128)
        ]
    return torch.cat(parts)


def score(found: Tensor, frames: Frames) -> dict[str, dict[str, float]]:
    """RMSE in pixels and number of labelled points, under "all" and each landmark's name."""
    errors = found - frames.landmarks
    parts = {"all": errors} | {name: errors[:, i] for i, name in enumerate(LANDMARK_NAMES)}
    return {
        name: {"rmse": float(rmse(part)), "n": int(torch.isfinite(part[..., 0]).sum())}
        for name, part in parts.items()
    }


def write_outcome(
    folder: Path, datamodule: FramesDataModule, network: nn.Module, found: Tensor, metrics: dict
) -> None:
    """Writes the figures, a picture of predictions and, where there are test pictures, the submission."""
    with written_whole(folder / "landmarks.json") as temporary:
        temporary.write_text(json.dumps({"synthetic": datamodule.synthetic, "rmse": metrics}, indent=2))
    with written_whole(folder / "landmarks.png") as temporary:
        predictions_figure(datamodule.validation_frames, found).savefig(temporary, dpi=110, format="png")
    if isinstance(datamodule, Keypoints):
        write_submission(datamodule.folder(), datamodule.cache, network, folder / "submission.csv")


def predictions_figure(frames: Frames, found: Tensor, rows: int = 4, columns: int = 8) -> Figure:
    """Faces with labelled points as circles and found ones as crosses."""
    figure = Figure(figsize=(1.5 * columns, 1.5 * rows), layout="constrained")
    for axes, index in zip(
        figure.subplots(rows, columns).flat,
        np.linspace(0, len(frames) - 1, min(rows * columns, len(frames))).astype(int),
        strict=False,
    ):
        axes.imshow(frames.images[index, 0], cmap="gray", vmin=0, vmax=255)
        axes.plot(*frames.landmarks[index].T, "o", mfc="none", mec="#56b4e9", ms=4)
        axes.plot(*found[index].T, "x", color="#e69f00", ms=3)
    for axes in figure.axes:
        axes.axis("off")
    return figure


def write_submission(folder: Path, cache: Path, network: nn.Module, path: Path) -> bool:
    """Writes Kaggle's submission for `test.csv` and `IdLookupTable.csv` in `folder`, where both are there.

    Returns:
        Whether it was written.
    """
    lookup = folder / "IdLookupTable.csv"
    if not lookup.is_file() or not any((folder / f"test.{ending}").is_file() for ending in ("csv", "zip")):
        log.info("There is no test set with IdLookupTable.csv in %s: no submission is written.", folder)
        return False
    frames = read_frames(folder, "test", cache)
    found = find_all(network, frames).clamp(0, FRAME_SIZE)
    wanted = pd.read_csv(lookup)
    point = {f"{name}_{axis}": (i, j) for i, name in enumerate(LANDMARK_NAMES) for j, axis in enumerate("xy")}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["RowId", "Location"])
    for row_id, image_id, name in zip(wanted["RowId"], wanted["ImageId"], wanted["FeatureName"], strict=True):
        landmark, axis = point[name]
        writer.writerow([row_id, f"{found[image_id - 1, landmark, axis]:.4f}"])
    with written_whole(path) as temporary:
        temporary.write_text(text.getvalue())
    return True
