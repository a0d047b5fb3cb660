"""The attack: where x how much x how."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facetrial.attacks.budgets import Budget
from facetrial.attacks.methods import Method, Problem
from facetrial.data.faces import Faces, check_images
from facetrial.landmarks.regions import Region
from facetrial.randomness import Draws


@dataclass
class Attacked:
    """The result of an attack on B pictures, in their order.

    Attributes:
        images: float32 (B, 3, H, W) in [0, 1]; a picture that is not attackable is unchanged.
        region: (B, 1, H, W), where changes were allowed.
        attackable: (B,) bool, whether the region holds any pixel of the picture.
        reached: (B,) bool, whether the change reaches the budget's size.
        queries: int64 (B,), pictures shown to the victim.
        steps: int64 (B,), gradient steps.
    """

    images: Tensor
    region: Tensor
    attackable: Tensor
    reached: Tensor
    queries: Tensor
    steps: Tensor


class Attack:
    """A region, a budget and a method, put together.

    Args:
        region: where.
        budget: how much.
        method: how.
    """

    def __init__(self, region: Region, budget: Budget, method: Method) -> None:
        self.region = region
        self.budget = budget
        self.method = method

    @property
    def needs_landmarks(self) -> bool:
        return self.region.needs_landmarks

    def __call__(self, victim: nn.Module | None, faces: Faces, seed: int, draw: int = 0) -> Attacked:
        """Attacks a batch on the device it lies on.

        Args:
            victim: identity scores (B, C) from images, in eval mode.
            faces: the batch; images in [0, 1].
            seed: what is drawn depends on (seed, picture, draw) only.
            draw: which draw: an epoch in training, 0 in a trial.

        Raises:
            FacetrialError: images that are not float32 (B, 3, H, W) in [0, 1].
        """
        images = check_images(faces.images)
        draws = Draws(seed, faces.pictures, draw)
        region = self.region(faces.landmarks, *images.shape[-2:], draws)
        attackable = region.flatten(1).amax(1) > 0
        attacked = Attacked(
            images=images.clone(),
            region=region,
            attackable=attackable,
            reached=torch.zeros_like(attackable),
            queries=torch.zeros_like(faces.identities),
            steps=torch.zeros_like(faces.identities),
        )
        rows = attackable.nonzero()[:, 0]
        if len(rows) == 0:
            return attacked
        found = self.method(
            Problem(
                victim=victim,
                images=images[rows],
                identities=faces.identities[rows],
                region=region[rows],
                budget=self.budget,
                draws=Draws(seed, faces.pictures[rows], draw),
            )
        )
        attacked.images[rows] = found.images
        attacked.reached[rows] = found.reached
        attacked.queries[rows] = found.queries
        attacked.steps[rows] = found.steps
        return attacked
