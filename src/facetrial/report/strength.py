"""How strong an attack was, in words: its budget, and how long it looked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from facetrial.metrics.names import Chosen
from facetrial.metrics.summary import TrialSummary

# Of each budget, the key of its size, and how that is said.
_BUDGETS = {
    "Linf": ("eps", "Linf {}/255"), "L2": ("eps", "L2 {}"), "L1": ("eps", "L1 {}"), "RMS": ("rms", "RMS {}"),
    "L0": ("pixels", "{} pixels"), "Area": ("area", "{} of the picture's area"),
}  # fmt: skip
_LENGTHS = {
    "steps": "{:,} steps", "restarts": "{} starts", "queries": "{:,} queries", "generations": "{} generations",
    "epochs": "fitted for {} epochs",
}  # fmt: skip


def attack_in_words(summary: TrialSummary) -> str:
    """The attack and its strength: "pgd (Linf 8/255, 40 steps)"."""
    return strength_in_words(summary.attack, summary.chosen, summary.attack_parts)


def strength_in_words(name: str, chosen: Chosen, parts: Mapping[str, Any]) -> str:
    """The same of an attack of that name, as it was chosen, with the settings of its parts."""
    how = strength(parts)
    if how and name == chosen.attack_name:  # which says what was changed, of the strength too
        told = {f"budget.{key}" for key, _ in _BUDGETS.values()} | {f"method.{key}" for key in _LENGTHS}
        others = {key: value for key, value in chosen.attack_changes.items() if key not in told}
        name = replace(chosen, attack_changes=others).attack_name
    return f"{name} ({how})" if how else name


def strength(parts: Mapping[str, Any]) -> str:
    """The budget of an attack, as its config says it, and how long it looks; "" where that does not tell.

    >>> linf = {"_target_": "facetrial.attacks.Linf", "eps": 8.0}
    >>> strength({"budget": linf, "method": {"steps": 40, "restarts": 1}})
    'Linf 8/255, 40 steps'
    >>> strength({"budget": linf | {"eps": "2/255"}, "method": {"methods": {"pgd": {}, "square": {}}}})
    'Linf 2/255, pgd, square'
    """
    budget, method = parts.get("budget") or {}, parts.get("method") or {}
    key, form = _BUDGETS.get(str(budget.get("_target_", "")).rpartition(".")[2], ("", ""))
    size = budget.get(key)
    number = f"{size:.4g}" if isinstance(size, int | float) else str(size).removesuffix("/255")
    said = [] if size is None else [form.format(number)]
    if isinstance(method.get("methods"), Mapping):
        return ", ".join([*said, *method["methods"]])
    counts = {key: method[key] for key in _LENGTHS if isinstance(method.get(key), int)}
    return ", ".join(
        [*said, *(_LENGTHS[key].format(n) for key, n in counts.items() if (key, n) != ("restarts", 1))]
    )
