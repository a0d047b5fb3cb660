"""A composed config, checked before anything is made of it: every key is known and every value is what it may be.

What a key may be stands in the signature of what `_target_` names, and for parts without one in `runtime.schemas`.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from facetrial.core.checked_settings import is_described, parameters, read_setting, required, says, shown
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Given, Keys, Says
from facetrial.runtime import schemas
from facetrial.runtime.machine import missing_devices
from facetrial.runtime.started import check_named_once

_ADDED = ("noise_level",)  # by a trial
_OF_HYDRA = ("_target_", "_partial_", "_recursive_", "_convert_", "_args_")


@dataclass(frozen=True)
class _Fault:
    text: str
    borrowed: bool = False  # the value stands elsewhere, where it is a fault too


def check_settings(config: DictConfig) -> None:
    """Checks the whole config of an entry point; "8/255" becomes 8 in it, where that is what a key may be.

    Args:
        config: composed, with today's names (`old_names.use_new_targets`).

    Raises:
        FacetrialError: a sentence for each key that is unknown or has a value that it may not have.
    """
    schema = schemas.Evaluating if "task" in config else schemas.Training
    if schema is schemas.Training and "network" in config.get("model", ()):
        schema = schemas.TrainingLandmarks
    faults = list(_in_node(config, "", _hints(schema), closed=True))
    faults += [
        _Fault(f"{key} is missing.") for key in _hints(schema) if key not in config and key not in _ADDED
    ]
    if schema is schemas.TrainingLandmarks and config.get("privacy") == "on":
        faults.append(
            _Fault("privacy=on: model=landmarks draws the faces that it is tried on. Leave it out.")
        )
    if isinstance(defenses := config.get("defense"), DictConfig):
        check_named_once(map(str, defenses))
    if not faults:
        faults = [_Fault(text) for text in missing_devices(config.trainer)]
    own = [fault.text for fault in faults if not fault.borrowed]
    if told := own or [fault.text for fault in faults]:
        raise FacetrialError("\n".join(dict.fromkeys(told)))


def _in_node(
    node: DictConfig, place: str, annotations: Mapping[str, Any], closed: bool, takes: str = ""
) -> Iterator[_Fault]:
    """Faults in the part of a config at `place`.

    Args:
        annotations: of its keys.
        closed: whether other keys are faults.
        takes: who takes them, for the error.
    """
    for key in map(str, node):
        if key in _OF_HYDRA:
            continue
        where = f"{place}.{key}" if place else key
        if closed and key not in annotations:
            yield _Fault(_unknown(where, key, annotations, takes))
            continue
        if OmegaConf.is_missing(node, key):
            continue
        borrowed = OmegaConf.is_interpolation(node, key)
        try:
            value = node[key]
        except OmegaConfBaseException as error:
            yield _Fault(f"{where} cannot be read: {str(error).splitlines()[0]}.", borrowed)
            continue
        annotation = annotations.get(key, Any)
        if isinstance(value, DictConfig):
            if not borrowed:  # it is checked where it stands
                yield from _in_part(value, where, annotation)
            continue
        try:
            read = _value(where, annotation, value)
        except FacetrialError as error:
            yield _Fault(str(error), borrowed)
            continue
        if isinstance(value, str) and isinstance(read, float) and not borrowed:
            with open_dict(node):
                node[key] = read


def _in_part(value: DictConfig, where: str, annotation: Any) -> Iterator[_Fault]:
    """Faults in a part with keys: one that a class makes or a schema describes, one setting, or parts by name."""
    keys = next((part for part in _metadata(annotation) if isinstance(part, Keys)), None)
    own = {} if keys is None else _hints(keys.schema)
    target = value.get("_target_")
    if target is not None and not isinstance(target, str):
        yield _Fault(
            f"{where}._target_ must be text that names a class or a function, found {shown(target)}."
        )
    elif isinstance(target, str):
        yield from _in_made(value, where, annotation, own, beyond=keys is None or keys.beyond)
    elif keys is not None:
        yield from _in_node(value, where, own, closed="_target_" not in value)
        yield from _missing(value, where, own)
    elif any(map(_is_ours, _options(annotation))) and (value or not _may_be_none(annotation)):
        keys_of = f", so that its keys ({', '.join(map(str, value))}) are nobody's" if value else ""
        yield _Fault(f"{where} has no _target_{keys_of}.")
    elif is_described(annotation):
        try:
            read_setting(where, annotation, OmegaConf.to_container(value, resolve=True))
        except (FacetrialError, OmegaConfBaseException) as error:
            yield _Fault(str(error))
    else:  # parts by name, such as defences and checks
        of_each = get_args(annotation)[1] if get_origin(annotation) is Mapping else Any
        yield from _in_node(value, where, dict.fromkeys(map(str, value), of_each), closed=False)


def _in_made(
    value: DictConfig, where: str, annotation: Any, own: Mapping[str, Any], beyond: bool
) -> Iterator[_Fault]:
    """Faults in a part that its `_target_` makes.

    Args:
        own: annotations of keys that every such part may have.
        beyond: whether it may have them where its target does not take them.
    """
    target = value["_target_"]
    try:
        made = get_object(target)
    except Exception as error:  # an error in the module that is imported is of any type
        if where != "embedder":  # whoever makes it explains more
            yield _Fault(f"{where}._target_={target} cannot be imported: {_innermost(error)}.")
        return
    taken, takes_any = parameters(made)
    if not beyond:
        own = {key: said for key, said in own.items() if key in taken or takes_any}
    # What a constructor says in the words of core.settings goes before what is said of every such part.
    said_there = {
        key: said for key, said in taken.items() if any(isinstance(p, Says) for p in _metadata(said))
    }
    name = target.removeprefix("facetrial.")
    yield from _in_node(value, where, {**taken, **own, **said_there}, not takes_any, name)
    if not value.get("_partial_") and "_args_" not in value:
        given = {key for part in _metadata(annotation) if isinstance(part, Given) for key in part.names}
        needed = {key: taken[key] for key in required(made) if key not in given}
        yield from _missing(value, where, needed)


def _value(where: str, annotation: Any, value: Any) -> Any:
    """A value that is no part, as its annotation reads it."""
    plain = OmegaConf.to_container(value, resolve=True) if isinstance(value, ListConfig) else value
    given = plain is not None or not _may_be_none(annotation)
    if is_described(annotation) or annotation is Any:
        if given and any(isinstance(part, Keys) for part in _metadata(annotation)):
            raise FacetrialError(f"{where} must be a part with keys of its own, found {shown(plain)}.")
        return read_setting(where, annotation, plain)
    if given and any(map(_is_ours, _options(annotation))):
        raise FacetrialError(
            f"{where} must be a part with a _target_, found {shown(plain)}. Configs of a group are chosen with a "
            "slash, as in attack/method=pgd or attack/loss@attack.method.loss=dlr."
        )
    if get_origin(annotation) is Mapping and any(map(_is_ours, _options(get_args(annotation)[1]))):
        raise FacetrialError(f"{where} must be parts by name, {{}} for none, found {shown(plain)}.")
    return plain


def _missing(node: DictConfig, place: str, needed: Mapping[str, Any]) -> Iterator[_Fault]:
    """A fault for each key that the part at `place` cannot do without and does not have."""
    for key, annotation in needed.items():
        if key not in node:
            said = ""
            if any(map(_is_ours, _options(annotation))):
                said = "; it must be a part with a _target_"
            elif annotation is not Any and is_described(annotation):
                said = f"; it {says(annotation)}"
            yield _Fault(f"{place}.{key} is missing{said}.")


def _unknown(where: str, key: str, known: Mapping[str, Any], takes: str) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    place = where.removesuffix(key)
    if near:
        meant = f"Did you mean {place}{near[0]}?"
    elif known:
        meant = f"There are {', '.join(sorted(known))}."
    else:
        meant = "There are none."
    return f"{where} is no setting{f' of {takes}' if takes else ''}. {meant}"


def _hints(schema: type) -> dict[str, Any]:
    return get_type_hints(schema, include_extras=True)


def _metadata(annotation: Any) -> tuple:
    """What is said of an annotation and of its options, beside their types."""
    if get_origin(annotation) is Annotated:
        return annotation.__metadata__
    if get_origin(annotation) in (Union, UnionType):
        return tuple(part for option in get_args(annotation) for part in _metadata(option))
    return ()


def _options(annotation: Any) -> tuple:
    if get_origin(annotation) is Annotated:
        return _options(annotation.__origin__)
    if get_origin(annotation) in (Union, UnionType):
        return tuple(plain for option in get_args(annotation) for plain in _options(option))
    return (annotation,)


def _may_be_none(annotation: Any) -> bool:
    return type(None) in _options(annotation)


def _is_ours(option: Any) -> bool:
    return isinstance(option, type) and option.__module__.startswith("facetrial.")


def _innermost(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
