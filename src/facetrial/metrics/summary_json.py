"""`summary.json`: strict JSON, written whole, read back as it was written."""

import json
import math
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from facetrial.core.errors import FacetrialError
from facetrial.core.files import written_whole
from facetrial.runtime.old_names import with_new_names

PACKAGES = ("torch", "lightning", "facenet-pytorch", "scikit-learn", "facetrial")


def versions() -> dict[str, str]:
    """Python's version and those of the packages that decide a figure."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def write_json(content: Mapping[str, Any], path: str | Path) -> None:
    """Writes strict JSON, whole: NaN and infinities become null, numpy's numbers plain ones."""
    text = json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False)
    with written_whole(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_summary(path: str | Path) -> dict[str, Any]:
    """A `summary.json`, with the names of today.

    Raises:
        FacetrialError: it cannot be read or is not a summary.
    """
    try:
        summary = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FacetrialError(f"cannot read {path}: {error}. Run the trial again.") from error
    if not isinstance(summary, dict) or "robust_accuracy" not in summary:
        raise FacetrialError(f"{path} is not the summary of a trial. Run the trial again.")
    if "detection" in summary:  # up to 0.1
        summary["flagging"] = summary.pop("detection")
    return with_new_names(summary)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
