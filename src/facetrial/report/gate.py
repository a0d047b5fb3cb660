"""A gate for pipelines: where a trial is not what was asked of it, its command ends with exit code 1 and a sentence."""

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback

from facetrial.core.errors import FacetrialError
from facetrial.core.plain import from_plain, read_json, write_json
from facetrial.metrics.summary import TrialSummary
from facetrial.report.junit import FILE as JUNIT
from facetrial.report.junit import Answer, write_junit
from facetrial.report.rendering.formatting import interval, left, percent, things
from facetrial.report.strength import attack_in_words
from facetrial.runtime.started import sweep_folder, sweep_root

log = logging.getLogger(__name__)

FILE = "gate.json"


@dataclass(frozen=True)
class _Gate:
    passed: bool
    answers: tuple[Answer, ...]


def answers_of(summary: TrialSummary, gate: Mapping[str, Any]) -> list[Answer]:
    """What a trial answers to each thing that its gate asks.

    Args:
        summary: of the trial.
        gate: `min_robust`, the least share that the attack may leave, or None; `trusted`, whether every check has to
            have passed.
    """
    answers = []
    if gate["min_robust"] is not None:
        answers.append(_robust(summary, gate["min_robust"]))
    if gate["trusted"]:
        checks = [
            Answer(f"check {name}", check.passed, " ".join(filter(None, (check.detail, check.remedy))))
            for name, check in summary.checks.items()
        ]
        failed = ", ".join(summary.failed_checks)
        why = f"failed: {failed}" if failed else summary.doubt
        said = "all checks passed" if summary.trusted else f"gate.trusted=true, and the trial is not ({why})"
        answers += [Answer("gate.trusted", summary.trusted, said), *checks]
    return answers


def _robust(summary: TrialSummary, least: float) -> Answer:
    robust = summary.left_robust
    asked = f"gate.min_robust={least:g}"
    if not robust.n:
        return Answer("gate.min_robust", False, f"{asked}, and nothing could be attacked")
    found = (
        f"{percent(robust.value)} of {robust.n} {things(summary)} are still {left(summary)} under the attack "
        f"{attack_in_words(summary)} (95 % interval {interval(robust)})"
    )
    weak = summary.weak_on_purpose
    note = "" if weak is None else f"; this attack is weak on purpose ({weak}), and another may leave less"
    below = robust.value < least
    compared = "less than" if below else "not less than"
    detail = f"{found}, {compared} the {100 * least:g} % that were asked ({asked}){note}"
    return Answer("gate.min_robust", not below, detail)


def hold_gate(summary: TrialSummary, gate: Mapping[str, Any], folder: Path) -> None:
    """Writes `gate.json` and `junit.xml` where anything was asked, and says what did not pass.

    Raises:
        FacetrialError: something did not pass. In a sweep it is left to `EndByGate`: other runs are to go on.
    """
    forget_gate(folder)
    answers = answers_of(summary, gate)
    if not answers:
        return
    suite = f"{summary.attack} against {summary.embedder}, defence {summary.defense}, {summary.data}"
    write_junit(folder / JUNIT, suite, summary.seconds, answers)
    write_json(_Gate(_passed(answers), tuple(answers)), folder / FILE, checksum=True)
    if _passed(answers):
        log.info("The gate is passed: %s.", answers[0].detail)
    elif sweep_folder() is None:
        raise FacetrialError(f"The gate is not passed: {_why(answers)}.")


def forget_gate(folder: Path) -> None:
    """Takes away what an earlier start was asked."""
    for name in (FILE, JUNIT):
        (folder / name).unlink(missing_ok=True)


class EndByGate(Callback):
    """Hydra's callback that ends a sweep in which trials did not pass their gate, with their names and exit code 1.

    It goes first in the config: at the end Hydra calls the first one last, when all is gathered.
    """

    def on_multirun_end(self, config: Any, **_: Any) -> None:
        folder = sweep_root(config)
        found = {path.parent: why_closed(path.parent) for path in sorted(folder.rglob(FILE))}
        closed = {run: why for run, why in found.items() if why is not None}
        for run, why in closed.items():
            log.error("%s does not pass its gate: %s.", run.relative_to(folder), why)
        if closed:
            sys.exit(1)


def why_closed(folder: Path) -> str | None:
    """Why the trial in a folder did not pass its gate; None where it did."""
    try:
        gate = from_plain(_Gate, read_json(folder / FILE), folder / FILE)
    except FacetrialError as error:
        return f"what it answered is not known ({error})"
    return None if gate.passed else _why(gate.answers)


def _passed(answers: Any) -> bool:
    return all(answer.passed is not False for answer in answers if answer.name.startswith("gate."))


def _why(answers: Any) -> str:
    return "; ".join(a.detail for a in answers if a.passed is False and a.name.startswith("gate."))
