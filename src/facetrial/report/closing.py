"""What a finished trial says last: how strong its attack was, what to try next, and where its report lies."""

import os
from pathlib import Path

from facetrial.metrics.summary import TrialSummary
from facetrial.report.strength import attack_in_words

_MOST = 3  # suggestions
_STEPPED = ("Linf", "L2", "L1", "RMS")  # budgets that PGD has a step for


def closing_lines(summary: TrialSummary, folder: Path) -> list[str]:
    """The last lines on the console, the report's path at the very end.

    Args:
        summary: of the trial.
        folder: of the run.
    """
    steps = next_steps(summary)
    return [
        f"Strength: {strength_sentence(summary)}",
        *(f"Next: {step}" for step in steps[:_MOST]),
        f"Report: {_shown(folder / 'report.html')}",
    ]


def strength_sentence(summary: TrialSummary) -> str:
    """How strong the attack was, and what a second attack, in full strength, did to the pictures that it left."""
    name, weak = attack_in_words(summary), summary.weak_on_purpose
    second = summary.checks.get("reference")
    found = "" if second is None or second.passed is None else second.detail
    if weak is not None:
        # The check says of such an attack that it is weak, too.
        return f"{name} is {found or f'weak on purpose ({weak})'}."
    return f"{name} is in full strength by its kind; {found or 'no second attack was held against it'}."


def next_steps(summary: TrialSummary) -> list[str]:
    """What is worth a try after this trial, the most telling first: words for the same command, and why."""
    steps = [
        f"{check.remedy} (the check {name} failed)"
        for name, check in summary.failed_checks.items()
        if check.remedy is not None
    ]
    left = summary.left_robust
    if summary.weak_on_purpose is not None and not summary.of_pairs:
        steps.append(_stronger(summary))
    elif left.n and left.value > 0 and summary.chosen.attack != "auto":
        steps.append("attack=auto, five attacks one after another on what is still robust")
    if summary.weak_on_purpose is None and summary.chosen.defenses == () and left.n and left.value < 0.5:
        steps.append("defense=adv_pgd, a recogniser that is trained against such an attack")
    if summary.limit is not None:
        steps.append("the same without data.limit, of all test pictures")
    if summary.synthetic:
        steps.append("data=folder data.root=PEOPLE, a folder with one folder of photographs a person")
    elif not set(summary.checks) & {"unbounded_budget", "more_steps"}:
        steps.append("checks=thorough, which attacks a few pictures further")
    return steps


def _stronger(summary: TrialSummary) -> str:
    """The same attack in full strength, where it is the method alone that is weak; else another one."""
    if summary.black_box:
        if summary.chosen.attack != "square":
            return "attack=square, a search by scores, the most that can be done without slopes"
        return "attack=transfer attack.surrogate=NAME, changes that are found on another recogniser"
    budget = summary.attack_parts.get("budget")
    kind = str(budget.get("_target_", "")).rpartition(".")[2] if isinstance(budget, dict) else ""
    knows_all = summary.attack_parts.get("adaptive", True) and not summary.attack_parts.get("surrogate")
    if kind in _STEPPED and knows_all:
        return "attack/method=pgd, what gradient steps leave of the same place and size"
    return "attack=pgd, what an attack in full strength leaves"


def _shown(path: Path) -> str:
    absolute = Path(os.path.abspath(path))
    here = Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
