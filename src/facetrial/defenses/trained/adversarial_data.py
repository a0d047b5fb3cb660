"""Adversarial training as data: wraps any set of faces and mixes perturbed pictures into its training batches."""

import copy
import logging
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.fitted.base import Fitted
from facetrial.attacks.pairs import PairHead, TurnVerdicts
from facetrial.attacks.referee import BudgetBreach, referee
from facetrial.attacks.result import Attacked
from facetrial.core.checked_settings import checked
from facetrial.core.errors import Diverged, FacetrialError
from facetrial.core.randomness import Draws
from facetrial.core.settings import PositiveShare, Seed
from facetrial.defenses.trained.adversarial_batches import CleanAndPerturbed, Schedule, Weights
from facetrial.defenses.trained.wrapped_data import TrainingFaces, WrappedFaces
from facetrial.faces.batch import Faces
from facetrial.recognition.victim import Victim, device_of

log = logging.getLogger(__name__)


class AdversarialFaces(WrappedFaces):
    """The faces of another datamodule, some of them perturbed while they train.

    Perturbing happens on the device, after the batch has been moved there, against the recogniser as it is at that
    step. The head is fitted on every training picture as it is and on a perturbed copy of a `fraction` of them; an
    attack that asks a victim then attacks the head that was fitted on the clean ones.

    Args:
        faces: the datamodule that is wrapped; validation and test pictures stay as they are.
        attack: what perturbs.
        fraction: share of the training pictures that are perturbed, in (0, 1]; drawn anew every epoch.
        seed: of the draws.
        schedule: how perturbing begins.
        weights: of a step on pictures and their copies; None puts the perturbed ones in the place of the clean.
        against_embedding: whether the attack moves a picture's own clean embedding away, in place of its identity.
        head_only: whether the embedder trains on clean pictures, and only the head sees perturbed ones.

    Raises:
        FacetrialError: weights where only the head sees perturbed pictures.
    """

    @checked("defense.adv")
    def __init__(
        self,
        faces: TrainingFaces,
        attack: Attack,
        fraction: PositiveShare,
        seed: Seed,
        schedule: Schedule | None = None,
        weights: Weights | None = None,
        against_embedding: bool = False,
        head_only: bool = False,
    ) -> None:
        super().__init__(faces)
        if head_only and weights is not None:
            raise FacetrialError(
                "defense.adv.weights weigh the training of the embedder, which defense.adv.head_only=true leaves out; "
                "give one of both."
            )
        self.attack = attack
        self.fraction = fraction
        self.seed = seed
        self.schedule = schedule or Schedule()
        self.weights = weights
        self.against_embedding = against_embedding
        self.head_only = head_only
        self._scaled: tuple[float, Attack] | None = None

    @property
    def asks_victim(self) -> bool:
        """Whether `head_batches` needs a victim whose head was fitted on clean pictures."""
        return self.attack.method.asks_victim or self.attack.needs_fitting or self.faces.asks_victim

    @property
    def needs_fitting(self) -> bool:
        """Whether `fit_attack` has to come first; not where training goes on that was cut short."""
        mine = isinstance(self.attack.method, Fitted) and self.attack.method.fitted is None
        return mine or self.faces.needs_fitting

    def state_dict(self) -> dict[str, Any]:
        mine = {"fitted": self.attack.method.fitted} if isinstance(self.attack.method, Fitted) else {}
        return super().state_dict() | mine

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        if isinstance(self.attack.method, Fitted):
            self.attack.method.fitted = state_dict["fitted"]

    def fit_attack(self, victim: Victim) -> None:
        """Fits the attack on the training pictures."""
        self.faces.fit_attack(victim)
        if not self.attack.needs_fitting:
            return
        log.info("Fitting the attack that is trained against on %d pictures.", len(self.train_faces))
        self.attack.fit(victim, self.train_faces, self.seed)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        batch = super().on_after_batch_transfer(batch, dataloader_idx)
        if self.trainer is None or not self.trainer.training or self.head_only:
            return batch
        if isinstance(batch, CleanAndPerturbed):
            raise FacetrialError(
                "the pictures to perturb are pairs with a perturbed copy already; let what makes pairs (trades, "
                "consistent) wrap last."
            )
        module = self.trainer.lightning_module
        module.eval()
        try:
            mixed = self.mixed(batch, self.trainer.current_epoch + 1, self._training_victim(module))
        finally:
            module.train()
        return mixed if self.weights is None else CleanAndPerturbed(batch, mixed, self.weights)

    def mixed(self, batch: Faces, draw: int, victim: nn.Module | None = None) -> Faces:
        """The batch with a share of its pictures perturbed; which ones depends on (seed, picture, draw).

        Args:
            batch: training pictures.
            draw: the epoch, counted from 1.
            victim: who is attacked, in eval mode; None where the attack asks nobody.
        """
        part = self.schedule.budget(draw - 1)
        rows = self._chosen(batch, draw, self.fraction * self.schedule.share(draw - 1))
        if len(rows) == 0 or part == 0:
            return batch
        images = batch.images.clone()
        images[rows] = self._perturbed(victim, batch.select(rows), draw, part)
        return batch.with_images(images)

    def head_batches(self, victim: Victim | None = None) -> Iterator[Faces]:
        """Batches that the head is fitted on: each of the wrapped ones, followed by perturbed copies.

        Args:
            victim: with a head that was fitted on clean pictures, in eval mode; needed where `asks_victim`.
        """
        for batch in self.faces.head_batches(victim):
            yield batch
            rows = self._chosen(batch, 0, self.fraction)
            if len(rows):
                chosen = batch.select(rows)
                device = chosen.images.device if victim is None else device_of(victim)
                attacked = self._attacked(self.attack, victim, chosen.to(device), 0)
                yield chosen.with_images(attacked.images.cpu())

    def _perturbed(self, victim: nn.Module | None, chosen: Faces, draw: int, part: float) -> torch.Tensor:
        attack = self.attack
        if part < 1:
            if self._scaled is None or self._scaled[0] != part:
                scaled = copy.copy(attack)
                scaled.part = part
                self._scaled = (part, scaled)
            attack = self._scaled[1]
        if self.against_embedding and isinstance(victim, Victim):
            victim, chosen = _own_embeddings(victim, chosen)
            attack = copy.copy(attack)
            attack.goal = TurnVerdicts(torch.ones_like(chosen.identities, dtype=torch.bool))
        return self._attacked(attack, victim, chosen, draw).images

    def _attacked(self, attack: Attack, victim: nn.Module | None, chosen: Faces, draw: int) -> Attacked:
        files = [self.train_faces.files[i] for i in chosen.indices.tolist()]
        attacked = attack(victim, chosen, self.seed, draw, files)
        try:
            referee(
                chosen.images,
                attacked.images,
                attacked.region,
                attack.budget.norm,
                attack.budget.limit,
                files,
            )
        except BudgetBreach as error:
            raise FacetrialError(
                f"the attack that is trained against broke its own rules: {error} Training stopped."
            ) from error
        return attacked

    def _training_victim(self, module: Any) -> Victim | None:
        return module.as_victim(self.names) if self.attack.method.asks_victim else None

    def _chosen(self, batch: Faces, draw: int, fraction: float) -> torch.Tensor:
        chance = Draws(self.seed, batch.pictures, draw).uniform((1,), "which are perturbed")[:, 0]
        return (chance < fraction).nonzero()[:, 0]


def _own_embeddings(victim: Victim, chosen: Faces) -> tuple[Victim, Faces]:
    """A victim that scores how near each of B pictures is to itself as it is, and the pictures with their numbers.

    Each picture has a column that minds no other's, so that what becomes of it does not hang on its batch. No
    similarity is low enough to be taken for another person's: every step is made use of.
    """
    with torch.no_grad():
        own = victim.embedder(chosen.images).float()
    lengths = own.norm(dim=1)
    if not (lengths.isfinite() & (lengths > 0)).all():
        raise Diverged("the embeddings of pictures to perturb became infinite or zero")
    others = torch.cat([own, own[:1]])  # one more, for a batch of one
    head = PairHead(others, torch.full_like(others[:, 0], -1.0))
    known = Victim(victim.embedder, head, [str(row) for row in range(len(others))])
    identities = torch.arange(len(chosen), device=chosen.images.device)
    return known.eval(), Faces(**(vars(chosen) | {"identities": identities}))
