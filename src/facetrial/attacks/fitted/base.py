"""Perturbations that are fitted on training pictures, and put on others as they are."""

import logging
from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Literal

import torch
from safetensors.torch import load, save
from torch import Tensor

from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.examples import Examples
from facetrial.attacks.losses import Loss
from facetrial.attacks.method import Method
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import Gradient, MethodResult
from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.files import recalled, written_whole
from facetrial.core.settings import Count, Positive, ShareBelowOne, Unit

log = logging.getLogger(__name__)


class Fitted(Method):
    """Base of methods that find one pattern for all pictures of a person, or of all people.

    Fitting goes by steepest ascent over minibatches (Shafahi et al., "Universal adversarial training", AAAI 2020).
    Every picture has one vote: its slope, scaled to length 1, so that none outweighs the rest. The pattern depends
    on the set that it was fitted on and on its seed; what it does to a picture asks nobody.

    Args:
        loss: what the steps make larger.
        per: "person" fits a pattern for each person, "all" one for all people.
        epochs: how often all training pictures are gone through.
        step: length of the first step, in units that a method says; later ones are shorter, to 0 at the end.
        momentum: share of the past votes that is kept, in [0, 1).
        batch: pictures a step.

    Attributes:
        fitted: what `fit` found, as tensors by name; None before it. `patterns` (K, 3, h, w) float32; `groups` int64
            (K,), whose they are (0 where there is one for all); `gradient` int64 (K,), FINE where a pattern had any
            slope to go by, else the worst that was met; `queries` and `steps`, int64 (1,), pictures shown in fitting;
            `asked`, int64 (1,), who was, as by `print_of_asked`, where it is said.

    Raises:
        FacetrialError: a setting out of range.
    """

    takes_surrogate = True

    @checked("attack.method")
    def __init__(
        self,
        loss: Loss,
        per: Literal["person", "all"],
        epochs: Annotated[Count, Unit("times through the training pictures")],
        step: Positive,
        momentum: ShareBelowOne = 0.9,
        batch: Annotated[Count, Unit("pictures")] = 32,
    ) -> None:
        self.loss = loss
        self.per = per
        self.epochs = epochs
        self.step = step
        self.momentum = momentum
        self.batch = batch
        self.fitted: dict[str, Tensor] | None = None

    @abstractmethod
    def blank(self, problem: Problem) -> Tensor:
        """The pattern (3, h, w) that fitting starts from."""

    @abstractmethod
    def applied(self, problem: Problem, patterns: Tensor, epoch: int | None = None) -> Tensor:
        """Pictures (B, 3, H, W) with their patterns (B, 3, h, w) on them, within budget, region and [0, 1].

        Differentiable in the patterns. While fitting, `epoch` says when, for what is drawn anew each time.
        """

    @abstractmethod
    def moved(self, patterns: Tensor, votes: Tensor, step: float, budget: Budget) -> Tensor:
        """Patterns (K, 3, h, w) after a step of length `step` that goes by the votes (K, 3, h, w)."""

    def check(self, problem: Problem) -> None:
        """Raises FacetrialError where the pattern cannot go on one of the pictures."""

    def export(self, folder: Path, names: list[str]) -> None:
        """Writes what was fitted in a form for use outside, where there is one. `names` are the people's."""

    def fit(self, examples: Examples, unfinished: Path | None = None, asked: Tensor | None = None) -> None:
        """Finds the patterns.

        Args:
            examples: what to fit on.
            unfinished: a file that keeps what is done after each epoch. Fitting goes on from it where it is there,
                and it is gone at the end; who gives it sees to it that it belongs to these examples and settings.
            asked: a number for who is asked, kept with what is found.
        """
        self.fitted = None
        people = examples.identities if self.per == "person" else torch.zeros_like(examples.identities)
        groups, group_of = people.unique(return_inverse=True)
        state = {} if unfinished is None else recalled(unfinished, load) or {}
        done = int(state.pop("epochs")) if state else 0
        if done:
            log.info("Going on after %d of %d epochs of an earlier start.", done, self.epochs)
        for epoch in range(done, self.epochs):
            for problem in examples.minibatches(epoch, self.batch, group_of):
                self.check(problem)
                if not state:
                    state = self._begun(problem, groups)
                state = {name: tensor.to(problem.images.device) for name, tensor in state.items()}
                self._step(problem, state, epoch)
            if unfinished is not None and state:
                _write({**state, "epochs": torch.tensor(epoch + 1)}, unfinished)
            if (epoch + 1) % max(1, self.epochs // 10) == 0:
                log.info("Fitted %d of %d epochs.", epoch + 1, self.epochs)
        if not state:
            raise FacetrialError(
                f"none of the {len(people)} training pictures can be attacked: the region is empty in all of them, or "
                "all show the target. Choose another attack/region, landmarks or goal.target."
            )
        state = {name: tensor.cpu() for name, tensor in state.items()}
        self.fitted = {
            "patterns": state["patterns"],
            "groups": state["groups"],
            "gradient": torch.where(state["fine"], int(Gradient.FINE), state["worst"]),
            "queries": state["shown"],
            "steps": state["shown"].clone(),
        }
        if asked is not None:
            self.fitted["asked"] = asked
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)

    def _begun(self, problem: Problem, groups: Tensor) -> dict[str, Tensor]:
        """What is kept from one minibatch to the next, at the first."""
        patterns = self.blank(problem).expand(len(groups), -1, -1, -1).clone()
        return {
            "patterns": patterns,
            "velocity": torch.zeros_like(patterns),
            "groups": groups,
            "fine": torch.zeros(len(groups), dtype=torch.bool),
            "worst": torch.zeros(len(groups), dtype=torch.int64),
            "shown": torch.zeros(1, dtype=torch.int64),
        }

    def _step(self, problem: Problem, state: dict[str, Tensor], epoch: int) -> None:
        """Moves the patterns of a minibatch's groups, in place."""
        patterns, velocity = state["patterns"], state["velocity"]
        places = self._places(problem, state["groups"])
        votes, quality = self._votes(problem, patterns[places], epoch)
        state["fine"][places[quality == int(Gradient.FINE)]] = True
        state["worst"].scatter_reduce_(0, places, quality, "amax")
        state["shown"] += len(problem)
        present = places.unique()
        summed = torch.zeros_like(patterns).index_add_(0, places, votes)[present]
        summed /= summed.abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-30)
        velocity[present] = self.momentum * velocity[present] + summed
        step = self.step * (1.0 - epoch / self.epochs)
        patterns[present] = self.moved(patterns[present], velocity[present], step, problem.budget)

    def _votes(self, problem: Problem, patterns: Tensor, epoch: int) -> tuple[Tensor, Tensor]:
        """The direction of length 1 (B, 3, h, w) that each picture asks its pattern to take, and its `Gradient`."""
        patterns = patterns.detach().requires_grad_(True)
        with torch.enable_grad():
            pictures = self.applied(problem, patterns, epoch)
        rows = torch.arange(len(problem), device=pictures.device)
        found = problem.ask(rows, pictures, self.loss, everywhere=True)
        (votes,) = torch.autograd.grad(pictures, patterns, found.gradient)
        length = votes.flatten(1).norm(dim=1)
        quality = torch.where(length > 0, int(Gradient.FINE), int(Gradient.ZERO))
        quality = torch.where(found.broken, int(Gradient.NOT_FINITE), quality)
        return votes / length.clamp(min=1e-30)[:, None, None, None], quality

    def _places(self, problem: Problem, groups: Tensor) -> Tensor:
        """int64 (B,): the place of each picture's group in `groups`, sorted int64 (K,)."""
        if self.per == "all":
            return torch.zeros_like(problem.criterion.identities)
        places = torch.searchsorted(groups, problem.criterion.identities).clamp(max=len(groups) - 1)
        if (strange := (groups[places] != problem.criterion.identities).nonzero()[:, 0]).numel():
            row = int(strange[0])
            raise FacetrialError(
                f"{problem.files[row]} shows person number {int(problem.criterion.identities[row])}, on whom the "
                "attack was not fitted. Fit it on pictures of the same people, or set attack.method.per=all."
            )
        return places

    def __call__(self, problem: Problem) -> MethodResult:
        fitted = self.found()
        self.check(problem)
        device = problem.images.device
        patterns, groups, gradient = (fitted[k].to(device) for k in ("patterns", "groups", "gradient"))
        places = self._places(problem, groups)
        images = problem.images.clone()
        with torch.no_grad():
            for rows in torch.arange(len(problem), device=device).split(self.batch):
                images[rows] = self.applied(problem.select(rows), patterns[places[rows]])
        problem.counts.gradient[problem.places] = gradient[places]  # the worst that was met in fitting
        return MethodResult(images, reached=(images != problem.images).flatten(1).any(1))

    def found(self) -> dict[str, Tensor]:
        """What was fitted; a FacetrialError where nothing was yet."""
        if self.fitted is None:
            raise FacetrialError(
                f"the method {type(self).__name__} has not been fitted; call attack.fit(victim, faces, seed) with "
                "training pictures first."
            )
        return self.fitted

    def save(self, path: Path) -> None:
        """Writes what was fitted into a sealed file of tensors, whole or not at all."""
        _write(self.found(), path)

    def load(self, path: Path) -> bool:
        """Takes over what `save` wrote; whether it is there as it was written."""
        self.fitted = recalled(path, load)
        return self.fitted is not None


def _write(tensors: dict[str, Tensor], path: Path) -> None:
    with written_whole(path, seal=True) as temporary:
        temporary.write_bytes(save(tensors))


def straight_through(pictures: Tensor, projected: Tensor) -> Tensor:
    """`projected`, with the slope that `pictures` has in what made them."""
    return pictures + (projected - pictures).detach()
