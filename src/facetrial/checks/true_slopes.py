"""Whether the slopes that an attack goes by are those of the scores that verdicts are taken from."""

from collections.abc import Iterator
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.attacks.budgets.budget import Budget
from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.randomness import Draws
from facetrial.core.settings import Count, Share, Unit
from facetrial.recognition.layers import Defended, adaptive_view, base_model, layers, scores_of, unchecked
from facetrial.recognition.without_slope import black_box
from facetrial.trial.verdicts import judged_scores

_BLOCKS = 8  # a side
_REACH, _REACH_OF_LAYERS = 2 / 255, 8 / 255  # how far scores are asked for on either side
_OF_LAYERS = 0.2  # least cosine behind a layer that declares what an attacker sees in its place
_SURELY = 0.9  # a cosine that slopes which err do not have by chance, of half the directions
_LEAST_OF_DRAWS = 0.01  # lengths of slopes where draws differ
_HALFWAY, _NEAREST, _FARTHEST, _BETWEEN = 0.5, 1, 8, 0.37  # of the budget; steps of a file, and a part of one
_SHORTEST, _LONGEST = 0.1, 10.0  # of slopes, beside the differences


class TrueSlopes(Check):
    """The gradient of the margin points where finite differences of it do, behind every layer of the victim.

    A network that rounds, detaches or saturates has slopes of zero, or of a small part of itself: gradient attacks go
    astray, and what they leave looks like robustness (Athalye et al., 2018). A few pictures are brightened and darkened
    in blocks of random sign; how the margin of the own score over the best other changes is compared with what the
    gradient foretells: of the clean pictures, and of pictures on the attack's way, which are no longer clean and have
    no values of a file. A defence that declares what an attacker sees in its place (`adaptive_view`) need only come
    near; one that draws need only have slopes, and what stands in front of it is left out. The innermost layer that
    errs is named.

    It is left out of attacks that ask for no gradient, of those that ask a surrogate, and before a recogniser that says
    that it has no slope.

    Args:
        pictures: how many are looked at.
        directions: of each picture; half of them, where these leave no doubt.
        least: cosine between foretold and found differences, the median over pictures.
    """

    def __init__(
        self,
        pictures: Count = 6,
        directions: Count = 8,
        least: Annotated[Share, Unit("the cosine of differences and slopes")] = 0.6,
    ) -> None:
        self.pictures = pictures
        self.directions = directions
        self.least = least

    def __call__(self, evidence: Evidence) -> Outcome | None:
        if black_box(evidence.victim) is not None:
            return does_not_apply("the recogniser answers and shows no slope")
        if not evidence.attack.method.asks_gradient:
            return does_not_apply("the attack asks for no gradient")
        if evidence.attack.surrogate is not None:
            return does_not_apply("the attack asks a surrogate")
        batch = evidence.batch(evidence.some(self.pictures))
        signs = self._signs(batch.pictures, batch.images)
        places = {
            "": batch.images,
            ", on the attack's way": self._on_the_way(evidence.attack.budget, batch.images, batch.pictures),
        }
        said, drawn = "", ""
        for layer, name in _from_inside(evidence.victim):
            draws = isinstance(layer, Defended) and layer.draws_at_random
            for where, images in places.items():
                found, agree = self._agree(
                    layer, f"behind {name}{where}", images, batch.identities, signs, evidence.same
                )
                if not agree:
                    return self._failed(found)
                said, drawn = (said, f"; {found}") if draws else (found, "")
            if draws:
                break
        return passed(said + drawn)

    def _agree(
        self,
        layer: nn.Module,
        where: str,
        images: Tensor,
        identities: Tensor,
        signs: Tensor,
        same: Tensor | None,
    ) -> tuple[str, bool]:
        """What slopes and differences of a layer's margin are at images, in words, and whether they agree."""
        draws = isinstance(layer, Defended) and layer.draws_at_random
        declares = isinstance(layer, Defended) and type(layer).adaptive_view is not Defended.adaptive_view
        reach, least = (_REACH_OF_LAYERS, _OF_LAYERS) if declares or draws else (_REACH, self.least)
        # Half of them will do where all is well.
        for some in (signs[: (self.directions + 1) // 2], signs):
            found = slopes_and_differences(
                adaptive_view(layer) if draws else layer, images, identities, some, reach, same
            )
            if found is None:
                return f"{where}, there is no slope: scores do not depend on the picture by gradients", False
            foretold, measured = found
            cosine = float(F.cosine_similarity(foretold, measured, dim=1).nan_to_num(0.0).median())
            length = float((foretold.norm(dim=1) / measured.norm(dim=1).clamp(min=1e-12)).median())
            agree = cosine >= least and (declares or _SHORTEST <= length <= _LONGEST)
            said = (
                f"{where}, slopes and differences of the margin agree by a cosine of {cosine:.2f}, and slopes are "
                f"{length:.2g} times as long ({len(images)} pictures, {len(some)} directions each)"
            )
            if draws:  # of other draws from one picture to the next, differences tell next to nothing
                said = f"{where}, slopes are {length:.2g} times as long as differences of what it draws"
                return said, length >= _LEAST_OF_DRAWS
            if agree and cosine >= _SURELY:
                break
        return said, agree

    def _on_the_way(self, budget: Budget, images: Tensor, pictures: Tensor) -> Tensor:
        """Pictures with noise as large as about half of the budget, of values that no file has."""
        share = {"l2": images[0].numel() ** -0.5, "l1": 1 / images[0].numel()}.get(budget.norm, 1.0)
        size = (int(min(max(255 * _HALFWAY * budget.limit * share, _NEAREST), _FARTHEST)) + _BETWEEN) / 255
        noise = Draws(0, pictures).normal(images.shape[1:], "true slopes, on the way").sign()
        return (images + size * noise).clamp(0.0, 1.0)

    def _signs(self, pictures: Tensor, images: Tensor) -> Tensor:
        """Blocks of random sign, (D, B, 3, H, W)."""
        drawn = Draws(0, pictures).normal((self.directions, 3, _BLOCKS, _BLOCKS), "true slopes").sign()
        size = images.shape[-2:]
        return torch.stack([F.interpolate(blocks.float(), size=size) for blocks in drawn.unbind(1)])

    def _failed(self, detail: str) -> Outcome:
        return failed(
            detail,
            "look there for rounding, thresholds, .detach(), .data, clamping that saturates and scores that are a "
            "softmax; let a defence declare what an attacker sees in its place (`adaptive_view`); attack=square needs "
            "no slope",
        )


def _from_inside(victim: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    """The recogniser, then it behind one defence more each time, with the name of the outermost layer."""
    base = base_model(victim)
    yield base, f"the network ({type(getattr(base, 'embedder', base)).__name__})"
    for layer in reversed(layers(victim)):
        yield layer, f"the defence {type(layer).__name__}"


def slopes_and_differences(
    victim: nn.Module,
    images: Tensor,
    identities: Tensor,
    signs: Tensor,
    reach: float,
    same: Tensor | None = None,
) -> tuple[Tensor, Tensor] | None:
    """What gradients foretell, and what differences show, of the margin over whoever is nearest.

    Args:
        victim: scores (B, C), in eval mode.
        images: (B, 3, H, W) in [0, 1].
        identities: (B,).
        signs: directions (D, B, 3, H, W).
        reach: how far to either side.
        same: of pairs, as for `judged_scores`.

    Returns:
        Both (B, D), per unit of reach; None where the victim's scores have no gradient at all.
    """
    exact, view = unchecked(victim), unchecked(adaptive_view(victim))
    centre = images.clamp(reach, 1.0 - reach)
    scores, own = judged_scores(scores_of(exact, centre), identities, same)
    rivals = scores.scatter(1, own[:, None], -torch.inf).argmax(1, keepdim=True)

    def margin(scores: Tensor) -> Tensor:
        judged, own = judged_scores(scores, identities, same)
        return (judged.gather(1, own[:, None]) - judged.gather(1, rivals))[:, 0]

    leaf = centre.detach().requires_grad_(True)
    with torch.enable_grad():
        of_leaf = margin(view(leaf).float())
        if not of_leaf.requires_grad:
            return None
        (gradient,) = torch.autograd.grad(of_leaf.sum(), leaf, allow_unused=True)
    if gradient is None:
        return None
    foretold = (gradient[None] * signs).flatten(2).sum(2).T
    measured = [
        (margin(scores_of(exact, centre + reach * one)) - margin(scores_of(exact, centre - reach * one)))
        / (2 * reach)
        for one in signs
    ]
    return foretold.nan_to_num(0.0), torch.stack(measured, dim=1).nan_to_num(0.0)
