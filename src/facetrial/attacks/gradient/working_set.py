"""The pictures that an iterative attack works on at once, each at its own step."""

from collections import deque
from dataclasses import dataclass, field

import torch
from torch import Tensor

from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.goals import Criterion
from facetrial.core.randomness import Draws

Queue = deque[tuple[int, int]]  # starts of pictures that are still to come: restart and row


@dataclass
class ActiveSet:
    """The A places of the working set. One picture may hold several, each for another start.

    Attributes:
        rows: int64 (A,), their rows in the problem.
        restart: int64 (A,), which start of the picture it is.
        taken: steps taken, A numbers that the host knows.
        step: int64 (A,), the same on the device.
        images: (A, 3, H, W), clean.
        region: (A, 1, H, W).
        budget: how much, for these pictures.
        criterion: what is wanted of them.
        current: (A, 3, H, W), where they are.
        draws: random numbers for them.
        memory: further tensors (A, ...) that a method keeps, by name.
    """

    rows: Tensor
    restart: Tensor
    taken: list[int]
    step: Tensor
    images: Tensor
    region: Tensor
    budget: Budget
    criterion: Criterion
    current: Tensor
    draws: Draws
    memory: dict[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.taken)

    @property
    def draws_of_step(self) -> Draws:
        """Random numbers for the step that each is at."""
        return self.draws.at(self.step)

    def count_step(self) -> None:
        """One step more was taken of all."""
        self.taken = [taken + 1 for taken in self.taken]
        self.step = self.step + 1

    def select(self, keep: list[int]) -> "ActiveSet":
        """Those at the places `keep`."""
        chosen = torch.tensor(keep, dtype=torch.int64, device=self.rows.device)
        return ActiveSet(
            self.rows[chosen],
            self.restart[chosen],
            [self.taken[i] for i in keep],
            self.step[chosen],
            self.images[chosen],
            self.region[chosen],
            self.budget.select(chosen),
            self.criterion.select(chosen),
            self.current[chosen],
            self.draws.select(chosen),
            {name: value[chosen] for name, value in self.memory.items()},
        )

    def joined(self, others: "ActiveSet") -> "ActiveSet":
        """These, then `others`."""
        return ActiveSet(
            torch.cat([self.rows, others.rows]),
            torch.cat([self.restart, others.restart]),
            self.taken + others.taken,
            torch.cat([self.step, others.step]),
            torch.cat([self.images, others.images]),
            torch.cat([self.region, others.region]),
            self.budget.joined(others.budget),
            self.criterion.joined(others.criterion),
            torch.cat([self.current, others.current]),
            self.draws.joined(others.draws),
            {name: torch.cat([value, others.memory[name]]) for name, value in self.memory.items()},
        )
