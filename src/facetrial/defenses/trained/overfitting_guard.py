"""A guard against catastrophic overfitting: training that resists its own attack and nothing else."""

import logging
from typing import Annotated, Any

import torch
from lightning import Callback, LightningModule, Trainer

from facetrial.attacks.attack import Attack
from facetrial.core.checked_settings import checked
from facetrial.core.settings import Count, InsideShare, Seed, Unit
from facetrial.data.splits import evenly_over_people
from facetrial.defenses.trained.wrapped_data import training_faces
from facetrial.recognition.layers import scores_of

log = logging.getLogger(__name__)

_KEPT = ("best", "best_epoch", "kept", "stopped")  # of a training that is cut short


class OverfittingGuard(Callback):
    """Attacks validation pictures after every epoch, more thoroughly than training does.

    Training with a single step may come, within one epoch, to resist that step and to fall to several (Wong et al.,
    "Fast is better than free", ICLR 2020). When the accuracy under `attack` falls below its best by more than
    `tolerance`, training stops and what was best is restored.

    Args:
        attack: of several steps, at the budget that is trained against.
        pictures: validation pictures that are attacked, evenly over people.
        tolerance: fall of the accuracy that is borne, in (0, 1).
        seed: of the attack's draws.

    Raises:
        FacetrialError: a setting outside its range.
    """

    @checked("defense.adv.guard")
    def __init__(
        self,
        attack: Attack,
        pictures: Annotated[Count, Unit("validation pictures")],
        tolerance: InsideShare,
        seed: Seed,
    ) -> None:
        self.attack = attack
        self.pictures = pictures
        self.tolerance = tolerance
        self.seed = seed
        self.best = -1.0
        self.best_epoch = -1
        self.kept: dict[str, torch.Tensor] = {}
        self.stopped = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.stopped:  # and was cut short while its head was fitted
            trainer.should_stop = True

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        accuracy = self.accuracy(trainer, pl_module)
        pl_module.log("validation/attacked", accuracy)
        if accuracy >= self.best:
            self.best, self.best_epoch = accuracy, trainer.current_epoch
            self.kept = {name: value.detach().cpu().clone() for name, value in pl_module.state_dict().items()}
        elif accuracy < self.best - self.tolerance:
            log.warning(
                "In epoch %d the accuracy under a thorough attack fell from %.1f %% to %.1f %%: training overfits to "
                "its own attack. It stops, and what epoch %d left is kept.",
                trainer.current_epoch,
                100 * self.best,
                100 * accuracy,
                self.best_epoch,
            )
            pl_module.load_state_dict(self.kept)
            self.stopped = trainer.should_stop = True

    def accuracy(self, trainer: Trainer, module: Any) -> float:
        """The share of the validation pictures that the recogniser, as it is now, knows under attack."""
        data = training_faces(trainer)
        faces = data.validation_faces
        chosen = evenly_over_people(faces.identities, self.pictures, 0)
        module.eval()
        victim = module.as_victim(data.names)
        right = 0
        for part in torch.as_tensor(chosen).split(64):
            batch = faces.batch(part.numpy()).to(module.device)
            attacked = self.attack(victim, batch, self.seed).images
            right += int((scores_of(victim, attacked).argmax(1) == batch.identities).sum())
        module.train()
        return right / len(chosen)

    def state_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _KEPT}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for name in _KEPT:
            setattr(self, name, state_dict[name])
