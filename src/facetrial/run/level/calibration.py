"""The noise level of the study's table, found once, on validation pictures."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.filling import room_along
from facetrial.attacks.budgets.l2 import RMS
from facetrial.core.errors import FacetrialError
from facetrial.core.exact_sums import exact_sum
from facetrial.core.randomness import Draws
from facetrial.core.settings import Count, PositiveShare, ShareBelowOne, Unit
from facetrial.faces.batch import FaceDataset
from facetrial.metrics.parts import NoiseLevel
from facetrial.recognition.victim import Victim, device_of
from facetrial.regions.regions import Everywhere, Region


@dataclass
class StudyRule:
    """Where random noise costs some people on average what it did in the study, if noise on landmarks gets there.

    The level is where gaussian noise everywhere takes `cost` of the accuracy from `people` on average, or the
    highest level that gaussian noise in `region` can still reach on the share `reach` of the pictures, if that is
    lower. Both are found on validation pictures.

    Args:
        people: names; all people where empty.
        cost: accuracy lost, a mean over people of raw minus random.
        region: where noise is hardest to fit in.
        reach: share of pictures on which the level must be reached, in (0, 1].
        draws: noises drawn for a picture.
        rounds: of the bisection.
    """

    people: list[str]
    cost: Annotated[ShareBelowOne, Unit("of accuracy")]
    region: Region
    reach: Annotated[PositiveShare, Unit("of the pictures")] = 0.95
    draws: Count = 4
    rounds: Count = 7

    def find(self, victim: Victim, faces: FaceDataset, seed: int, batch_size: int = 64) -> NoiseLevel:
        """The level for `victim` on the validation pictures `faces`, with landmarks filled in.

        Raises:
            FacetrialError: a person is unknown.
        """
        chosen = self._faces_of_people(faces)
        still_reached = self._still_reached(faces, victim, seed, batch_size)
        clean = self._accuracy(victim, chosen, None, seed, batch_size)
        low, high = 0.0, 0.5
        for _ in range(self.rounds):
            middle = (low + high) / 2
            enough = clean - self._accuracy(victim, chosen, middle, seed, batch_size) >= self.cost
            low, high = (low, middle) if enough else (middle, high)
        costs_enough = (low + high) / 2
        rms = round(min(costs_enough, still_reached), 3)
        names, counts = np.unique([faces.names[i] for i in chosen.identities], return_counts=True)
        return NoiseLevel(
            rms=rms,
            costs_enough=costs_enough,
            still_reached=still_reached,
            wanted_cost=self.cost,
            cost=clean - self._accuracy(victim, chosen, rms, seed, batch_size),
            people=dict(zip(names.tolist(), counts.tolist(), strict=True)),
            pictures=len(faces),
        )

    def _faces_of_people(self, faces: FaceDataset) -> FaceDataset:
        if not self.people:
            return faces
        unknown = sorted(set(self.people) - set(faces.names))
        if unknown:
            raise FacetrialError(
                f"calibration.people: {', '.join(unknown)} not among the {len(faces.names)} people of the data. "
                "Name people who are, or leave the list empty for all."
            )
        wanted = [faces.names.index(name) for name in self.people]
        return faces.subset(np.flatnonzero(np.isin(faces.identities, wanted)))

    def _accuracy(
        self, victim: Victim, faces: FaceDataset, rms: float | None, seed: int, batch_size: int
    ) -> float:
        """Mean over people of the accuracy under noise everywhere at `rms`; None is no noise."""
        correct = np.zeros(len(faces))
        draws = self.draws if rms is not None else 1
        attack = None if rms is None else Attack(Everywhere(), RMS(rms), Gaussian())
        for batch in faces.batches(batch_size, device_of(victim)):
            for draw in range(draws):
                images = batch.images if attack is None else attack(None, batch, seed, draw + 1).images
                with torch.no_grad():
                    winners = victim(images).argmax(1)
                correct[batch.indices.cpu().numpy()] += (winners == batch.identities).cpu().numpy() / draws
        return float(np.mean([correct[faces.identities == i].mean() for i in np.unique(faces.identities)]))

    def _still_reached(self, faces: FaceDataset, victim: Victim, seed: int, batch_size: int) -> float:
        largest: list[Tensor] = []
        for batch in faces.batches(batch_size, device_of(victim)):
            draws = Draws(seed, batch.pictures, draw=1)
            height, width = batch.images.shape[-2:]
            region = self.region(batch.landmarks, height, width, draws)
            noise = draws.normal(batch.images.shape[1:], "gaussian") * region
            energy = exact_sum(room_along(batch.images, noise).square())
            largest.append((energy / batch.images[0].numel()).sqrt().cpu())
        reachable = torch.cat(largest)
        return float(reachable[reachable > 0].quantile(1 - self.reach))
