"""`summary.json`: written whole, read back strictly."""

from pathlib import Path
from typing import Any

from facetrial.core.errors import FacetrialError
from facetrial.core.plain import from_plain, read_json
from facetrial.metrics.summary import SCHEMA, TrialSummary
from facetrial.runtime.old_names import with_new_names


def read_summary(path: str | Path) -> TrialSummary:
    """A `summary.json`; one of 0.1, which had no schema number, with the names of today.

    Raises:
        FacetrialError: it cannot be read, is not a summary, or is of another schema; what is wrong in it is named.
    """
    plain = read_json(path)
    if not isinstance(plain, dict) or "robust_accuracy" not in plain:
        raise FacetrialError(f"{path} is not the summary of a trial. Run the trial again.")
    if "schema" not in plain:
        plain = _of_0_1(plain)
    elif plain["schema"] != SCHEMA:
        raise FacetrialError(
            f"{path} has schema {plain['schema']!r}, and this version of Facetrial reads {SCHEMA}. Read it with the "
            "version that wrote it (`versions` in it), or run the trial again."
        )
    return from_plain(TrialSummary, plain, path)


def _of_0_1(plain: dict[str, Any]) -> dict[str, Any]:
    """A summary up to 0.1 in the form of today.

    What its attack and defence were called by, it says in words alone: these are taken whole. Its figures of tasks and
    of pairs are left out: they rest on other weights, and on thresholds of the pictures that were scored.
    """
    for changed in ("tasks", "pairs"):
        plain.pop(changed, None)
    if "detection" in plain:
        plain["flagging"] = plain.pop("detection")
    defenses = [] if plain.get("defense") == "none" else [plain.get("defense")]
    chosen: dict[str, Any] = {
        "attack": plain.get("attack"),
        "attack_changes": {},
        "defenses": defenses,
        "defense_changes": {},
    }
    added = {"schema": SCHEMA, "chosen": chosen, "attack_parts": {}, "noise_level": None, "class_size": None}
    return {**added, **with_new_names(plain)}
