"""Makes the embedder that a config describes, the project's own or the user's."""

import functools
import inspect
import json
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from torch import nn

from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.contract import meeting_contract

# What a config says of every embedder, for those who cut its faces; it need not ask for it itself.
_OF_THE_FACES = ("size", "alignment")


def make_embedder(settings: Mapping[str, Any], pretrained: bool = True) -> nn.Module:
    """The embedder of a config of the group `embedder`, held to the contract of embedders.

    Args:
        settings: plain; `_target_`, a class or a function that returns a network; `size` and `alignment`, how faces are
            cut for it; and what the target takes.
        pretrained: False where weights come from a checkpoint: a target that does without weights (`weights=None`)
            is given none.

    Raises:
        FacetrialError: the target is not found, cannot be made with these settings, or is no embedder.
    """
    target = settings.get("_target_")
    if target is None:
        raise FacetrialError(
            "embedder._target_ is not given: name the class, embedder._target_=my_module.MyEmbedder."
        )
    for key in _OF_THE_FACES:
        if key not in settings:
            raise FacetrialError(
                f"embedder.{key} is not given, which says how faces are cut; keep it, also where the class does not "
                "take it."
            )
    given = dict(settings)
    takes = _parameters(_located(target))
    if takes is not None:
        given = {name: settings[name] for name in settings if name not in _OF_THE_FACES or name in takes}
    if not pretrained and "weights" in settings and takes and takes.get("weights") is None:
        given["weights"] = None
    try:
        embedder = instantiate(given)
    except (InstantiationException, SystemExit) as error:  # a class may end a process, for want of a licence
        raise _explained(error, target) from error
    return meeting_contract(embedder, settings["size"], settings["alignment"], _short(target))


def own_content(settings: Mapping[str, Any]) -> str | None:
    """A short name for all the numbers of a network of which the config does not tell; None where it does.

    What a class of the user's reads, and from where, no config tells; a network with other weights under the same
    name is another network. A class says for itself that its config does, or does not: `weights_in_config`.
    """
    target = settings.get("_target_")
    ours = target is not None and target.startswith("facetrial.")
    return None if said_by_class(settings, "weights_in_config", ours) else _content(json.dumps(settings))


def has_slope(settings: Mapping[str, Any]) -> bool:
    """Whether gradients pass through the embedder of a config, by what its class says; nothing is made for it."""
    return said_by_class(settings, "has_slope", True)


def deciding(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an embedder less those of which its class says that they change no answer."""
    nothing = said_by_class(settings, "decides_nothing", ())
    return {key: value for key, value in settings.items() if key not in nothing}


def said_by_class(settings: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    """An attribute of the class that makes an embedder; `otherwise` where it has none of that name."""
    target = settings.get("_target_")
    return getattr(_located(target) if target else None, name, otherwise)


@functools.cache
def _content(settings: str) -> str:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # so that one that starts from chance has a name too
        return digest(make_embedder(json.loads(settings)).state_dict())


def _located(target: str) -> Callable:
    try:
        found = get_object(target)
    except Exception as error:  # an error in the module that is imported is of any type
        cause = error.__cause__ or error
        raise FacetrialError(
            f"embedder._target_={target} cannot be imported: {type(cause).__name__}: {_one_line(cause)}. The module "
            "must lie in the folder that the command is started in, be installed, or be found through PYTHONPATH."
        ) from error
    if not callable(found):
        raise FacetrialError(
            f"embedder._target_={target} is a {type(found).__name__}; name a class, or a function that returns a "
            "network."
        )
    return found


def _parameters(target: Callable) -> dict[str, object] | None:
    """Names and defaults of a target's parameters; None where it takes any, or does not say."""
    if getattr(target, "__init__", None) is nn.Module.__init__:
        return {}  # whose signature takes any, and who refuses all
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):  # written in C
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    return {name: parameter.default for name, parameter in parameters.items()}


def _explained(error: BaseException, target: str) -> FacetrialError:
    cause: BaseException = error
    while cause.__cause__ is not None and not isinstance(cause, FacetrialError):
        cause = cause.__cause__
    if isinstance(cause, FacetrialError):
        return cause
    frames = traceback.extract_tb(cause.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return FacetrialError(
        f"embedder._target_={target} cannot be made: {type(cause).__name__}: {_one_line(cause)}{where}. Give it what "
        "it takes, +embedder.NAME=VALUE, and take away what it does not, ~embedder.NAME; size and alignment stay, and "
        "are handed to who names them or takes any (**settings)."
    )


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _short(target: str) -> str:
    return target.removeprefix("facetrial.recognition.")
