"""Networks and functions that others wrote, before they are attacked: each is asked once, and taken or refused."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from inspect import unwrap
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from facetrial.core.errors import FacetrialError, first_line


class Function(nn.Module):
    """A function of tensors as a module in eval mode.

    Args:
        function: from a tensor to a tensor; of a method of a module, that module is part of this one.
        names: the people's, where it is a victim of which they are known.
    """

    def __init__(self, function: Callable[[Tensor], Tensor], names: list[str] | None = None) -> None:
        super().__init__()
        self.function = function
        self.names = names
        owner = getattr(function, "__self__", None)
        if isinstance(owner, nn.Module):
            self.owner = owner
        self.training = False

    def forward(self, inputs: Tensor) -> Tensor:
        return self.function(inputs)


def as_module(given: Any, what: str) -> nn.Module:
    """A module as it is, another callable as a module.

    Raises:
        FacetrialError: neither, or the class of a module where an object of it is asked for.
    """
    if isinstance(given, nn.Module):
        return given
    if isinstance(given, type) or not callable(given):
        found = f"the class {given.__name__}" if isinstance(given, type) else f"a {type(given).__name__}"
        raise FacetrialError(f"{what} must be a torch.nn.Module or a function of a tensor, found {found}.")
    return Function(given)


def check_eval_mode(victim: nn.Module, what: str = "victim") -> None:
    """Raises FacetrialError for a layer in train mode that would draw, or go by the batch and move its statistics."""
    if not isinstance(victim, nn.Module):
        raise FacetrialError(f"the {what} must be a torch.nn.Module, found a {type(victim).__name__}.")
    if victim.training:
        raise FacetrialError(f"the {what} is in train mode; call {what}.eval() first.")
    for name, layer in victim.named_modules():
        if _trains(layer):
            raise FacetrialError(
                f"the {what}'s layer {name} ({type(layer).__name__}) is in train mode; call {what}.eval() first, and "
                "do not override train() or eval()."
            )


def _trains(layer: nn.Module) -> bool:
    """Whether a layer is in train mode and its code looks at that; a new gallery, for one, has no mode."""
    if not layer.training:
        return False
    kinds = set(type(layer).__mro__) - {nn.Module, object}
    functions = [part for kind in kinds for part in vars(kind).values() if isinstance(part, FunctionType)]
    looks = any("training" in unwrap(function).__code__.co_names for function in functions)
    return looks or isinstance(layer, torch.jit.ScriptModule)  # whose code cannot be seen


def called(network: nn.Module) -> str:
    """The name of a network's class, or of the function that stands in its place."""
    if not isinstance(network, Function):
        return type(network).__name__
    function = network.function
    return (
        called(function) if isinstance(function, nn.Module) else getattr(function, "__name__", str(function))
    )


def other_types(network: nn.Module) -> str:
    """What to do where a network's weights are of another type than pictures, as a sentence with a space before it."""
    kinds = {str(weight.dtype) for weight in network.parameters() if weight.is_floating_point()}
    if kinds <= {"torch.float32"}:
        return ""
    return f" Its weights are {', '.join(sorted(kinds))}, and pictures are float32: call float() on it first."


def as_victim(given: Any, images: Tensor, what: str = "victim") -> tuple[nn.Module, int]:
    """A classifier of whatever kind as a victim, and how many people it scores.

    It is shown the first picture alone, and the first two. What it says of them is not looked at: scores that are not
    finite are nobody's.

    Args:
        given: a module, or a function, from images (B, 3, H, W) in [0, 1] to scores (B, C).
        images: float32 (N, 3, H, W), N at least 1.
        what: what to call it in messages.

    Raises:
        FacetrialError: it has a layer in train mode, fails, writes into what it is shown, or gives something else
            than scores (B, C) of at least two people.
    """
    victim = as_module(given, f"the {what}")
    check_eval_mode(victim, what)
    if any(tensor.is_inference() for tensor in victim.parameters()):
        raise FacetrialError(
            f"the {what}'s weights were made under torch.inference_mode, which leaves them without slopes; make it "
            "outside."
        )
    people = [_asked(victim, images[:count].clone(), what) for count in (1, 2)]
    if people[0] != people[1]:
        raise FacetrialError(
            f"the {what} scored {people[0]} people, then {people[1]}; expected the same each time."
        )
    return victim, people[0]


def _asked(victim: nn.Module, images: Tensor, what: str) -> int:
    """How many people a victim scores, (B, C), of images (B, 3, H, W)."""
    shape, shown = tuple(images.shape), images.clone()
    try:
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False), _eval_mode_only(what):
            scores = victim(shown)
    except FacetrialError:
        raise
    except Exception as error:  # the network's own code raises what it likes
        raise FacetrialError(
            f"the {what} cannot score images {shape} in [0, 1]: {first_line(error)}. Give pictures of the size that it "
            f"takes, any number at a time, on its device.{other_types(victim)}"
        ) from error
    if not torch.equal(shown, images):
        raise FacetrialError(
            f"the {what} writes into the pictures that it is shown; let it compute in new tensors, not in place."
        )
    if not isinstance(scores, Tensor):
        raise FacetrialError(
            f"the {what} gave {_kind(scores)} for images {shape}; expected scores (B, C), a "
            f"tensor.{_pick(scores, what)}"
        )
    if scores.layout != torch.strided or scores.is_nested:
        kind = "a nested tensor" if scores.is_nested else f"a tensor of {scores.layout}"
        raise FacetrialError(
            f"the {what} gave {kind} for images {shape}; expected dense scores (B, C): give scores.to_dense()."
        )
    if scores.ndim != 2 or len(scores) != len(images) or scores.is_complex():
        raise FacetrialError(
            f"the {what} gave {scores.dtype} of shape {tuple(scores.shape)} for images {shape}; expected scores "
            f"({len(images)}, C), one of each person."
        )
    if scores.shape[1] < 2:
        raise FacetrialError(
            f"the {what} gave {scores.shape[1]} score a picture; expected one of each of at least two people. Of one "
            "score s, positive for the second, give torch.cat([-s, s], 1)."
        )
    return scores.shape[1]


@contextmanager
def _eval_mode_only(what: str) -> Iterator[None]:
    """Stops at the first module in train mode that is run, also inside a function, before it moves its statistics."""

    def look(module: nn.Module, inputs: Any) -> None:
        if _trains(module):
            raise FacetrialError(
                f"the {what} runs {type(module).__name__} in train mode; call eval() on its network first."
            )

    hook = register_module_forward_pre_hook(look)
    try:
        yield
    finally:
        hook.remove()


def _kind(scores: Any) -> str:
    if isinstance(scores, Mapping):
        return f"a {type(scores).__name__} with {', '.join(map(repr, list(scores)[:5]))}"
    if isinstance(scores, list | tuple):
        return f"a {type(scores).__name__} of {len(scores)}"
    return "nothing" if scores is None else f"a {type(scores).__name__}"


def _pick(scores: Any, what: str) -> str:
    """How to pick the first part that could be scores of what is no tensor, as a sentence with a space before it."""
    parts = dict(enumerate(scores)) if isinstance(scores, list | tuple) else scores
    items = parts.items() if isinstance(parts, Mapping) else ()
    fitting = [key for key, part in items if isinstance(part, Tensor) and part.ndim == 2]
    if not fitting:
        return ""
    return f" Give a function that picks them: lambda images: {what}(images)[{fitting[0]!r}]."
