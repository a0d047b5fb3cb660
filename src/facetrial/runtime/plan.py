"""How a network is made: the parts of a config that say so, as plain values, and what is the same for every network."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from hydra.utils import get_object, instantiate
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import (
    Checkpoint,
    DeviceStatsMonitor,
    LearningRateMonitor,
    ModelCheckpoint,
    ModelSummary,
    ProgressBar,
)
from omegaconf import DictConfig

from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.core.locks import file_lock
from facetrial.core.process.say_how_long import SayHowLong
from facetrial.core.provenance import data_files, data_recipe, files_known_today, users_code, what_code_does
from facetrial.runtime.checkpoints import (
    WholeCheckpoints,
    knows_code,
    load_checkpoint,
    recipe_differences,
    take_over_renamed,
)
from facetrial.runtime.loggers import make_loggers
from facetrial.runtime.started import plain

log = logging.getLogger(__name__)

Settings = dict[str, Any]  # a part of a config, plain

# Of `trainer`, what changes a network. The number of devices is left out: a trial may run on any number of them.
_TRAINER_DECIDES = (
    "max_epochs", "max_steps", "max_time", "fast_dev_run", "overfit_batches", "limit_train_batches",
    "accumulate_grad_batches", "gradient_clip_val", "gradient_clip_algorithm", "precision",
)  # fmt: skip

# Of Lightning's callbacks, those that leave a training as it is.
_WATCH = (Checkpoint, DeviceStatsMonitor, LearningRateMonitor, ModelSummary, ProgressBar)
_NO_CLUSTER = "lightning.fabric.plugins.environments.LightningEnvironment"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a network is made. Each field is the part of a config with its name; what it describes is made on asking.

    Attributes:
        data: what it learns from.
        model: the network and how it is trained.
        trainer, callbacks, logger: of the training.
        paths: where models lie.
        seed: of the training.
    """

    data: Settings
    model: Settings
    trainer: Settings
    callbacks: Settings
    logger: Settings
    paths: Settings
    seed: int

    kind: ClassVar[str]
    says: ClassVar[str]  # which settings a checkpoint may contradict, for the error

    @classmethod
    def of(cls, config: DictConfig) -> Self:
        """What the composed config of an entry point says of it."""
        return cls(**{part: plain(config[part]) for part in _parts(cls)}, seed=config.seed)

    def but(self, **changes: Any) -> Self:
        """The plan with other parts."""
        other = replace(self, **changes)
        same = all(other.data.get(key) == self.data.get(key) for key in ("_target_", "root"))
        if same and "data_files" in vars(self):
            vars(other)["data_files"] = self.data_files  # thousands of files, looked at once
        return other

    def alone(self, **trainer: Any) -> Self:
        """The plan of a training inside a trial: on one device, and without loggers, which tell of the trial."""
        # Slurm's tasks would be taken for this trainer's processes.
        outside = {"_target_": _NO_CLUSTER}
        named = [plugin for plugin in self.trainer.get("plugins") or [] if plugin != outside]
        one = {"devices": 1, "strategy": "auto", "num_nodes": 1, "plugins": [*named, outside]}
        return self.but(trainer=self.trainer | one | trainer, logger={})

    @cached_property
    def data_files(self) -> str | None:
        """The files of the data, by their names and contents."""
        return data_files(self.data)

    def data_recipe(self, *leave_out: str) -> Settings:
        """The settings of the data that decide something, and its files, wherever they lie."""
        return data_recipe(self.data, leave_out, self.data_files)

    @property
    def trainer_recipe(self) -> Settings:
        """The settings of the trainer that decide a network."""
        return {key: self.trainer[key] for key in _TRAINER_DECIDES if key in self.trainer}

    @property
    def code_parts(self) -> tuple[str, ...]:
        """The files and folders of this package that decide the network."""
        raise NotImplementedError

    def with_code(self, made_by: Settings) -> Settings:
        """A recipe with the callbacks that decide the network, and the code: ours, and the user's that it names."""
        if named := deciding_callbacks(self.callbacks):
            made_by = made_by | {"callbacks": named}
        return made_by | {"code": {"facetrial": what_code_does(*self.code_parts), **users_code(made_by)}}

    @cached_property
    def recipe(self) -> Settings:
        """All that decides the network, as plain values: what its checkpoint keeps of the config."""
        raise NotImplementedError

    def name(self) -> list[str]:
        """What its file's name tells of the recipe."""
        return [class_name(self.recipe["data"])]

    @property
    def path(self) -> Path:
        """Where the network lies: `model.checkpoint`, or a name in `paths.models` made from its recipe."""
        if self.model["checkpoint"] is not None:
            return Path(self.model["checkpoint"]).expanduser()
        name = "-".join([self.kind, *self.name(), digest(self.recipe, size=6)])
        return Path(self.paths["models"]).expanduser() / f"{name}.ckpt"

    @property
    def partial(self) -> Path:
        """The folder of a training that is not done."""
        return self.path.with_name(f"{self.path.stem}-{digest(self.recipe, size=6)}.partial")

    @contextmanager
    def where_missing(self) -> Iterator[bool]:
        """Whether the network still has to be trained, by this process alone."""
        if self.path.is_file():
            yield False
            return
        with file_lock(self.path):
            take_over_renamed(self.path, self.kind, self.recipe)
            yield not self.path.is_file()

    def load(self, mmap: bool = False) -> dict[str, Any]:
        """The content of its checkpoint.

        Args:
            mmap: whether weights are left in the file until they are looked at.

        Raises:
            FacetrialError: it cannot be read, is of another kind, or was made by another config.
        """
        content = load_checkpoint(self.path, self.kind, mmap)
        content["config"] = files_known_today(content["config"], self.recipe)
        if differences := recipe_differences(content["config"], self.recipe):
            raise FacetrialError(
                f"{self.path} was made by another config:\n  " + "\n  ".join(differences) + f"\n{self.says}"
            )
        if not knows_code(content["config"]):
            _warn_of_unknown_code(self.path)
        return content

    def make_trainer(self, *callbacks: Callback, **settings: Any) -> Trainer:
        """The Trainer of a training, which keeps its newest whole epoch in `partial`.

        Args:
            callbacks: beside those that the config names.
            settings: beside the config's.
        """
        newest = ModelCheckpoint(
            self.partial, "last", save_on_train_epoch_end=True, enable_version_counter=False
        )
        return make_trainer(
            self.trainer,
            self.callbacks,
            self.logger,
            # The newest epoch; `save_last` alone writes nothing before the training ends.
            [newest, SayHowLong(), *callbacks],
            enable_model_summary=False,
            num_sanity_val_steps=0,
            plugins=[*instantiate(self.trainer.get("plugins") or []), WholeCheckpoints()],
            **settings,
        )


def deciding_callbacks(callbacks: Settings) -> Settings:
    """Those callbacks of a config that may change what a training comes to: all but those that only watch it.

    A class of the user's says by `watches = True` that it does.
    """
    return {name: part for name, part in callbacks.items() if part and not _watches(part.get("_target_"))}


@cache
def _watches(target: str) -> bool:
    try:
        kind = get_object(target)
    except Exception:  # whoever makes it says what is wrong with it
        return False
    return isinstance(kind, type) and (issubclass(kind, _WATCH) or getattr(kind, "watches", False))


@cache  # once for each
def _warn_of_unknown_code(path: Path) -> None:
    log.warning(
        "%s does not tell which code made it: it is of 0.1, and taken for what today's code would make. Delete it to "
        "have it made again.",
        path,
    )


def make_trainer(
    trainer: Settings, callbacks: Settings, logger: Settings, more: list[Callback], **settings: Any
) -> Trainer:
    """The Trainer that parts of a config name; without progress bars where `trainer.enable_progress_bar` is false.

    Args:
        more: callbacks beside those that are named.
        settings: of Lightning's Trainer, beside `trainer`'s.
    """
    named = [part for part in instantiate(callbacks).values() if isinstance(part, Callback)]
    if not settings.get("enable_checkpointing", True):  # Lightning would refuse them
        named = [callback for callback in named if not isinstance(callback, Checkpoint)]
    if not trainer.get("enable_progress_bar", True):
        named = [callback for callback in named if not isinstance(callback, ProgressBar)]
    return instantiate(trainer, logger=make_loggers(logger) or False, callbacks=[*named, *more], **settings)


def class_name(part: Settings) -> str:
    """The name of the class that a part names, in small letters."""
    return part["_target_"].rsplit(".", 1)[-1].lower()


def _parts(plan: type[Plan]) -> list[str]:
    return [field.name for field in fields(plan) if field.name != "seed"]
