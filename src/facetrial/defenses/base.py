"""What a defence may do. Config group `defense`: several compose, in the order in which they are named."""

from lightning import Callback
from torch import nn

from facetrial.defenses.trained.wrapped_data import TrainingFaces
from facetrial.faces.batch import FaceDataset


class Defense:
    """Base of defences; each overrides what it needs.

    Attributes:
        trains: whether it changes what recogniser and head are trained on. A recogniser is trained without the
            defences that do not.
        needs_landmarks: whether the training pictures need landmarks.
        all_layers: whether it wants every block of the embedder trained.
        from_clean: whether its training starts from the recogniser that is trained without it.
        epochs: of training where it trains, in the place of `trainer.max_epochs`; None leaves it at that.
        place_in_training: where it stands among those that train: one that has a higher place is named later, since it
            leaves what those of a lower place cannot work on. 0 perturbs pictures, 1 pairs each with a perturbed copy,
            2 leaves [0, 1].
        full_from: epochs of training until it works at its full size, that one counted.
        outermost: whether nothing may stand in front of it, so that it has to be named first.
        smooths: whether it votes on noisy copies of the picture, with noise of the `sigma` that its config gives.
        detects: whether it flags pictures rather than change them; it is named before all that do not.
    """

    trains = False
    needs_landmarks = False
    all_layers = False
    from_clean = False
    epochs: int | None = None
    place_in_training = 0
    full_from = 1
    outermost = False
    smooths = False
    detects = False

    def wrap_data(self, faces: TrainingFaces) -> TrainingFaces:
        """The datamodule to train on in place of `faces`."""
        return faces

    def callbacks(self) -> list[Callback]:
        """What is to be called during training."""
        return []

    def wrap_victim(self, victim: nn.Module, faces: FaceDataset | None = None) -> nn.Module:
        """What stands trial in place of `victim`.

        Args:
            victim: identity scores (B, C) from images, in eval mode.
            faces: clean pictures for a defence that has to look at some: held out of training and of the trial.
        """
        return victim
