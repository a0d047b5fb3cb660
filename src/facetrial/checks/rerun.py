"""Two attacks on the same pictures: does the second bring down what the first does not?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facetrial.attacks.attack import Attack
from facetrial.attacks.result import Attacked
from facetrial.checks.base import Evidence
from facetrial.faces.batch import Faces
from facetrial.statistics.paired import mcnemar
from facetrial.trial.rows import ATTACKED, at_stake
from facetrial.trial.verdicts import change_columns, verdict_rows

_CHANCE = 0.05  # that a check fails where both attacks are as strong
_AT_ONCE = 32


@dataclass(frozen=True)
class Comparison:
    """What a second attack does to pictures that stood trial.

    Attributes:
        n: pictures that were at stake.
        robust: of these, those that withstood the trial's attack.
        brought_down: of the robust, those that the second attack brings down.
        spared: of those that the trial's attack brought down, those that withstand the second; 0 where nobody asked,
            since too few were brought down for it to matter.
        fails: whether the second brings down more, by more than the tolerance and by more than chance.
        too_few: whether so few withstood that even all of them would be no more than chance: then nobody asked.
    """

    n: int
    robust: int
    brought_down: int
    spared: int
    fails: bool
    too_few: bool = False

    def __str__(self) -> str:
        if self.too_few:
            return (
                f"{self.robust} of the pictures looked at withstood the trial's attack: too few for what a second one "
                "brings down to be more than chance"
            )
        spared = f" and spares {self.spared} that it brought down" if self.spared else ""
        return (
            f"brings down {self.brought_down} of the {self.robust} that withstood the trial's attack{spared} "
            f"({self.n} pictures)"
        )


def compared(evidence: Evidence, second: Attack, pictures: int, tolerance: float) -> Comparison | None:
    """Attacks at most `pictures` of those at stake again, with another attack.

    Those that withstood come first. Only where they alone would fail the check, were none of the others spared, is the
    second attack shown the others too.

    Args:
        evidence: of the trial.
        second: the other attack.
        pictures: at most so many, evenly over people.
        tolerance: the share of pictures by which the second may be stronger.

    Returns:
        None where no picture is at stake.
    """
    hits = hits_of(evidence.rows, evidence.attack.goal.name)
    if not hits:
        return None
    chosen = evidence.some(pictures, list(hits))
    first = np.array([hits[evidence.faces.files[i]] for i in chosen])
    return compare(
        first, lambda rows: attacked_hits(evidence, second, [chosen[row] for row in rows]), tolerance
    )


def compare(first: np.ndarray, second: Callable[[np.ndarray], np.ndarray], tolerance: float) -> Comparison:
    """The comparison itself.

    Args:
        first: bool (N,), which pictures the first attack brought down.
        second: from indices of pictures to bool, which of them the second brings down.
        tolerance: as for `compared`.
    """
    robust = np.flatnonzero(~first)
    if not _stronger(first, np.ones_like(first), tolerance):
        return Comparison(len(first), len(robust), 0, 0, False, too_few=True)
    both = first.copy()
    both[robust] = second(robust)
    if _stronger(first, both, tolerance):
        fooled = np.flatnonzero(first)
        both[fooled] = second(fooled) if len(fooled) else False
    return Comparison(
        n=len(first),
        robust=len(robust),
        brought_down=int((both & ~first).sum()),
        spared=int((first & ~both).sum()),
        fails=_stronger(first, both, tolerance),
    )


def _stronger(first: np.ndarray, second: np.ndarray, tolerance: float) -> bool:
    # The test has two sides, of which the other one fails nothing.
    return second.mean() - first.mean() > tolerance and mcnemar(first, second) < 2 * _CHANCE


def attacked_hits(evidence: Evidence, attack: Attack, chosen: list[int]) -> np.ndarray:
    """Which of the test pictures `chosen` an attack brings down, bool."""
    rows = attacked_rows(evidence, attack, chosen)
    hits = hits_of(rows, attack.goal.name)
    return np.array([hits.get(evidence.faces.files[i], False) for i in chosen], dtype=bool)


def attacked_rows(evidence: Evidence, attack: Attack, chosen: list[int]) -> pd.DataFrame:
    """Verdict rows of the test pictures `chosen` under another attack than the trial's."""
    parts = []
    for start in range(0, len(chosen), _AT_ONCE):
        part = chosen[start : start + _AT_ONCE]
        files = [evidence.faces.files[i] for i in part]
        batch = evidence.batch(part)
        attacked = attack(evidence.victim, batch, evidence.seed, files=files)
        if evidence.of_pairs:
            parts.append(_rows_of_pairs(evidence, batch, attacked, files))
        else:
            parts.append(verdict_rows(evidence.victim, batch, attacked, evidence.faces.names, files))
    return pd.concat(parts, ignore_index=True)


def _rows_of_pairs(evidence: Evidence, batch: Faces, attacked: Attacked, files: list[str]) -> pd.DataFrame:
    columns: dict[str, list] = {"file": files}
    for version, images in {"clean": batch.images, "attacked": attacked.images}.items():
        scores, own = evidence.judged(images, batch.identities)
        columns[f"correct_{version}"] = (scores.argmax(1) == own).tolist()
    return pd.DataFrame(columns | change_columns(batch, attacked))


def hits_of(rows: pd.DataFrame, goal: str) -> dict[str, bool]:
    """Of the pictures at stake, whether each was brought down, by file."""
    risked, hits = at_stake(rows[rows["status"] == ATTACKED], goal)
    return dict(zip(risked["file"], hits.tolist(), strict=True))
