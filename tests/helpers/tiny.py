"""People of plain colours, and a config that trains on them within seconds."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir
from lightning import Callback, LightningModule, Trainer
from omegaconf import DictConfig

from facetrial.data.datamodule import FacesDataModule
from facetrial.faces.batch import FaceDataset
from facetrial.training.plan import RecognizerPlan
from tests.helpers.paths import ROOT


class ColouredPeople(FacesDataModule):
    """`people` colours, `pictures` noisy pictures of each."""

    def __init__(self, people: int = 3, pictures: int = 8, size: int = 32, **settings) -> None:
        super().__init__(**settings)
        self.people, self.pictures, self.size = people, pictures, size

    def load_faces(self) -> FaceDataset:
        generator = np.random.default_rng(0)
        count = self.people * self.pictures
        identities = np.repeat(np.arange(self.people), self.pictures)
        colours = generator.integers(40, 216, (self.people, 1, 1, 3))
        noise = generator.integers(-40, 40, (count, self.size, self.size, 3))
        return FaceDataset(
            pixels=(colours[identities] + noise).astype(np.uint8),
            rows=np.arange(count),
            identities=identities.astype(np.int64),
            files=[f"{who}/{picture}" for picture, who in enumerate(identities)],
            names=[f"Person {who}" for who in range(self.people)],
            landmarks=np.full((count, 15, 2), np.nan, np.float32),
            boxes=np.zeros((count, 4), np.float32),
            five_points=np.full((count, 5, 2), np.nan, np.float32),
        )


def killed_in_epoch(epoch: int, folder: Path, *overrides: str) -> None:
    """Starts the training of `tiny_plan(folder, *overrides)` in a process that dies in that epoch."""
    script = (
        "import torch\n"
        "from pathlib import Path\n"
        "from facetrial.training.train import train_recognizer\n"
        "from tests.helpers.tiny import tiny_plan\n"
        "torch.set_num_threads(1)\n"
        f"train_recognizer(tiny_plan(Path({str(folder)!r}), *{overrides!r}, '+callbacks.epochs.die_in={epoch}'))\n"
    )
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, timeout=300)
    assert killed.returncode == -signal.SIGKILL, killed.stderr


class Epochs(Callback):
    """Keeps the numbers of the epochs that were trained, the learning rate of each, and dies in one of them."""

    watches = True
    trained: tuple[int, ...] = ()
    rates: tuple[float, ...] = ()

    def __init__(self, die_in: int | None = None) -> None:
        self.die_in = die_in
        Epochs.trained = Epochs.rates = ()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.current_epoch == self.die_in:
            os.kill(os.getpid(), signal.SIGKILL)
        Epochs.trained += (trainer.current_epoch,)
        Epochs.rates += (trainer.optimizers[0].param_groups[0]["lr"],)


SMALL = ("embedder=small", "embedder.size=32", "embedder.channels=4", "embedder.dimension=8")


def tiny_config(folder: Path, *overrides: str, embedder: tuple[str, ...] = SMALL) -> DictConfig:
    """The config of `python train.py` with a small embedder on coloured people; models go to `folder`."""
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose(
            "train",
            [
                "data._target_=tests.helpers.tiny.ColouredPeople",
                "data.people=3",
                "data.pictures=8",
                "~data.pictures_min",
                "~data.people_seed",
                *embedder,
                "model.batch_size=4",
                "model.optimizer.lr=0.01",
                "landmarks=labels",
                "logger=none",
                "callbacks=none",
                "trainer.accelerator=cpu",
                "trainer.enable_progress_bar=false",
                f"trainer.default_root_dir={folder}",
                "trainer.max_epochs=2",
                f"paths.models={folder / 'models'}",
                *overrides,
            ],
        )


def tiny_plan(folder: Path, *overrides: str, embedder: tuple[str, ...] = SMALL) -> RecognizerPlan:
    """How the recogniser of `tiny_config` is made."""
    return RecognizerPlan.of(tiny_config(folder, *overrides, embedder=embedder))
