"""What an embedder must be, whoever wrote it. It is asked once, when it is made."""

import logging

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError, first_line
from facetrial.recognition.foreign import check_eval_mode, other_types
from facetrial.recognition.victim import device_of

log = logging.getLogger(__name__)

_UNIT = 1e-3  # how far from 1 the norm of a unit-norm embedding may be
_SAME = (
    1e-2  # how far a picture's unit-norm embedding may move with the batch: convolutions round differently
)
_DIFFERENT = 1e-6  # how far the embeddings of two pictures that share nothing must be apart


class UnitNorm(nn.Module):
    """An embedder whose embeddings (B, D) are scaled to unit norm.

    Args:
        network: from images (B, 3, H, W) to embeddings (B, D) of any norm.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.last_blocks = tuple(f"network.{name}" for name in getattr(network, "last_blocks", ("",)))
        self.has_slope = getattr(network, "has_slope", True)

    def forward(self, images: Tensor) -> Tensor:
        return F.normalize(self.network(images))


def meeting_contract(embedder: nn.Module, size: int, alignment: str, name: str) -> nn.Module:
    """The embedder, if it is one: from images (B, 3, size, size) in [0, 1] to unit-norm embeddings (B, D), in slopes.

    Embeddings of another norm are normalised, and said so. Attributes that others ask an embedder for are set where
    it lacks them: `size`, `alignment`, `dimension` (D) and `last_blocks` (prefixes of the parameters that are trained
    unless `model.trainable` names others; all). One that says that it has no slope (`has_slope`) is asked for none, and
    may find nobody on what it is shown, which is no face.

    Args:
        embedder: whatever the config made.
        size: side of its input in pixels.
        alignment: how faces are cut for it.
        name: what to call it in messages.

    Raises:
        FacetrialError: it is no network, stays in train mode, does not take such images, gives no batch of vectors,
            gives some that are not finite, gives all pictures the same, lets one picture of a batch change another's,
            or has no slope and does not say so.
    """
    if not isinstance(embedder, nn.Module):
        raise FacetrialError(
            f"{name} gave a {type(embedder).__name__}; expected a torch.nn.Module from images (B, 3, {size}, {size}) "
            "in [0, 1] to embeddings (B, D)."
        )
    was_training = {module: module.training for module in embedder.modules()}
    embedder.eval()
    try:
        check_eval_mode(embedder, "embedder")
        norms, dimension = _asked(embedder, size, name)
    finally:
        for module, training in was_training.items():
            module.training = training
    known = getattr(embedder, "dimension", dimension)
    if known != dimension:
        raise FacetrialError(f"{name} says its dimension is {known} and gives embeddings of {dimension}.")
    if (norms - 1).abs().max() > _UNIT and getattr(embedder, "people", None) is None:
        log.info("%s gives embeddings of norm %.3g; they are normalised.", name, norms.mean())
        embedder = UnitNorm(embedder)
    for attribute, value in {
        "size": size,
        "alignment": alignment,
        "dimension": dimension,
        "last_blocks": ("",),
    }.items():
        if not hasattr(embedder, attribute):
            setattr(embedder, attribute, value)
    return embedder


def _asked(embedder: nn.Module, size: int, name: str) -> tuple[Tensor, int]:
    """Norms of the embeddings of a few pictures, and their dimension; raises unless they are embeddings."""
    generator = torch.Generator().manual_seed(0)
    # Smooth, as faces are: a network that averages over pixels makes the same of any noise.
    images = F.interpolate(torch.rand(3, 3, 6, 6, generator=generator), (size, size), mode="bilinear")
    images = images.to(device_of(embedder)).requires_grad_()
    has_slope = getattr(embedder, "has_slope", True)
    with torch.enable_grad():
        embeddings = _embedded(embedder, images, name)
        found_nobody = embeddings.isnan().all(1)
        if not has_slope and found_nobody.any():
            return torch.ones(len(embeddings)), embeddings.shape[1]
        if not embeddings.isfinite().all():
            raise FacetrialError(
                f"{name} gave embeddings that are not finite. Are its weights loaded, and does it standardise images "
                "in [0, 1] itself?"
            )
        if has_slope:
            _check_slope(embeddings, images, name)
        vectors = F.normalize(embeddings.detach().float())
        if torch.pdist(vectors).min() < _DIFFERENT:
            raise FacetrialError(
                f"{name} gave pictures that share nothing the same embedding, so it cannot tell people apart. Are its "
                "weights loaded, and does it standardise images in [0, 1] itself, not in [0, 255]?"
            )
        alone = F.normalize(_embedded(embedder, images[:1], name).detach().float())
    if (alone - vectors[:1]).norm() > _SAME:
        raise FacetrialError(
            f"{name} gives a picture another embedding when it comes alone than among others. In eval mode each "
            "picture must be embedded by itself."
        )
    return embeddings.detach().float().norm(dim=1), embeddings.shape[1]


def _embedded(embedder: nn.Module, images: Tensor, name: str) -> Tensor:
    """Embeddings (B, D) of images (B, 3, size, size)."""
    count, _, _, size = images.shape
    try:
        embeddings = embedder(images)
    except FacetrialError:
        raise
    except Exception as error:  # the network's own code raises what it likes
        raise FacetrialError(
            f"{name} cannot embed images ({count}, 3, {size}, {size}) in [0, 1]: {first_line(error)}. Set "
            "embedder.size to the side of its input, and have it take any number of pictures at a "
            f"time.{other_types(embedder)}"
        ) from error
    if not isinstance(embeddings, Tensor):
        found = f"a {type(embeddings).__name__}"
    elif embeddings.ndim != 2 or len(embeddings) != count or not embeddings.shape[1]:
        found = f"shape {tuple(embeddings.shape)}"
    elif not embeddings.is_floating_point():
        found = f"{embeddings.dtype}"
    else:
        return embeddings
    raise FacetrialError(
        f"{name} gave {found} for {count} images; expected embeddings of shape ({count}, D), floating-point numbers."
    )


def _check_slope(embeddings: Tensor, images: Tensor, name: str) -> None:
    if not embeddings.requires_grad:
        raise FacetrialError(
            f"{name} gives embeddings without a gradient, so no attack could follow it. Leave out torch.no_grad, "
            "detach() and NumPy between pixels and embeddings; or put it on trial as what it is, embedder=callable, by "
            "attacks that need no gradient."
        )
    # Of one coordinate only: the norm of a unit-norm embedding has no slope.
    try:
        (slope,) = torch.autograd.grad(
            embeddings[:, 0].sum(), images, allow_unused=True, materialize_grads=True, retain_graph=True
        )
    except Exception as error:  # an operation without a derivative, or what it needs was overwritten
        raise FacetrialError(
            f"{name} has no slope from its embeddings to the pixels: {first_line(error)}. Leave out what is not "
            "differentiable, and what computes in place."
        ) from error
    if not slope.isfinite().all() or not slope.flatten(1).abs().amax(1).all():
        what = "a slope that is not finite" if not slope.isfinite().all() else "no slope"
        raise FacetrialError(
            f"{name} has {what} from its embedding to the pixels of some picture, so no attack could follow it. Leave "
            "out rounding, detach() and what is not differentiable."
        )
