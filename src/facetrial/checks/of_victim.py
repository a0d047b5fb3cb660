"""Whether the victim is frozen, knows clean pictures, and says of one alone what it says of it in company."""

from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.settings import Count, NotNegative, Share, Unit
from facetrial.recognition.layers import answer, base_model, scores_of
from facetrial.recognition.without_slope import keeps_answers
from facetrial.statistics.intervals import wilson
from facetrial.trial.verdicts import judged_scores, own_margins


class SameAlone(Check):
    """A picture's scores are the same alone, in a batch, and when they are asked for again.

    They are not where batch-norm takes its statistics from the batch, or dropout draws, whatever mode a layer says that
    it is in. Both make every gradient and every verdict depend on what else was in the batch. It is left out where
    answers are kept, so that nobody asks again.

    Args:
        pictures: how many make the batch.
        tolerance: largest difference, as a share of the spread of a picture's scores; convolutions round
            differently in another batch, on some devices by a thousandth.
    """

    def __init__(
        self,
        pictures: Count = 4,
        tolerance: Annotated[NotNegative, Unit("of the spread of a picture's scores")] = 0.01,
    ) -> None:
        self.pictures = pictures
        self.tolerance = tolerance

    def __call__(self, evidence: Evidence) -> Outcome:
        if keeps_answers(evidence.victim):
            return does_not_apply("the recogniser's answers are kept: it is asked about no picture twice")
        images = evidence.images(evidence.some(self.pictures))
        together = scores_of(evidence.victim, images)
        off = self._off(together, scores_of(evidence.victim, images))
        if off > self.tolerance:
            return self._failed(f"asked again, scores differ by {off:.3g} of their spread")
        try:
            alone = torch.cat([scores_of(evidence.victim, image[None]) for image in images])
        except (ValueError, RuntimeError) as error:
            return self._failed(f"a picture cannot be shown alone ({error})")
        off = self._off(together, alone)
        if off > self.tolerance:
            return self._failed(f"alone, scores differ from those in a batch by {off:.3g} of their spread")
        return passed(f"{len(images)} pictures: the same scores alone, together and asked again")

    def _off(self, first: Tensor, second: Tensor) -> float:
        spread = (first.amax(1) - first.amin(1)).clamp(min=1e-12)
        return float(((first - second).abs().amax(1) / spread).max())

    def _failed(self, detail: str) -> Outcome:
        return failed(
            detail,
            "put batch-norm on its running statistics and switch dropout off (F.dropout draws unless it is told "
            "training=self.training; BatchNorm needs track_running_stats=True)",
        )


class VictimFrozen(Check):
    """Every layer is in eval mode, and no parameter takes a gradient.

    A single layer in train mode is enough: batch-norm then goes by the batch, dropout by chance.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        modules = list(evidence.victim.named_modules())
        training = [name or type(module).__name__ for name, module in modules if module.training]
        moving = [name for name, parameter in evidence.victim.named_parameters() if parameter.requires_grad]
        if not training and not moving:
            return passed("every layer in eval mode, no parameter takes a gradient")
        detail = f"{len(training)} layers in train mode, {len(moving)} parameters take gradients"
        named = ", ".join([*training, *moving][:3])
        return failed(f"{detail}: {named}", "call victim.freeze(), and do not override train() or eval()")


_MOVED, _MOST_MOVED = 0.05, 0.25  # of a margin, and of the pictures: as of another victim that names alike


class CleanVerdicts(Check):
    """The rows say of clean pictures what the victim says of them: whom it names, and what it flags.

    Rows of an earlier start, of another victim, or of another picture, tell a clean accuracy that is nobody's, and with
    it what is at stake. One picture may come out otherwise, or one in fifty: convolutions round, and votes are drawn.
    Margins tell of another victim that names the same people.
    It is left out where answers are kept, so that nobody asks again.

    Args:
        pictures: how many are shown at most.
    """

    def __init__(self, pictures: Count = 32) -> None:
        self.pictures = pictures

    def __call__(self, evidence: Evidence) -> Outcome:
        if keeps_answers(evidence.victim):
            return does_not_apply("the recogniser's answers are kept: it is asked about no picture twice")
        chosen = evidence.some(self.pictures, evidence.rows["file"])
        batch = evidence.batch(chosen)
        found = answer(evidence.victim, batch.images)
        scores, own = judged_scores(found.scores, batch.identities, evidence.same)
        right = (scores.argmax(1) == own) & ~found.abstains & scores.isfinite().all(1)
        files = [evidence.faces.files[i] for i in chosen]
        rows = evidence.by_file.loc[files]
        other = right.cpu().numpy() != rows["correct_clean"].to_numpy(dtype=bool)
        if found.suspicion is not None and "flagged_clean" in rows:
            other |= (found.suspicion > 1).cpu().numpy() != rows["flagged_clean"].to_numpy(dtype=bool)
        margins, told = own_margins(scores, own).cpu().numpy(), rows["margin_clean"].to_numpy(dtype=float)
        moved = np.abs(margins - told) > _MOVED * np.abs(told)
        if moved.mean() > _MOST_MOVED:
            other |= moved
        count = int(other.sum())
        detail = f"of {len(files)} clean pictures asked again, {count} come out otherwise than their rows say"
        if count <= max(1, len(files) // 50):
            return passed(detail)
        return failed(
            f"{detail}: {', '.join(np.array(files)[other][:3])}",
            "the rows are of another victim, or of pictures in another order: start the trial again with resume=false; "
            "if they come back, look at what the victim keeps from one picture to the next",
        )


_ENOUGH = 12  # pictures
_SLACK = 0.02  # of the accuracy that the checkpoint remembers


class Recognises(Check):
    """Clean pictures are recognised, or pairs judged, far more often than by chance, behind all defences.

    Who is taken for others anyway cannot be attacked: what is left under attack then says nothing. The accuracy must
    also be that which the checkpoint remembers of its training: of the same network, on pictures cut and coloured the
    same way. A surrogate in the victim's place must recognise them as well. Of pairs, as many of one person as of two
    are shown; no checkpoint remembers anything of them.

    Args:
        pictures: how many are shown at most.
        least: how far the accuracy must come from chance to perfect.
    """

    def __init__(
        self, pictures: Count = 32, least: Annotated[Share, Unit("of the way from chance to perfect")] = 0.25
    ) -> None:
        self.pictures = pictures
        self.least = least

    def __call__(self, evidence: Evidence) -> Outcome:
        chosen = self._chosen(evidence)
        if not chosen:
            return does_not_apply("all pairs are of one kind: who says the same of all of them is right")
        batch = evidence.batch(chosen)
        scores = scores_of(base_model(evidence.victim), batch.images)
        judged, own = judged_scores(scores, batch.identities, evidence.same)
        found = wilson(int(((judged.argmax(1) == own) & judged.isfinite().all(1)).sum()), len(batch))
        if evidence.of_pairs:
            chance, before, done = 0.5, None, "pairs are judged rightly"
        else:
            chance, before = 1 / len(evidence.faces.names), evidence.accuracy_before
            done = "pictures are recognised"
        detail = f"{found.value:.0%} of {len(batch)} clean {done}; chance is {chance:.1%}"
        if before is not None:
            detail += f"; after its training {before:.0%} were"
        if not evidence.code_known:
            detail += "; the checkpoint does not tell which code trained it"
        # Of few pictures all of the interval must lie too low, so that they do not fail it by chance.
        best = found.value if len(batch) >= _ENOUGH else found.high
        least = chance + self.least * (1 - chance)
        low = best < least
        if (surrogate := evidence.attack.surrogate) is not None and not evidence.of_pairs:
            view, rows = surrogate.view(batch.pictures), torch.arange(len(batch), device=evidence.device)
            seen = batch.images if view is None else view(rows, batch.images)
            right = scores_of(surrogate.victim.to(evidence.device), seen).argmax(1) == batch.identities
            known = wilson(int(right.sum()), len(batch))
            if (known.value if len(batch) >= _ENOUGH else known.high) < least:
                return failed(
                    f"the surrogate recognises {known.value:.0%} of {len(batch)} clean pictures; chance is "
                    f"{chance:.1%}",
                    "what carries over from who knows nobody says nothing: look at the surrogate's weights "
                    "(surrogate.weights), how faces are cut for it and whom it knows, in which order",
                )
        if not low and (before is None or found.low - _SLACK <= before <= found.high + _SLACK):
            return passed(detail)
        return failed(
            detail,
            "put the recogniser right before it is attacked: its weights (embedder.weights), how faces are cut for it "
            "(embedder.alignment, data.margin), how it standardises, and how long it was trained (trainer.max_epochs)",
        )

    def _chosen(self, evidence: Evidence) -> list[int]:
        """Which are shown; of pairs as many of one person as of two."""
        if evidence.same is None:
            return evidence.some(self.pictures)
        alike = evidence.same.cpu()[torch.as_tensor(evidence.faces.identities)].tolist()
        files = [
            [file for file, same in zip(evidence.faces.files, alike, strict=True) if same is kind]
            for kind in (True, False)
        ]
        each = min(max(self.pictures // 2, 1), *map(len, files))
        return [row for of_kind in files for row in evidence.some(each, of_kind)] if each else []
