"""The callbacks that a config names, as a Trainer takes them."""

from hydra.utils import instantiate
from lightning import Callback
from lightning.pytorch.callbacks import ProgressBar
from omegaconf import DictConfig


def callbacks_of(config: DictConfig) -> list[Callback]:
    """What `config.callbacks` names, in order; without progress bars where `trainer.enable_progress_bar` is false."""
    made = [part for part in instantiate(config.callbacks).values() if isinstance(part, Callback)]
    shows_progress = config.trainer.get("enable_progress_bar", True)
    return [callback for callback in made if shows_progress or not isinstance(callback, ProgressBar)]
