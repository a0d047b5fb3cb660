"""Values are held to what a signature says: those of a config (`runtime.settings`), and those of a call from Python."""

import functools
import inspect
import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Says, Unit

P = ParamSpec("P")
R = TypeVar("R")

_PACKAGE = __name__.partition(".")[0]


def read_setting(key: str, annotation: Any, value: Any) -> Any:
    """The value of a setting as its annotation reads it; what pydantic cannot describe is let through.

    Args:
        key: its full name, for the error.
        annotation: of a parameter: a type, or one of the names in `core.settings`.
        value: plain: numbers, text, lists and mappings; a number of NumPy's counts as a number.

    Raises:
        FacetrialError: it is not what the annotation says.
    """
    adapter = _adapter(annotation)
    if adapter is None:
        return value
    try:
        # Read as JSON: a list may stand for a tuple and text for a path, and nothing else is converted.
        return adapter.validate_json(json.dumps(value, default=_plain), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "value_error":
            raise FacetrialError(f"{key}: {first['ctx']['error']}.") from None
        raise FacetrialError(f"{key} {says(annotation)}, found {shown(value)}.") from None


def is_described(annotation: Any) -> bool:
    """Whether values can be checked by it: plain types can, classes of this package, tensors and such cannot."""
    return _adapter(annotation) is not None


def says(annotation: Any) -> str:
    """What is expected, as the end of a sentence: "must be a whole number from 1 on or null"."""
    metadata = annotation.__metadata__ if get_origin(annotation) is Annotated else ()
    unit = "".join(f" ({part.text})" for part in metadata if isinstance(part, Unit))
    for part in metadata:
        if isinstance(part, Says):
            return part.text + unit
    if metadata:
        return says(annotation.__origin__) + unit
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        null = " or null" if type(None) in inner else ""
        options = [says(option) for option in inner if option is not type(None)]
        return ", or ".join([options[0], *(option.removeprefix("must ") for option in options[1:])]) + null
    if origin is Literal:
        return f"must be {'one of ' * (len(inner) > 1)}{', '.join(map(str, inner))}"
    if origin is not None and issubclass(origin, Mapping):
        return f"must be keys with values, each of which {says(inner[1])}"
    if origin is not None and issubclass(origin, Sequence):
        return f"must be a list, of which each {says(inner[0])}"
    return _PLAIN.get(annotation, f"must be a {getattr(annotation, '__name__', annotation)}")


def shown(value: Any) -> str:
    """A value as a config writes it."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return repr(value) if isinstance(value, str) else str(value)


def parameters(made: Callable[..., Any]) -> tuple[dict[str, Any], bool]:
    """Annotations of what a class or function takes by name, Any where there is none; and whether it takes any name.

    Of a class that hands names on (`**settings`), those of the classes behind it count too.
    """
    found: dict[str, Any] = {}
    classes = inspect.getmro(made) if inspect.isclass(made) else ()
    takes_any = False
    levels: list[Callable[..., Any]] = [c for c in classes if "__init__" in vars(c)]
    for level in levels or [made]:
        if level is object:
            return found, takes_any or any("__new__" in vars(c) for c in classes[:-1])
        function = level.__init__ if inspect.isclass(level) else level
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):  # written in C
            return found, True
        hints = _hints(function)
        named = [p for p in signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        for parameter in named[inspect.isclass(level) :]:
            found.setdefault(parameter.name, hints.get(parameter.name, Any))
        if not any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
            break
        takes_any = True
    return found, takes_any


def required(made: Callable[..., Any]) -> list[str]:
    """Names of what a class or function cannot be called without."""
    try:
        named = inspect.signature(made).parameters.values()
    except (TypeError, ValueError):  # written in C
        return []
    return [p.name for p in named if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def checked(place: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A constructor or function whose arguments are checked by its annotations, for those who call it from Python.

    Args:
        place: where its settings stand in a config, for the error: "attack.method".
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature, hints = inspect.signature(function), get_type_hints(function, include_extras=True)

        @functools.wraps(function)
        def wrapped(*arguments: P.args, **keywords: P.kwargs) -> R:
            bound = signature.bind(*arguments, **keywords)
            check_values(place, {key: hints[key] for key in bound.arguments if key in hints}, bound.arguments)
            return function(*arguments, **keywords)

        return wrapped

    return decorate


def check_values(place: str, annotations: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Raises FacetrialError for the first of `values` that is not what its annotation says."""
    for key, annotation in annotations.items():
        read_setting(f"{place}.{key}", annotation, values[key])


def kept_settings(made: object) -> dict[str, Any]:
    """What an object was made with, as a config gives it: `_target_`, and what it keeps under its settings' names."""
    kind = type(made)
    place = kind.__module__.split(".")
    package = ".".join(place[:2] if place[0] == _PACKAGE else place)
    kept = {name: getattr(made, name) for name in parameters(kind)[0] if hasattr(made, name)}
    return {"_target_": f"{package}.{kind.__name__}"} | {name: _as_setting(v) for name, v in kept.items()}


def in_python(made: object) -> str:
    """An object as Python would make it, less what is as by default: "PGD(loss=Margin(), steps=20)"."""
    usual = {p.name: p.default for p in inspect.signature(type(made)).parameters.values()}
    words = []
    for name in parameters(type(made))[0]:
        value = getattr(made, name, None)
        plain = _as_setting(value)
        if value is not None and (isinstance(plain, dict) or plain != usual.get(name)):
            words.append(f"{name}={in_python(value) if _is_ours(value) else repr(plain)}")
    return f"{type(made).__name__}({', '.join(words)})"


def _as_setting(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Real):  # NumPy's
        return int(value) if isinstance(value, Integral) else float(value)
    if isinstance(value, list | tuple):
        return [_as_setting(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _as_setting(item) for key, item in value.items()}
    return kept_settings(value) if _is_ours(value) else repr(value)


def _is_ours(value: object) -> bool:
    """Whether an object is of a class of this package, or of one that is derived from one."""
    return any(kind.__module__.startswith(f"{_PACKAGE}.") for kind in type(value).__mro__)


@functools.cache
def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    made_elsewhere = any(
        isinstance(part, type) and is_dataclass(part) for part in (annotation, *get_args(annotation))
    )
    if annotation is Any or made_elsewhere:
        return None
    try:
        return TypeAdapter(annotation, config=ConfigDict(allow_inf_nan=False))
    except PydanticUserError:  # a class that pydantic does not know, or that brings a config of its own
        return None


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except Exception:  # names that are imported for type checkers only
        return {}


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "item"):
        return value.item()
    return list(value) if isinstance(value, Sequence) else repr(value)


_PLAIN = {
    int: "must be a whole number",
    float: "must be a number",
    bool: "must be true or false",
    str: "must be text",
    type(None): "must be null",
}
