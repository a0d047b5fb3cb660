"""The pictures that a trial keeps while it runs, so that its showcase can be made when all rows are known."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from torch import Tensor

from facetrial.core.plain import Measured
from facetrial.trial.rows import ATTACKED, at_stake
from facetrial.trial.shards import Shards

Pictures = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""For each file the clean and the attacked picture, float32 (3, H, W) in [0, 1]."""
WORST, JUST_FOOLED, JUST_ROBUST, EVENLY = "worst", "just_fooled", "just_robust", "evenly"
EACH = 4  # cases of a kind


@dataclass(frozen=True)
class Answer:
    """Who the recogniser named, whether rightly, and by what margin: above 0 is recognised."""

    predicted: str
    correct: bool
    margin: Measured


@dataclass(frozen=True)
class Case:
    """A picture of the showcase.

    Attributes:
        kind: why it is shown.
        file: of the picture.
        identity: who is on it.
        gain: by how much the perturbation is magnified.
        name: what the names of its files begin with.
        clean: what is said of it as it is.
        attacked: what is said of it attacked.
    """

    kind: str
    file: str
    identity: str
    gain: int
    name: str
    clean: Answer
    attacked: Answer


def choose_cases(rows: pd.DataFrame, each: int = EACH) -> dict[str, list[str]]:
    """The files that say most, of the pictures at stake, at most `each` of a kind.

    `worst`: the attack succeeded, and the margin under attack is lowest. `just_fooled`: it succeeded, and the margin is
    nearest to 0. `just_robust`: it failed, and the margin is nearest to 0. Ties go by file, so that the same rows give
    the same files in any order, and the chosen of all rows are among the chosen of their parts.

    Args:
        rows: verdict rows, of a batch or of a whole trial; under the goal impersonation with `target`.
        each: how many.
    """
    goal = "impersonation" if "target" in rows else "dodging"
    risked, hits = at_stake(rows[rows["status"] == ATTACKED], goal)
    margins = risked.set_index("file")["margin_attacked"].astype(float)
    fooled, robust = margins[hits], margins[~hits]
    ranked = {WORST: fooled, JUST_FOOLED: fooled.abs(), JUST_ROBUST: robust.abs()}
    chosen = {}
    for kind, scores in ranked.items():
        scores = scores[np.isfinite(scores)].sort_index().sort_values(kind="stable")
        chosen[kind] = scores.index[:each].tolist()
    chosen[JUST_FOOLED] = [file for file in chosen[JUST_FOOLED] if file not in chosen[WORST]]
    return chosen


class KeptCases:
    """Keeps the pictures that say most of all that one process has seen, and those that are to be kept in any case.

    Never more than a showcase takes, however long the trial. Processes and starts of a trial know nothing of one
    another: what says most of all rows says most of the rows that one of them saw, so it is kept.

    Args:
        shards: where pictures go.
        always: files that are kept in any case.
    """

    def __init__(self, shards: Shards, always: set[str]) -> None:
        self.shards = shards
        self.always = always
        self._rows: pd.DataFrame | None = None
        self._pushed_out: set[str] = set()

    def keep(self, rows: pd.DataFrame, clean: Tensor, attacked: Tensor) -> None:
        """Writes those of a batch that are to be kept so far; to be called before the batch's rows are written.

        Args:
            rows: B verdict rows.
            clean: (B, 3, H, W) in [0, 1].
            attacked: the same pictures, attacked.
        """
        known = rows if self._rows is None else pd.concat([self._rows, rows], ignore_index=True)
        chosen = {file for files in choose_cases(known).values() for file in files}
        for row, file in enumerate(rows["file"]):
            if file in chosen | self.always:
                pictures = (np.asarray(images[row].float().cpu()) for images in (clean, attacked))
                self.shards.write_picture(file, *pictures)
        before = set() if self._rows is None else set(self._rows["file"])
        self._pushed_out |= before - chosen - self.always
        self._rows = known[known["file"].isin(chosen)].reset_index(drop=True)

    def forget(self) -> None:
        """Removes what others have pushed out; to be called when the rows of these others are written."""
        for file in self._pushed_out:
            self.shards.drop_picture(file)
        self._pushed_out = set()


def kept_pictures(shards: Shards, rows: pd.DataFrame, always: set[str]) -> Pictures:
    """The pictures of a finished trial's showcase, those that say most first; the others of these rows are removed.

    Args:
        shards: where `KeptCases` of all processes and starts kept them.
        rows: all verdict rows.
        always: files that were kept in any case.
    """
    wanted = _wanted(rows, always)
    for file in set(rows["file"]) - set(wanted):
        shards.drop_picture(file)
    return {file: picture for file in wanted if (picture := shards.read_picture(file)) is not None}


def lost_pictures(shards: Shards, rows: pd.DataFrame, always: set[str]) -> set[str]:
    """The files of these rows whose picture `KeptCases` kept, and that is not there as it was written."""
    return {file for file in _wanted(rows, always & set(rows["file"])) if shards.read_picture(file) is None}


def _wanted(rows: pd.DataFrame, always: set[str]) -> list[str]:
    chosen = [file for files in choose_cases(rows).values() for file in files]
    return list(dict.fromkeys([*chosen, *sorted(always)]))
