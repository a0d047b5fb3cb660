"""The summary of a trial: what `summary.json` holds."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pydantic import JsonValue

from facetrial.core.errors import FacetrialError
from facetrial.metrics.certified import Certified
from facetrial.metrics.class_size import ClassSize
from facetrial.metrics.flagging import Flagging
from facetrial.metrics.names import Chosen
from facetrial.metrics.over_people import OverPeople, over_people_summary
from facetrial.metrics.parts import Cost, LeftOut, NoiseLevel, Outcome, Person, RegionUsed, versions
from facetrial.metrics.physical import Physical
from facetrial.metrics.power import Power
from facetrial.metrics.security_curve import SecurityCurve
from facetrial.metrics.tasks.pair_list import PairFigures
from facetrial.metrics.tasks.results import Tasks
from facetrial.statistics.intervals import Interval, rate_over_people
from facetrial.trial.rows import ATTACKED, at_stake, check_rows
from facetrial.trial.showcase_cases import Case

SCHEMA = 1
VERIFICATION = "verification"


@dataclass(frozen=True, kw_only=True)
class About:
    """What a trial was.

    Attributes:
        schema: number of the form in which a summary is written; a reader knows only its own.
        data: name of the data's config.
        synthetic: whether its faces are drawn.
        limit: `data.limit`, where it left test pictures out; None where all were tested.
        embedder: its name.
        head: what behind it tells people apart: "svm", "gallery", with what was changed of it.
        attack: what the attack is called.
        defense: names of the defences, "none" without.
        goal: "dodging" or "impersonation".
        seed: of the trial.
        chosen: what attack and defence are called by, for who compares trials.
    """

    schema: int = SCHEMA
    data: str
    synthetic: bool
    limit: int | None
    embedder: str
    head: str = "svm"
    attack: str
    defense: str
    goal: str
    seed: int
    chosen: Chosen


@dataclass(frozen=True, kw_only=True)
class TrialSummary(About):
    """What a trial found. Every figure is a proportion with its 95 % interval and its number of pictures.

    Attributes:
        n: number of pictures tested.
        not_attackable: of these, those that could not be attacked.
        not_reached: of those attacked, those on which the attack missed its budget; they count.
        clean_accuracy: over all pictures, as they are.
        robust_accuracy: over those that could be attacked, attacked.
        robust_accuracy_8bit: the same in 8 bits.
        attack_success: over those at stake: see `at_stake`.
        per_identity: by name; empty of pairs.
        over_people: the same figures with people in the place of pictures; None of pairs.
        checks: by name.
        trusted: whether checks were run, none failed, and some picture was attacked.
        seconds: the last start took.
        images_per_second: of the last start; None where it had nothing left to do.
        cost: of the defence; None of pairs, and of a recogniser whose answers are kept.
        versions: of Python and the packages that decide a figure.
        attack_parts: the attack's config, as it was used.
        noise_level: where it was found and not given.
        class_size: None where people do not differ in their number of training pictures.
        weak_on_purpose: the threat model of an attacker who does less than could be done; None of one in full strength.
        black_box: whether the recogniser shows no slope; None where it may.
        left_out: pictures that could not be used; None where all were.
        region: None of pairs, as are `power`, `tasks` and `cases`.
        certified: of a certified victim.
        flagging: of a victim with detectors.
        curve: of an attack that looks for the smallest change.
        physical: where pictures were sent anywhere.
        task: "verification" of pairs; None of pictures.
        pairs: of a list of pairs.
    """

    n: int
    not_attackable: int
    not_reached: int
    clean_accuracy: Interval
    robust_accuracy: Interval
    robust_accuracy_8bit: Interval
    attack_success: Interval
    per_identity: Mapping[str, Person]
    checks: Mapping[str, Outcome]
    trusted: bool
    seconds: float
    images_per_second: float | None
    cost: Cost | None
    versions: Mapping[str, str]
    attack_parts: Mapping[str, JsonValue]
    noise_level: NoiseLevel | None
    class_size: ClassSize | None
    over_people: OverPeople | None = None
    weak_on_purpose: str | None = None
    black_box: bool | None = None
    left_out: LeftOut | None = None
    region: RegionUsed | None = None
    power: Power | None = None
    certified: Certified | None = None
    flagging: Flagging | None = None
    curve: SecurityCurve | None = None
    physical: Physical | None = None
    tasks: Tasks | None = None
    cases: tuple[Case, ...] | None = None
    task: str | None = None
    pairs: PairFigures | None = None

    @property
    def of_pairs(self) -> bool:
        """Whether the trial was of pairs of pictures."""
        return self.task == VERIFICATION

    @property
    def left_robust(self) -> Interval:
        """The share of attacked pictures recognised; where pictures are flagged, recognised or flagged."""
        return self.robust_accuracy if self.flagging is None else self.flagging.stands

    @property
    def clean_kept(self) -> Interval:
        """The share of clean pictures recognised; where pictures are flagged, recognised and not flagged."""
        return self.clean_accuracy if self.flagging is None else self.flagging.kept

    @property
    def came_through(self) -> Interval:
        """The attack's success; where pictures are flagged, being flagged is failing."""
        return self.attack_success if self.flagging is None else self.flagging.undetected_success

    @property
    def asked_checks(self) -> dict[str, Outcome]:
        """Those whose question the trial raises, by name."""
        return {name: check for name, check in self.checks.items() if check.passed is not None}

    @property
    def failed_checks(self) -> dict[str, Outcome]:
        """Those that did not pass, by name."""
        return {name: check for name, check in self.checks.items() if check.passed is False}

    @property
    def naive(self) -> bool:
        """Whether the attack was made as if there were no defence (`attack.adaptive=false`)."""
        return self.attack_parts.get("adaptive", True) is False

    @property
    def only_naive(self) -> bool:
        """Whether nothing but this keeps a trial from being trusted: its attack was not to know the defence."""
        return self.naive and list(self.failed_checks) == ["adaptive"]

    @property
    def doubt(self) -> str | None:
        """Why it is not trusted; None where it is, or where `only_naive` says all."""
        if self.trusted or self.only_naive:
            return None
        if self.failed_checks:
            return "a check failed"
        return "nothing could be attacked" if self.asked_checks else "no check was run"


def trusted(checks: Mapping[str, Outcome]) -> bool:
    """Whether some check was run, and none failed."""
    said = [check.passed for check in checks.values()]
    return True in said and False not in said


def summarise(
    rows: pd.DataFrame,
    about: About,
    n_train: Mapping[str, int],
    checks: Mapping[str, Outcome],
    seconds: float,
    images_per_second: float | None,
) -> TrialSummary:
    """What a trial found, but for the parts that not every trial has.

    Args:
        rows: one row a picture, with `COLUMNS`; under the goal impersonation also `target`, a person's name.
        about: what it was.
        n_train: number of training pictures for each person's name.
        checks: what the checks say, by name.
        seconds: the last start took.
        images_per_second: of the last start.

    Raises:
        FacetrialError: rows or `n_train` lack something.
    """
    check_rows(rows)
    if strangers := sorted(set(rows["identity"]) - set(n_train)):
        raise FacetrialError(f"no number of training pictures for {', '.join(strangers[:5])}.")
    attacked = rows[rows["status"] == ATTACKED]
    risked, hits = at_stake(attacked, about.goal)
    return TrialSummary(
        **vars(about),
        n=len(rows),
        not_attackable=len(rows) - len(attacked),
        not_reached=int((~attacked["reached"].astype(bool)).sum()),
        clean_accuracy=_rate(rows, "correct_clean"),
        robust_accuracy=_rate(attacked, "correct_attacked"),
        robust_accuracy_8bit=_rate(attacked, "correct_8bit"),
        attack_success=rate_over_people(hits, risked["identity"].to_numpy()),
        per_identity={
            str(name): Person(
                n_train=int(n_train[name]),
                n_test=len(own),
                clean=_rate(own, "correct_clean"),
                robust=_rate(own[own["status"] == ATTACKED], "correct_attacked"),
            )
            for name, own in rows.groupby("identity", sort=True)
        },
        checks=checks,
        trusted=trusted(checks) and len(attacked) > 0,
        seconds=seconds,
        images_per_second=images_per_second,
        cost=None,
        versions=versions(),
        attack_parts={},
        noise_level=None,
        class_size=None,
        over_people=over_people_summary(rows, attacked, risked, hits),
    )


def _rate(rows: pd.DataFrame, column: str) -> Interval:
    return rate_over_people(rows[column].to_numpy(dtype=bool), rows["identity"].to_numpy())
