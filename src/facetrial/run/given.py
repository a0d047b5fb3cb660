"""A trial of objects that somebody has made, in the place of a config."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from lightning import Trainer
from omegaconf import OmegaConf
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.surrogate import Surrogate
from facetrial.checks.base import Check
from facetrial.core.checked_settings import kept_settings
from facetrial.data.datamodule import FacesDataModule
from facetrial.data.pairs_file import Pair
from facetrial.defenses.base import Defense
from facetrial.faces.batch import FaceDataset
from facetrial.metrics.names import Chosen
from facetrial.metrics.summary import About
from facetrial.recognition.foreign import called
from facetrial.recognition.layers import base_model, layers
from facetrial.recognition.victim import Victim
from facetrial.run.context import TrialContext
from facetrial.run.origin import Origin
from facetrial.runtime.cli import quiet_lightning


class GivenTrial(TrialContext):
    """What a trial is of, as it was given: all that a `TrialContext` makes of its config.

    Args:
        victim: frozen, with the people's `names`.
        faces: set up, with landmarks where the attack goes by them.
        attack: of these pictures.
        checks: by name.
        folder: where results go.
        seed: of what the attack draws.
        batch_size: pictures attacked at a time.
        accelerator: of Lightning's Trainer: "cpu", "gpu", "auto".
        has_pages: whether a report is drawn.
        trained_on: the pictures that the victim was trained on or enrolled with; None where nobody knows.
    """

    def __init__(
        self,
        victim: nn.Module,
        faces: FacesDataModule,
        attack: Attack,
        checks: Mapping[str, Check],
        folder: Path,
        seed: int,
        batch_size: int,
        accelerator: str,
        has_pages: bool,
        trained_on: FaceDataset | None,
    ) -> None:
        self.victim, self.faces, self.attack, self.checks = victim, faces, attack, dict(checks)
        self.recognizer = cast(Victim, base_model(victim))  # or whatever else scores the people
        self.surrogate, self.goal = attack.surrogate, attack.goal
        self.folder, self.seed, self.batch_size = folder, seed, batch_size
        self.resume, self.images_folder, self.certificate, self.physical = False, None, None, None
        self.noise_level, self.has_pages, self.private = None, has_pages, False
        parts = {
            part: kept_settings(getattr(attack, part)) for part in ("region", "budget", "method", "goal")
        }
        whole = {key: value for key, value in kept_settings(attack).items() if key != "surrogate"}
        self.settings = {"attack": whole | parts}  # of parts of any class
        head = getattr(self.recognizer, "head", None)
        name = "none" if head is None else type(head).__name__.removesuffix("Head").lower()
        self.origin = Origin(head=name, trained_here=False, trained_on=trained_on)
        quiet_lightning()
        self.trainer = Trainer(
            accelerator=accelerator,
            devices=1,
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=False,
            inference_mode=False,
            default_root_dir=str(folder),
        )

    @property
    def defenses(self) -> dict[str, Any]:
        return {
            type(getattr(layer, "defense", layer)).__name__.lower(): layer for layer in layers(self.victim)
        }

    @property
    def fronts(self) -> Sequence[Defense]:
        return ()

    @property
    def region_name(self) -> str | None:
        return type(self.attack.region).__name__.lower()

    @property
    def yaml(self) -> str:
        return OmegaConf.to_yaml(OmegaConf.create(self.settings))

    def needs_landmarks(self, attack: Attack) -> bool:
        return attack.needs_landmarks

    def make_attack(self, goal: Any, surrogate: Surrogate | None = None) -> Attack:
        return self.attack

    def fingerprint(
        self, asked: list[nn.Module], with_landmarks: FaceDataset | None, pairs: Sequence[Pair] = ()
    ) -> str:
        return "given"  # nothing is taken over, so nothing has to be told apart

    def about(self, synthetic: bool) -> About:
        attack = type(self.attack.method).__name__.lower()
        defenses = tuple(self.defenses)
        return About(
            data=type(self.faces).__name__,
            synthetic=synthetic,
            limit=self.faces.limit,
            embedder=called(getattr(self.recognizer, "embedder", self.recognizer)),
            head=self.origin.head,
            attack=f"{attack} ({self.region_name})",
            defense="+".join(defenses) or "none",
            goal=self.goal.name,
            seed=self.seed,
            chosen=Chosen(attack, {"region": str(self.region_name)}, defenses, {}),
        )
