"""How a recogniser is made, as a config describes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import torch
from hydra.utils import instantiate
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.core.provenance import data_recipe, file_content, targets_in, without
from facetrial.data.datamodule import FacesDataModule
from facetrial.data.kept_faces import faces_of, faces_or_kept
from facetrial.defenses.base import Defense
from facetrial.defenses.build import check_defenses
from facetrial.defenses.trained.wrapped_data import TrainingFaces
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.embedders.factory import deciding, make_embedder, own_content
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.svm_head import SVMHead
from facetrial.recognition.victim import Victim
from facetrial.runtime.checkpoints import knows_code
from facetrial.runtime.plan import Plan, Settings, class_name, deciding_callbacks
from facetrial.training.lightning_module import Recognizer

# Of `data`, what does not change a trained recogniser; training has a batch size of its own, `model.batch_size`.
_NOT_IN_TRAINING = ("limit", "cache", "batch_size", "on_bad_picture")
# Of this package, what every recogniser comes from; what defences train it with; what finds landmarks for these.
_TRAINS = (
    "core/randomness.py", "core/seeding.py", "data/datamodule.py", "data/lfw.py", "data/people_folder.py",
    "data/photos", "data/rendering", "data/splits.py", "data/synthetic.py", "faces/batch.py", "faces/frames.py",
    "faces/saved_again.py", "recognition/embedders", "recognition/enrolment.py", "recognition/gallery_head.py",
    "recognition/scores_head.py", "recognition/svm_head.py", "training",
)  # fmt: skip
_TRAINS_DEFENDED = (
    "attacks",
    "core/exact_sums.py",
    "defenses",
    "faces/head.py",
    "faces/landmark_names.py",
    "recognition",
    "regions",
)
_FINDS_LANDMARKS = ("data", "landmarks")
# Of `landmarks`, what does not change them.
_NOT_IN_LANDMARKS = ("cache", "paths", "trainer", "callbacks", "_recursive_", "_convert_")


@dataclass(frozen=True, kw_only=True)
class RecognizerPlan(Plan):
    """How a recogniser is made.

    Attributes:
        landmarks: where landmarks come from.
        embedder: the network.
        defense: by name, those that train it among them.
    """

    landmarks: Settings
    embedder: Settings
    defense: Settings

    kind = "recognizer"
    says = (
        "Put the config right, or name another model.checkpoint; without one, a recogniser is trained for this "
        "config."
    )

    @cached_property
    def defenses(self) -> dict[str, Defense]:
        """All defences, in order.

        Raises:
            FacetrialError: they cannot stand together.
        """
        return check_defenses(dict(instantiate(self.defense)))

    @property
    def training_defenses(self) -> dict[str, Defense]:
        """Those that train the recogniser."""
        return {name: defense for name, defense in self.defenses.items() if defense.trains}

    @property
    def defenses_in_front(self) -> dict[str, Defense]:
        """Those that stand in front of the recogniser."""
        return {name: defense for name, defense in self.defenses.items() if not defense.trains}

    @property
    def trains(self) -> bool:
        """Whether the embedder is trained on the data, and not only the head fitted."""
        return self.trainer["max_epochs"] != 0 or bool(self.training_defenses)

    @cached_property
    def recipe(self) -> Settings:
        embedder = deciding(self.embedder)
        if "weights" in embedder:
            embedder["weights"] = file_content(embedder["weights"])
        if (content := own_content(self.embedder)) is not None:
            embedder["content"] = content
        trains = self.training_defenses
        made_by = {
            "data": self.data_recipe(*_NOT_IN_TRAINING),
            "embedder": embedder,
            "model": without(self.model, ("checkpoint", "train", "plan", "max_epochs")),
            "defense": {name: self.defense[name] for name in trains},
            "trainer": self.trainer_recipe,
            "seed": self.seed,
        }
        if any(defense.needs_landmarks for defense in trains.values()):
            made_by["landmarks"] = self.landmarks_recipe
        return self.with_code(made_by)

    @property
    def code_parts(self) -> tuple[str, ...]:
        trains = self.training_defenses.values()
        by_landmarks = any(defense.needs_landmarks for defense in trains)
        return (*_TRAINS, *(_TRAINS_DEFENDED if trains else ()), *(_FINDS_LANDMARKS if by_landmarks else ()))

    @property
    def all_own(self) -> bool:
        """Whether the recogniser and what defends it are made by this package and torch alone."""
        named = targets_in([self.embedder, without(self.model, ("train", "plan")), self.defense])
        return all(target.startswith(("facetrial.", "torch.")) for target in named)

    @cached_property
    def landmarks_recipe(self) -> Settings:
        """All that decides the landmarks that are found, as plain values."""
        source = self.landmarks
        made_by = without(source, _NOT_IN_LANDMARKS)
        if "checkpoint" in source:
            made_by["checkpoint"] = file_content(source["checkpoint"])
        if "data" in source:
            made_by["data"] = data_recipe(source["data"], ("limit", "cache"))
        if "model" in source:
            made_by["model"] = without(source["model"], ("checkpoint", "train", "plan"))
        if named := deciding_callbacks(source.get("callbacks") or {}):
            made_by["callbacks"] = named
        return made_by

    def name(self) -> list[str]:
        return [*super().name(), class_name(self.embedder), "+".join(self.recipe["defense"]) or "none"]

    def undefended(self) -> Self:
        """The plan of the same recogniser without any defence."""
        return self.but(defense={}, model=self.model | {"checkpoint": None})

    def make_embedder(self, pretrained: bool = True) -> nn.Module:
        """The embedder, with its published weights unless a checkpoint brings others."""
        # Convolutions run up to twice as fast with channels last.
        return make_embedder(self.embedder, pretrained).to(memory_format=torch.channels_last)

    def make_head(self) -> SVMHead | GalleryHead:
        """The head, not fitted."""
        return instantiate(self.model["head"])

    def make_data(self) -> FacesDataModule:
        """The data, not set up."""
        return faces_of(self.data)

    def find_landmarks(self, faces: FaceDataset) -> None:
        """Fills in landmarks, found by the source that `landmarks` names."""
        faces.landmarks = instantiate(self.landmarks).find(faces)

    def make_faces(self, with_landmarks: bool = False) -> FacesDataModule:
        """The clean faces, set up.

        Args:
            with_landmarks: whether landmarks are filled in.
        """
        faces = faces_or_kept(self.data, lambda: self.data_files, self.make_data)
        if with_landmarks:
            self.find_landmarks(faces.all_faces)
        faces.setup()
        return faces

    def make_training_data(self) -> TrainingFaces:
        """The faces to train on: the clean ones, wrapped in order by every defence that trains."""
        defenses = self.training_defenses.values()
        datamodule: TrainingFaces = self.make_faces(any(defense.needs_landmarks for defense in defenses))
        for defense in defenses:
            datamodule = defense.wrap_data(datamodule)
        return datamodule

    def make_recognizer(
        self, embedder: nn.Module, people: Sequence[str], epochs: int, known_before: bool
    ) -> Recognizer:
        """What is trained.

        Args:
            embedder: to go on from.
            people: names of those it learns to tell apart.
            epochs: of the training.
            known_before: whether the embedder was trained before.
        """
        trainable = self.model["trainable"]
        if trainable is None:
            all_layers = any(defense.all_layers for defense in self.training_defenses.values())
            trainable = ("",) if all_layers else embedder.last_blocks
        return Recognizer(
            embedder=embedder,
            head=self.make_head(),
            loss=instantiate(self.model["loss"], dimension=embedder.dimension, num_classes=len(people)),
            optimizer=instantiate(self.model["optimizer"]),
            trainable=list(trainable),
            epochs=epochs,
            start_from_means=known_before and self.model["start_from_means"],
        )

    @property
    def accuracy_before(self) -> float | None:
        """The accuracy on test pictures that its checkpoint remembers; None where there is no checkpoint."""
        if not self.path.is_file():
            return None
        return self.load(mmap=True).get("metrics", {}).get("test/head_accuracy")

    @property
    def code_known(self) -> bool:
        """Whether its checkpoint tells which code made it; so too where there is no checkpoint."""
        return not self.path.is_file() or knows_code(self.load(mmap=True)["config"])

    def load_victim(self) -> Victim:
        """The recogniser in its checkpoint.

        Raises:
            FacetrialError: the checkpoint cannot be read, or was made by another config.
        """
        content = self.load()
        return victim_of(content, self.make_embedder(pretrained=False), self.make_head(), self.path)


def victim_of(content: dict, embedder: nn.Module, head: nn.Module, path: Path) -> Victim:
    """What a checkpoint says, in networks that have not learned anything yet.

    Raises:
        FacetrialError: it does not fit them.
    """
    try:
        embedder.load_state_dict(_below(content["state"], "embedder."))
        head.load_state_dict(_below(content["state"], "head."))
    except RuntimeError as error:
        raise FacetrialError(f"{path} does not fit {type(embedder).__name__}: {error}") from error
    return Victim(embedder, head, content["names"])


def _below(state: dict, prefix: str) -> dict:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
