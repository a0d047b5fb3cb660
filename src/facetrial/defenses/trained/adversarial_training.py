"""Training on perturbed pictures: the study's defence, and what the field made of it."""

from collections.abc import Mapping
from typing import Annotated

from lightning import Callback

from facetrial.attacks.attack import Attack
from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Keys, PositiveShare, Seed, ShareBelowOne, Unit, whole
from facetrial.defenses.base import Defense
from facetrial.defenses.trained.adversarial_batches import Schedule, Weights
from facetrial.defenses.trained.adversarial_data import AdversarialFaces
from facetrial.defenses.trained.averaging import Averaging
from facetrial.defenses.trained.overfitting_guard import OverfittingGuard
from facetrial.defenses.trained.wrapped_data import TrainingFaces


class AdversarialTraining(Defense):
    """Mixes perturbed pictures into those that recogniser and head are trained on.

    With random noise it is the study's defence. With projected gradients on every picture it is that of Madry et al.
    ("Towards deep learning models resistant to adversarial attacks", ICLR 2018), with one step from a random start
    that of Wong et al. ("Fast is better than free", ICLR 2020); with weights (1, 0, b) against the embedding TRADES
    (Zhang et al., ICML 2019) on embeddings.

    Args:
        attack: what perturbs.
        fraction: share of the training pictures that are perturbed.
        seed: of the draws. A picture's noise depends on the picture too, so that no test picture meets noise
            that was trained on.
        schedule: `begin`, `grow` and `spread`, in epochs: see `Schedule`.
        weights: `clean`, `perturbed` and `consistency`: see `Weights`; None puts perturbed pictures in the place of
            the clean.
        against_embedding: whether the attack moves a picture's embedding, in place of its identity.
        head_only: whether only the head sees perturbed pictures, not the embedder.
        all_layers: whether every block of the embedder is trained, unless `model.trainable` names some.
        from_clean: whether training starts from the recogniser that is trained without this defence, where the
            embedder has no published weights.
        epochs: of training, in the place of `trainer.max_epochs`; None leaves it at that.
        guard: stops a training that overfits to its own attack; None goes without.
        averaging: what of the running mean of the weights stays at each step, the rest coming from the weights as they
            are; the mean is kept (Izmailov et al., UAI 2018; Rebuffi et al., NeurIPS 2021). None keeps the last.

    Raises:
        FacetrialError: a guard and an averaging, for the guard goes by the weights as they are.
    """

    trains = True

    @checked("defense.adv")
    def __init__(
        self,
        attack: Attack,
        fraction: Annotated[PositiveShare, Unit("of the training pictures")],
        seed: Seed,
        schedule: Annotated[Mapping[str, int], Keys(Schedule)] | None = None,
        weights: Annotated[Mapping[str, float], Keys(Weights)] | None = None,
        against_embedding: bool = False,
        head_only: bool = False,
        all_layers: bool = False,
        from_clean: bool = False,
        epochs: Annotated[int, whole(0), Unit("epochs")] | None = None,
        guard: OverfittingGuard | None = None,
        averaging: Annotated[ShareBelowOne, Unit("a step")] | None = None,
    ) -> None:
        if guard is not None and averaging is not None:
            raise FacetrialError(
                "defense.adv.guard judges the weights as they are, and defense.adv.averaging keeps their mean; give "
                "one of both."
            )
        self.attack = attack
        self.fraction = fraction
        self.seed = seed
        self.schedule = Schedule(**(schedule or {}))
        self.weights = None if weights is None else Weights(**weights)
        self.against_embedding = against_embedding
        self.head_only = head_only
        self.all_layers = all_layers
        self.from_clean = from_clean
        self.epochs = epochs
        self.guard = guard
        self.averaging = averaging
        self.place_in_training = 0 if weights is None else 1
        self.full_from = 1 if head_only else self.schedule.epochs
        self.needs_landmarks = attack.needs_landmarks

    def wrap_data(self, faces: TrainingFaces) -> TrainingFaces:
        return AdversarialFaces(
            faces,
            self.attack,
            self.fraction,
            self.seed,
            self.schedule,
            self.weights,
            self.against_embedding,
            self.head_only,
        )

    def callbacks(self) -> list[Callback]:
        averaging: list[Callback] = [] if self.averaging is None else [Averaging(decay=self.averaging)]
        return averaging + ([] if self.guard is None else [self.guard])
