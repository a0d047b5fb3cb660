"""The attack: where x how much x how."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from facetrial.attacks.asked import Asked, print_of_asked, who_is_asked
from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.examples import Examples
from facetrial.attacks.fitted.base import Fitted
from facetrial.attacks.goals import SHOWS_TARGET, Criterion, Dodging, Goal
from facetrial.attacks.method import Method
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import Attacked, Counts
from facetrial.attacks.surrogate import Surrogate
from facetrial.core.checked_settings import in_python
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.faces.batch import FaceDataset, Faces, check_images
from facetrial.recognition.fast_copy import FastCopies
from facetrial.recognition.foreign import check_eval_mode
from facetrial.recognition.layers import scores_of
from facetrial.recognition.victim import device_of, names_of
from facetrial.recognition.without_slope import black_box, without_slope
from facetrial.regions.regions import Region


class Attack:
    """A region, a budget and a method, put together.

    Args:
        region: where.
        budget: how much.
        method: how.
        goal: what for; dodging by default.
        fast: whether steps are chosen by a faster copy of the victim; verdicts are the victim's in either case.
        surrogate: who is asked in the victim's place, which then sees nothing but the result.
        adaptive: whether the attacker knows the victim's defences and asks what they declare; else the recogniser
            behind them is attacked as if there were none. Verdicts are the whole victim's in either case.

    Attributes:
        part: what part of the budget is used, in (0, 1]; all of it but where training begins with less.

    Raises:
        FacetrialError: a surrogate for a method that asks nobody, or that has no use for one.
    """

    def __init__(
        self,
        region: Region,
        budget: Budget,
        method: Method,
        goal: Goal | None = None,
        fast: bool = True,
        surrogate: Surrogate | None = None,
        adaptive: bool = True,
    ) -> None:
        self.region = region
        self.budget = budget
        self.method = method
        self.goal = goal or Dodging()
        self.fast = fast
        self.surrogate = surrogate
        self.adaptive = adaptive
        self.part = 1.0
        self._copies = FastCopies()
        if surrogate is not None:
            self.check_takes_surrogate()

    def __repr__(self) -> str:
        return in_python(self)

    def check_takes_surrogate(self) -> None:
        """Raises FacetrialError for a method that asks nobody, or that has no use for a surrogate."""
        if not self.method.takes_surrogate:
            raise FacetrialError(
                f"attack.surrogate: the method {type(self.method).__name__} cannot work on a surrogate; choose one "
                "that goes by gradients, such as attack=transfer."
            )

    @property
    def chosen_by(self) -> str | None:
        """Who chose steps in the last call, and how a GPU was made to, in words; None where nobody was asked."""
        who = self._copies.told if self.fast else "the recogniser itself"
        return who if self.method.asks_victim else None

    @property
    def needs_landmarks(self) -> bool:
        return self.region.needs_landmarks or self.method.needs_landmarks

    @property
    def needs_fitting(self) -> bool:
        """Whether `fit` has to come before the first picture is attacked."""
        return isinstance(self.method, Fitted)

    def __call__(
        self,
        victim: nn.Module | None,
        faces: Faces,
        seed: int,
        draw: int = 0,
        files: Sequence[str] | None = None,
    ) -> Attacked:
        """Attacks a batch on the device it lies on.

        Args:
            victim: identity scores (B, C) from images, in eval mode.
            faces: the batch; images in [0, 1].
            seed: what is drawn depends on (seed, picture, draw) only.
            draw: which draw: an epoch in training, 0 in a trial.
            files: the pictures' names, for messages.

        Raises:
            FacetrialError: images that are not float32 (B, 3, H, W) in [0, 1]; a budget that a picture or its region
                cannot hold, or that the method has no use for; a victim in train mode, or none where it is asked.
        """
        images = faces.images
        region, criterion, attackable, problem = self._problem(victim, faces, seed, draw, files)
        none = torch.zeros_like(faces.identities)
        attacked = Attacked(
            clean=images,
            images=images.clone(),
            budget=self._budget(len(images), images.device),
            region=region,
            attackable=attackable,
            reached=torch.zeros_like(attackable),
            queries=none,
            steps=none.clone(),
            gradient=none.clone(),
            targets=criterion.targets,
        )
        if problem is None:
            return attacked
        rows = attackable.nonzero()[:, 0]
        found = self.method(problem)
        attacked.images[rows] = found.images
        attacked.reached[rows] = found.reached
        for asked in (problem, problem.undefended):
            if asked is not None:
                attacked.queries[rows] += asked.counts.queries[asked.places] * asked.forward_passes
                attacked.steps[rows] += asked.counts.steps[asked.places] * asked.forward_passes
        attacked.gradient[rows] = problem.counts.gradient[problem.places]
        if found.smallest is not None:
            attacked.smallest = torch.full_like(attacked.reached, torch.nan, dtype=torch.float32)
            attacked.smallest[rows] = found.smallest
        return attacked

    def fit(
        self, victim: nn.Module, faces: Faces | FaceDataset, seed: int, unfinished: Path | None = None
    ) -> None:
        """Fits a method that has to be fitted, on pictures other than those that are to be attacked.

        Args:
            victim, seed: as in a call; what is drawn depends on the set, too.
            faces: the training pictures, in memory or fetched as they are needed, to the victim's device.
            unfinished: as in `Fitted.fit`.

        Raises:
            FacetrialError: the method is not of those that are fitted; else as in a call.
        """
        if not isinstance(self.method, Fitted):
            raise FacetrialError(f"the method {type(self.method).__name__} is not one that is fitted.")
        if len(faces) == 0:
            raise FacetrialError("there is no picture to fit the attack on.")
        asked = victim if self.surrogate is None else self.surrogate.victim
        device = faces.images.device if isinstance(faces, Faces) else device_of(asked)

        def problem(rows: Tensor) -> Problem | None:
            if isinstance(faces, Faces):
                batch, files = faces.select(rows.to(device)), None
            else:
                batch, files = faces.batch(rows.numpy()), [faces.files[i] for i in rows.tolist()]
            return self._problem(victim, batch.to(device), seed, 0, files)[-1]

        identities, pictures = torch.as_tensor(faces.identities).cpu(), torch.as_tensor(faces.pictures).cpu()
        examples = Examples(identities.long(), pictures, seed, problem)
        self.method.fit(examples, unfinished, print_of_asked(victim, self.surrogate, self.adaptive))

    def _budget(self, pictures: int, device: torch.device) -> Budget:
        """Of so many pictures: the part of it that is used."""
        if self.part == 1:
            return self.budget
        return self.budget.scaled(torch.full((pictures,), self.part, device=device))

    def _problem(
        self, victim: nn.Module | None, faces: Faces, seed: int, draw: int, files: Sequence[str] | None
    ) -> tuple[Tensor, Criterion, Tensor, Problem | None]:
        """Region, criterion and which pictures can be attacked, (B,) bool; and the problem of these, if any."""
        if victim is None and self.method.asks_victim:
            raise FacetrialError(
                f"the method {type(self.method).__name__} needs a victim to ask, found none."
            )
        if victim is not None:
            check_eval_mode(victim)
        images = check_images(faces.images)
        if victim is not None and self.method.asks_gradient and not self.surrogate and black_box(victim):
            raise without_slope(victim, images)  # before it is asked for anything
        draws = Draws(seed, faces.pictures, draw)
        height, width = images.shape[-2:]
        region = self.region(faces.landmarks, height, width, draws)
        asked = who_is_asked(
            victim,
            images,
            faces.pictures,
            surrogate=self.surrogate,
            adaptive=self.adaptive,
            copies=self._copies if self.fast and self.method.asks_victim else None,
            low=self.method.takes_low_precision,
        )
        scores, names = self._clean_scores(asked) if self.goal.needs_scores else (None, ())
        criterion = self.goal.criterion(scores, faces.identities, names, draws)
        criterion.abstain_columns = asked.abstain_columns
        attackable = region.flatten(1).amax(1) > 0
        if criterion.targets is not None:
            attackable &= criterion.targets != SHOWS_TARGET
        rows = attackable.nonzero()[:, 0]
        if len(rows) == 0:
            return region, criterion, attackable, None
        files = [str(i) for i in faces.indices.tolist()] if files is None else list(files)
        everyone = torch.arange(len(images), device=images.device)
        problem = Problem(
            victim=asked.victim,
            proxy=asked.proxy,
            criterion=criterion,
            images=images.clone(),  # a method may write into what it is given
            region=region.clone(),
            budget=self._budget(len(images), images.device),
            landmarks=faces.landmarks,
            draws=draws,
            all_files=files,
            counts=Counts.of(everyone),
            places=everyone,
            view=asked.view,
            confirmer=asked.confirmer,
            forward_passes=asked.forward_passes,
        )
        if asked.undefended is not None:
            problem.undefended = problem.asking(asked.undefended)
        problem = problem if len(rows) == len(images) else problem.select(rows)
        return region, criterion, attackable, problem

    def _clean_scores(self, asked: Asked) -> tuple[Tensor, Sequence[str]]:
        """Identity scores (B, C) of the clean pictures, and the C names."""
        if asked.victim is None:
            raise FacetrialError(f"goal={self.goal.name} needs a victim to choose its targets by.")
        scores = scores_of(asked.victim, asked.seen)
        scores = scores[:, : scores.shape[1] - asked.abstain_columns]
        return scores, names_of(asked.victim) or [str(number) for number in range(scores.shape[1])]
