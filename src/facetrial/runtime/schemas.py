"""The settings of those parts of a config that name no constructor, or give it more than it takes.

All others are in the signature of what `_target_` names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from lightning.pytorch.strategies import StrategyRegistry
from pydantic import AfterValidator

from facetrial.core.settings import (
    Count,
    ExistingFile,
    FileOrName,
    Given,
    Keys,
    NotNegative,
    Positive,
    Seed,
    Share,
    Unit,
    whole,
)


def _is_strategy(name: str) -> str:
    known = ["auto", *StrategyRegistry.available_strategies()]
    if name not in known:
        raise ValueError(f"Lightning has no strategy {name!r}; there are {', '.join(known)}")
    return name


class Part:
    """What a `_target_` makes."""


Parts = Mapping[str, Part]
PartsOrNone = Mapping[str, Part | None]  # of which one is left out by null
Side = Annotated[int, whole(8), Unit("pixels")]
Privacy = Literal["off", "on"]
AlignmentName = Literal["facenet", "five_points"]


@dataclass
class Paths:
    models: str
    cache: str


@dataclass
class Embedder:
    """Of every embedder, for those who cut its faces."""

    size: Side
    alignment: AlignmentName


@dataclass
class Optimizer:
    lr: Positive
    weight_decay: NotNegative


@dataclass
class Model:
    """Either network, and how it is trained."""

    checkpoint: str | None
    max_epochs: Annotated[int, whole(0), Unit("epochs")]
    optimizer: Annotated[Any, Keys(Optimizer)]
    plan: Part
    train: Part


@dataclass
class Recognizer(Model):
    trainable: Sequence[str] | None
    start_from_means: bool
    batch_size: Annotated[int, whole(2), Unit("pictures")]
    head: Part
    loss: Annotated[Part, Given("dimension", "num_classes")]


@dataclass
class LandmarkModel(Model):
    network: Part
    augmentation: Part


@dataclass
class KnownRecognizer(Recognizer):
    """One that a trial is held with: a checkpoint that is named must be there."""

    checkpoint: ExistingFile | None


@dataclass
class KnownLandmarkModel(LandmarkModel):
    """One that a trial is held with, likewise."""

    checkpoint: ExistingFile | None


@dataclass
class Landmarks:
    model: Annotated[Any, Keys(KnownLandmarkModel)]


@dataclass
class Trainer:
    """Of Lightning's Trainer, what this project has a say in; its other settings are as Lightning has them."""

    max_epochs: Annotated[int, whole(0), Unit("epochs")]
    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps"]
    devices: Count | Literal["auto"] | Sequence[Annotated[int, whole(0)]]
    strategy: Annotated[str, AfterValidator(_is_strategy)]
    num_nodes: Count
    precision: Annotated[
        Literal["32-true", "bf16-mixed", "16-mixed"], Unit("mixed precision trains; verdicts stay in float32")
    ]
    log_every_n_steps: Annotated[int, whole(0), Unit("steps")]
    enable_progress_bar: bool
    gradient_clip_val: Positive | None
    accumulate_grad_batches: Count
    default_root_dir: str


@dataclass
class Attack:
    surrogate: str | None


@dataclass
class Surrogate:
    weights: FileOrName | None


@dataclass
class Gate:
    """What a pipeline asks of a trial."""

    min_robust: Share | None
    trusted: bool


@dataclass
class Training:
    """The whole config of train.py, which trains a recogniser."""

    paths: Annotated[Any, Keys(Paths)]
    embedder: Annotated[Any, Keys(Embedder, beyond=True)]
    model: Annotated[Any, Keys(Recognizer)]
    landmarks: Annotated[Any, Keys(Landmarks)]
    data: Part
    defense: Parts
    trainer: Annotated[Any, Keys(Trainer)]
    logger: PartsOrNone
    callbacks: PartsOrNone
    seed: Seed
    privacy: Privacy


@dataclass
class TrainingLandmarks(Training):
    """The same with model=landmarks."""

    model: Annotated[Any, Keys(LandmarkModel)]


@dataclass
class Evaluating(Training):
    """The whole config of evaluate.py."""

    model: Annotated[Any, Keys(KnownRecognizer)]
    attack: Annotated[Any, Keys(Attack)]
    goal: Part | None
    certificate: Part | None
    calibration: Part | None
    checks: Parts
    physical: Part | None
    task: Part
    surrogate: Annotated[Any, Keys(Surrogate)]
    gate: Annotated[Any, Keys(Gate)]
    save_images: bool
    resume: bool
    noise_level: Mapping[str, Any]
