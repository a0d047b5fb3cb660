"""Dodging by way of one other person after another: each start goes for somebody else."""

from dataclasses import replace

import torch

from facetrial.attacks.goals import Criterion
from facetrial.attacks.gradient.working_set import ActiveSet
from facetrial.attacks.problem import Problem


def aim(active: ActiveSet, problem: Problem) -> None:
    """Has the starts of each picture go for the nearest other person, the next nearest, and so on from the first again.

    Nearest is as the victim sees the clean picture.
    """
    everyone = torch.arange(len(problem), device=active.rows.device)
    scores = problem.ask(everyone, active.images, of=problem.victim)
    order = active.criterion.others(scores).argsort(dim=1, descending=True)
    place = active.restart % (order.shape[1] - 1 - active.criterion.abstain_columns)
    active.memory["target"] = order.gather(1, place[:, None])[:, 0]


def towards(active: ActiveSet) -> Criterion:
    """What the loss is taken for: who was aimed at, or the goal."""
    target = active.memory.get("target")
    return active.criterion if target is None else replace(active.criterion, targets=target)
