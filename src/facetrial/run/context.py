"""What a trial is of: each thing made once of the composed config, and handed on."""

import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from hydra.utils import instantiate
from lightning import Trainer
from omegaconf import DictConfig, OmegaConf
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.goals import Goal
from facetrial.attacks.surrogate import Surrogate
from facetrial.checks.base import Check
from facetrial.core.plain import to_plain
from facetrial.data.datamodule import FacesDataModule
from facetrial.data.pairs_file import Pair
from facetrial.defenses.base import Defense
from facetrial.defenses.build import defended
from facetrial.faces.batch import FaceDataset, pictures_a_batch
from facetrial.metrics.names import Chosen, defenses_name, embedder_name, head_name
from facetrial.metrics.parts import NoiseLevel
from facetrial.metrics.summary import About
from facetrial.recognition.foreign import as_victim
from facetrial.recognition.victim import Victim, device_of
from facetrial.run.fingerprint import trial_digest, trial_fingerprint
from facetrial.run.level.noise_level import at_level, check_takes_level, noise_level_of, trained_at
from facetrial.run.origin import Origin
from facetrial.run.surrogate import check_slopes, make_surrogate, surrogate_plan
from facetrial.runtime import started
from facetrial.runtime.plan import Settings, make_trainer
from facetrial.runtime.settings import check_settings
from facetrial.training.plan import RecognizerPlan
from facetrial.training.train import recognizer_for
from facetrial.trial.certificate import Certificate
from facetrial.trial.physical.resend import Sending

log = logging.getLogger(__name__)


class TrialContext:
    """What a trial is of. All else is made of the config when it is first asked for, and kept.

    Args:
        config: composed, of `evaluate.py`.
        folder: of the run.

    Attributes:
        task: what holds the trial, a function of the context.
        seed: of the trial.
        resume: whether what an earlier start left is taken over.
        images_folder: where attacked pictures are kept; None keeps none.
        private: whether no file may show a face.
        choices: the name of the config that was chosen, by group.
        overrides: the words of the command line.
        also_read: files that the trial read and its config does not name.
        has_pages: whether a report is drawn for people to look at, beside what is read again.

    Raises:
        FacetrialError: a key of `config` is unknown, or has a value that it may not have.
    """

    has_pages = True

    def __init__(self, config: DictConfig, folder: Path) -> None:
        check_settings(config)
        self.folder = folder
        self.seed: int = config.seed
        self.resume: bool = config.resume
        self.private: bool = config.privacy == "on"
        self.images_folder = folder / "images" if config.save_images else None
        self.task = instantiate(config.task)
        self.choices = dict(started.choices())
        self.overrides = started.overrides()
        self.also_read: list[Path] = []
        self._config = config
        self._asked: Settings = started.plain(config)
        self._plan_asked = RecognizerPlan.of(config)

    @cached_property
    def batch_size(self) -> int:
        """Pictures attacked at a time."""
        return self._asked["data"]["batch_size"] or pictures_a_batch(self.trainer.strategy.root_device)

    @cached_property
    def digest(self) -> str:
        """A short name for all that decides what the trial leaves; nothing is loaded for it."""
        surrogate = surrogate_plan(self._config, self._asked)
        return trial_digest(self._asked, self._plan_asked, surrogate, self.choices, self.overrides)

    @cached_property
    def noise_level(self) -> NoiseLevel | None:
        """The level that `calibration` finds, on the victim without defences; None without `calibration`."""
        if (rule := self._asked["calibration"]) is None:
            return None
        check_takes_level(self._asked["attack"])
        return noise_level_of(rule, self._plan_asked.undefended())

    @cached_property
    def settings(self) -> Settings:
        """The whole config, plain, with the noise level that was found in the attack and in adversarial training."""
        if self.noise_level is None:
            return self._asked
        rms = self.noise_level.rms
        defenses = {name: trained_at(defense, rms) for name, defense in self._asked["defense"].items()}
        return self._asked | {
            "attack": at_level(self._asked["attack"], rms),
            "defense": defenses,
            "noise_level": to_plain(self.noise_level),
        }

    @property
    def yaml(self) -> str:
        """The settings as a config file holds them."""
        return OmegaConf.to_yaml(OmegaConf.create(self.settings))

    @cached_property
    def plan(self) -> RecognizerPlan:
        """How the recogniser is made, and what defends it."""
        if self.noise_level is None:
            return self._plan_asked
        return self._plan_asked.but(defense=self.settings["defense"])

    @cached_property
    def origin(self) -> Origin:
        """Where the recogniser comes from; its checkpoint is there."""
        return Origin.of(self.plan)

    @property
    def defenses(self) -> dict[str, Defense]:
        """By name, in order; the first meets the picture first."""
        return self.plan.defenses

    @property
    def fronts(self) -> Sequence[Defense]:
        """The defences that are to stand in front of the recogniser, the outermost first."""
        return tuple(self.plan.defenses_in_front.values())

    @cached_property
    def goal(self) -> Goal:
        """What the attack is for."""
        return instantiate(self.settings["goal"])

    @property
    def region_name(self) -> str | None:
        """Of the config of the attack's region."""
        return self.choices.get("attack/region") or self.choices.get("attack/region@attack.region")

    def about(self, synthetic: bool) -> About:
        """What the trial is, of faces that are drawn or not: the names of the chosen configs."""
        chosen = Chosen.of(self.choices["attack"], self.defenses, self.overrides, self.plan.training_defenses)
        return About(
            data=self.choices["data"],
            synthetic=synthetic,
            limit=self.settings["data"]["limit"],
            embedder=embedder_name(self.choices["embedder"], self.settings["embedder"]),
            head=head_name(self.settings["model"]["head"]),
            attack=chosen.attack_name,
            defense=defenses_name(chosen.defenses),
            goal=self.choices["goal"],
            seed=self.seed,
            chosen=chosen,
        )

    def make_attack(self, goal: Goal, surrogate: Surrogate | None = None) -> Attack:
        """The attack of the config, for this goal; a FacetrialError where it goes by slopes that nobody has."""
        attack: Attack = instantiate(self.settings["attack"], goal=goal, surrogate=surrogate)
        check_slopes(attack, self.settings, self.choices)
        return attack

    @cached_property
    def attack(self) -> Attack:
        """The attack, less its surrogate: a mistake in it shows before anything is trained."""
        attack = self.make_attack(self.goal)
        if self.settings["attack"].get("surrogate") is not None:
            attack.check_takes_surrogate()
        return attack

    @cached_property
    def certificate(self) -> Certificate | None:
        """What certifies the victim; it has been checked against the defences."""
        certificate = instantiate(self.settings["certificate"]) or None
        if certificate is not None:
            certificate.check(self.defenses.values())
        return certificate

    @cached_property
    def physical(self) -> Sending | None:
        """The paths that attacked pictures are sent on."""
        return instantiate(self.settings["physical"]) or None

    @cached_property
    def checks(self) -> dict[str, Check]:
        """By name."""
        return dict(instantiate(self.settings["checks"]))

    @cached_property
    def recognizer(self) -> Victim:
        """The recogniser without defences in front of it, frozen; trained first where it is missing."""
        return recognizer_for(self.plan).freeze()

    def needs_landmarks(self, attack: Attack) -> bool:
        """Whether this attack, or a defence in front of the victim, goes by landmarks."""
        return attack.needs_landmarks or any(front.needs_landmarks for front in self.fronts)

    @cached_property
    def faces(self) -> FacesDataModule:
        """The data, with landmarks where something needs them."""
        return self.plan.make_faces(self.needs_landmarks(self.attack))

    @cached_property
    def victim(self) -> nn.Module:
        """The recogniser behind its defences, some of which ask it about held-out pictures, on the trial's device."""
        recognizer = self.recognizer.to(self.trainer.strategy.root_device)
        made = defended(recognizer, self.defenses.values(), self.faces.validation_faces)
        if not self.plan.all_own:  # which may write into what it is shown, or be in train mode
            as_victim(made, self.faces.test_faces.batch([0, -1]).images.to(device_of(made)))
        return made

    @cached_property
    def surrogate(self) -> Surrogate | None:
        """Whom the attack asks in the victim's place."""
        plan = surrogate_plan(self._config, self.settings)
        return None if plan is None else make_surrogate(plan, self.faces)

    def fingerprint(
        self, asked: list[nn.Module], with_landmarks: FaceDataset | None, pairs: Sequence[Pair] = ()
    ) -> str:
        """A short name for all that decides a picture's row; as `trial_fingerprint`."""
        return trial_fingerprint(self.settings, self.plan, asked, with_landmarks, pairs)

    @cached_property
    def trainer(self) -> Trainer:
        """The Trainer that holds the trial.

        Gradients must be possible; `RemainingFaces` shares pictures out, for Lightning's sampler would repeat some.
        """
        return make_trainer(
            self.settings["trainer"],
            self.settings["callbacks"],
            self.settings["logger"],
            [],
            default_root_dir=str(self.folder),
            enable_checkpointing=False,
            enable_model_summary=False,
            inference_mode=False,
            use_distributed_sampler=False,
        )
