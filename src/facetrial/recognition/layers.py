"""A victim behind a defence, and what an attacker who knows the defence asks in its place."""

import copy
import math
from collections.abc import Sequence
from typing import NamedTuple, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.core.errors import FacetrialError
from facetrial.faces.batch import check_images
from facetrial.recognition.foreign import as_module
from facetrial.recognition.scores_head import ScoresHead
from facetrial.recognition.victim import Victim, similarities, whole_float32

M = TypeVar("M", bound=nn.Module)


def scores_of(victim: nn.Module, images: Tensor) -> Tensor:
    """Identity scores float32 (B, C), as a verdict is taken: in float32, without gradient."""
    with torch.no_grad(), torch.autocast(images.device.type, enabled=False), whole_float32():
        return victim(images).float()


class Defended(nn.Module):
    """Base of victims that a defence stands in front of: identity scores (B, C) from images, as a Victim's.

    The defence named first meets the picture first, so it is the outermost.

    Args:
        victim: what is defended: a Victim, another Defended, or any module or function from images to scores.

    Attributes:
        draws_at_random: whether this defence draws; its `adaptive_view` then averages over several draws.
        forward_passes: how often the defended victim is run for one picture that is asked.
        abstain_columns: how many columns it adds behind the identities' scores, each the highest where it abstains;
            only what `adaptive_view` returns may have any.
        checked: whether images are checked; only the outermost does.
    """

    draws_at_random = False
    forward_passes = 1
    abstain_columns = 0
    checked = True

    def __init__(self, victim: nn.Module) -> None:
        super().__init__()
        self.victim = unchecked(as_module(victim, "a defended victim"))

    @property
    def names(self) -> Sequence[str] | None:
        return getattr(self.victim, "names", None)

    def __repr__(self) -> str:
        return f"{type(getattr(self, 'defense', self)).__name__}({self.victim!r})"

    def forward(self, images: Tensor) -> Tensor:
        """Identity scores (B, C) from images (B, 3, H, W) in [0, 1]; others are refused with a FacetrialError."""
        if self.checked:
            check_images(images.detach().float())
        return self.scores(images)

    def scores(self, images: Tensor) -> Tensor:
        """Identity scores (B, C); by default those of the defended victim."""
        return self.victim(images)

    def with_embeddings(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """As `Victim.with_embeddings`."""
        return with_embeddings(self.victim, images)

    def with_similarities(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """As the function `with_similarities`."""
        return with_similarities(self.victim, images)

    def adaptive_view(self) -> Self:
        """This layer as an attacker sees it who knows it: a slope where it has none, an average where it draws."""
        return self

    def confirming(self) -> Self:
        """This layer as what confirms what an attacker found: at draws that no `adaptive_view` and no verdict takes."""
        return self.adaptive_view()

    def abstains(self, scores: Tensor) -> Tensor:
        """(B,) bool: whether scores (B, C) that it gave are too close for it to name anybody."""
        return abstains(self.victim, scores)

    def suspicion(self, images: Tensor) -> Tensor | None:
        """How suspicious images are, (B,), flagged above 1; None of a layer that flags none."""
        return None

    def with_base(self, victim: nn.Module) -> Self:
        """The same defence in front of another victim."""
        made = shallow(self)
        made.victim = unchecked(victim)
        return made


def adaptive_view(victim: nn.Module) -> nn.Module:
    """What an attacker who knows all defences of `victim` asks in its place; the victim itself if it has none."""
    if not isinstance(victim, Defended):
        return victim
    return victim.with_base(adaptive_view(victim.victim)).adaptive_view()


def confirming(victim: nn.Module) -> nn.Module:
    """By what an attacker who knows all defences of `victim` confirms what seems to fool it.

    At draws that nothing else takes: of what a search shows to `adaptive_view(victim)`, some fools it by lucky draws.
    """
    if not isinstance(victim, Defended):
        return victim
    return victim.with_base(confirming(victim.victim)).confirming()


def base_model(victim: nn.Module) -> nn.Module:
    """What stands behind all defences of `victim`, as an attacker takes it who knows of none."""
    while isinstance(victim, Defended):
        victim = victim.victim
    return victim


def with_base(victim: nn.Module, core: nn.Module) -> nn.Module:
    """`victim` with what stands behind all its defences replaced by `core`."""
    return victim.with_base(with_base(victim.victim, core)) if isinstance(victim, Defended) else core


def layers(victim: nn.Module) -> list[Defended]:
    """The defences of `victim`, the outermost first."""
    found = []
    while isinstance(victim, Defended):
        found.append(victim)
        victim = victim.victim
    return found


def draws_at_random(victim: nn.Module) -> bool:
    """Whether any defence of `victim` draws."""
    return any(layer.draws_at_random for layer in layers(victim))


def forward_passes(victim: nn.Module) -> int:
    """How often what stands behind all defences of `victim` is run for one picture that is asked."""
    return math.prod(layer.forward_passes for layer in layers(victim))


def abstain_columns(victim: nn.Module) -> int:
    """How many columns of a victim's scores, the last ones, stand for no identity but for an abstention."""
    return sum(layer.abstain_columns for layer in layers(victim))


def with_embeddings(victim: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """Scores (B, C) and embeddings (B, D) of a Victim, defended or not.

    Raises:
        FacetrialError: a plain classifier, which shows no embeddings.
    """
    ask = getattr(victim, "with_embeddings", None)
    if ask is None:
        raise FacetrialError(
            "embeddings are to be compared, which a plain classifier does not show; give a Victim of an embedder and "
            "a head, or choose another attack/loss or defence."
        )
    return ask(images)


def with_similarities(victim: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """Scores (B, C) and the cosine similarities (B, C) to the people's gallery, both with a column for each abstention.

    Raises:
        FacetrialError: a plain classifier, or a head that keeps no gallery.
    """
    if isinstance(victim, Defended):
        return victim.with_similarities(images)
    scores, embeddings = with_embeddings(victim, images)
    return scores, similarities(embeddings, getattr(victim, "head", None))


def abstains(victim: nn.Module, scores: Tensor) -> Tensor:
    """(B,) bool: for which scores (B, C) that `victim` gave it names nobody."""
    if isinstance(victim, Defended):
        return victim.abstains(scores)
    return torch.zeros(len(scores), dtype=torch.bool, device=scores.device)


def suspicions(victim: nn.Module, images: Tensor) -> Tensor | None:
    """The highest suspicion (B,) of the victim's detectors, flagged above 1; None where it has none."""
    with torch.no_grad(), whole_float32():
        found = [suspicion for layer in layers(victim) if (suspicion := layer.suspicion(images)) is not None]
    return torch.stack(found).amax(0) if found else None


class Answer(NamedTuple):
    """What a victim says of B pictures.

    Attributes:
        scores: float32 (B, C).
        embeddings: (B, D), as by `scores_and_embeddings`, or None.
        abstains: (B,) bool, of which pictures it names nobody.
        suspicion: (B,), as by `suspicions`, or None.
    """

    scores: Tensor
    embeddings: Tensor | None
    abstains: Tensor
    suspicion: Tensor | None


def answer(victim: nn.Module, images: Tensor) -> Answer:
    """All that `victim` says of images (B, 3, H, W), as a verdict is taken."""
    scores, embeddings = scores_and_embeddings(victim, images)
    return Answer(scores, embeddings, abstains(victim, scores), suspicions(victim, images))


def unchecked(victim: nn.Module) -> nn.Module:
    """`victim` for a layer in front of it, which has seen to the images' range and may leave it."""
    if not (isinstance(victim, (Victim, Defended)) and victim.checked):
        return victim
    made = shallow(victim)
    made.checked = False
    return made


def shallow(module: M) -> M:
    """A copy that shares parameters and submodules, but whose own attributes can be set."""
    made = copy.copy(module)
    for registry in ("_modules", "_parameters", "_buffers"):
        made.__dict__[registry] = dict(module.__dict__[registry])
    return made


def scores_and_embeddings(victim: nn.Module, images: Tensor) -> tuple[Tensor, Tensor | None]:
    """Scores (B, C) as by `scores_of`, and the unit-norm embeddings (B, D) that the victim took them from.

    None in their place where there is not one embedding a picture: a plain classifier has none, nor one that scores
    people itself, and votes over changed copies of a picture rest on many.
    """
    model = base_model(victim)
    if not isinstance(model, Victim) or isinstance(model.head, ScoresHead):
        return scores_of(victim, images), None
    seen: list[Tensor] = []
    hook = model.embedder.register_forward_hook(lambda module, inputs, output: seen.append(output.detach()))
    try:
        scores = scores_of(victim, images)
    finally:
        hook.remove()
    if len(seen) != 1 or len(seen[0]) != len(images):
        return scores, None
    return scores, F.normalize(seen[0].float())
