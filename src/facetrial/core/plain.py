"""Results as files hold them: frozen dataclasses to plain values of JSON, and strictly back."""

import functools
import json
import math
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

import numpy as np
from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from facetrial.core.checked_settings import shown
from facetrial.core.digests import digest
from facetrial.core.errors import Damaged, FacetrialError
from facetrial.core.files import written_whole

T = TypeVar("T")
Measured = Annotated[
    float, Field(allow_inf_nan=True), BeforeValidator(lambda value: math.nan if value is None else value)
]
"""A number that may not be known, NaN or infinite: null in a file, and NaN when it is read from one."""
_CHECKSUM = "checksum"
_KEYS = {"eight_bit": "8bit"}  # what no attribute can be called
_STRICT = ConfigDict(
    strict=True, extra="forbid", allow_inf_nan=False, alias_generator=lambda name: _KEYS.get(name, name)
)


def to_plain(value: Any) -> Any:
    """What JSON holds of a value: of a dataclass its fields, but for those that are None by default and are so.

    NaN and infinities are None, NumPy's numbers plain ones, paths text.
    """
    if is_dataclass(value):
        found = {field: getattr(value, field.name) for field in fields(value)}
        return {
            _KEYS.get(field.name, field.name): to_plain(inner)
            for field, inner in found.items()
            if inner is not None or field.default is not None
        }
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write_json(content: Any, path: str | Path, checksum: bool = False) -> None:
    """Writes `to_plain` of it as strict JSON, whole.

    Args:
        content: what it is to hold.
        path: the file.
        checksum: whether a checksum stands in it, of what is a dict, for `read_json`.
    """
    plain = to_plain(content)
    if checksum:
        plain |= {_CHECKSUM: digest(plain)}
    text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
    with written_whole(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """The plain values of a file of strict JSON, less the checksum, where there is one.

    Raises:
        FacetrialError: it cannot be read, or is not strict JSON, which knows neither NaN nor infinities.
        Damaged: it does not agree with its checksum.
    """

    def refused(constant: str) -> None:
        raise ValueError(f"{constant} is no number of JSON")

    try:
        plain = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=refused)
    except (OSError, ValueError, RecursionError) as error:
        raise FacetrialError(f"cannot read {path}: {error}. Run the trial again.") from error
    if isinstance(plain, dict) and _CHECKSUM in plain and plain.pop(_CHECKSUM) != digest(plain):
        raise Damaged(f"{path} is damaged: it does not agree with its checksum. Run the trial again.")
    return plain


def from_plain(kind: type[T], plain: Any, place: str | Path) -> T:
    """The dataclass that `to_plain` made these values of: every key known, none missing, nothing converted.

    Args:
        kind: the dataclass.
        plain: values of JSON.
        place: where they stand, for the error.

    Raises:
        FacetrialError: they are not of this dataclass; the first key at which they are not is named.
    """
    try:
        # As JSON, in which a list stands for a tuple; the list around it hands strictness on to what lies inside.
        made: list[T] = _adapter(cast(Hashable, kind)).validate_json(json.dumps([plain], allow_nan=False))
        return made[0]
    except ValueError as error:  # as pydantic's errors are
        said = _told(error, plain) if isinstance(error, ValidationError) else str(error)
        raise FacetrialError(f"{place} {said}. Run the trial again.") from None


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(list[kind], config=_STRICT)


def _told(error: ValidationError, plain: Any) -> str:
    """The first thing that is wrong, with its place: "has per_identity.Ann.n_test: …"."""
    first = error.errors(include_url=False)[0]
    here, keys = plain, []
    for part in first["loc"][1:]:
        # Of several dataclasses that may stand in a place, the one that was tried is named too: it is no key.
        if part in here if isinstance(here, dict) else isinstance(here, list) and isinstance(part, int):
            here = here[part]
            keys.append(str(part))
    if first["type"] == "missing":
        return f"lacks the key {'.'.join([*keys, str(first['loc'][-1])])}"
    if first["type"] == "unexpected_keyword_argument":
        return f"has the unknown key {'.'.join(keys)}"
    found = json.dumps(here)[:60] if isinstance(here, dict | list) else shown(here)
    return f"has {'.'.join(keys)}: it {first['msg'].removeprefix('Input ')}, found {found}"
