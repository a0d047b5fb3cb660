"""The pictures that a perturbation is fitted on, as problems, a minibatch at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from facetrial.attacks.problem import Problem
from facetrial.core.randomness import Draws


@dataclass
class Examples:
    """N training pictures.

    Attributes:
        identities: int64 (N,), on the CPU.
        pictures: int64 (N,), their `picture_key`, on the CPU.
        seed: on which their order depends.
        problem: makes the problem of the pictures at int64 rows (A,): of those that can be attacked, in order; None
            where there is none.
    """

    identities: Tensor
    pictures: Tensor
    seed: int
    problem: Callable[[Tensor], Problem | None]

    def minibatches(self, epoch: int, size: int, groups: Tensor) -> Iterator[Problem]:
        """Problems of at most `size` pictures that go once through all pictures.

        Groups come one after another and pictures within their group, both in an order that is drawn for the epoch, so
        that a group is seen in as few minibatches as can be.

        Args:
            epoch: which time it is.
            size: pictures at most.
            groups: int64 (N,), the group of each picture, from 0 on.
        """
        order = (
            Draws(self.seed, self.pictures)
            .uniform((1,), f"fitting, epoch {epoch}")[:, 0]
            .argsort(stable=True)
        )
        # By chance, but the same for all of a group: the place at which its first picture comes.
        first = torch.full((int(groups.max()) + 1,), len(groups))
        first.scatter_reduce_(0, groups[order], torch.arange(len(order)), "amin")
        order = order[first[groups[order]].argsort(stable=True)]
        for rows in order.split(size):
            if (problem := self.problem(rows)) is not None:
                yield problem
