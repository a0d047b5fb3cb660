"""What the rows tell: one a picture, with slopes, as strong in 8 bits, knowing the defences."""

import math
from collections.abc import Mapping
from typing import Annotated

from scipy import stats

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.digests import digest
from facetrial.core.settings import Share, Unit
from facetrial.recognition.layers import layers
from facetrial.trial.rows import ATTACKED, at_stake

_WRAPS = "look how each defence wraps the victim (`Defense.wrap_victim`): it must stand there, once"


class Adaptive(Check):
    """The attack did what the victim's defences declare that an attacker must do who knows them.

    It is left out where the victim has no defence that stands in front of it.
    """

    def __call__(self, evidence: Evidence) -> Outcome | None:
        attack, names = evidence.attack, ", ".join(evidence.defenses)
        there = len(layers(evidence.victim))
        if evidence.in_front is not None and there != len(evidence.in_front):
            return failed(
                f"{there} defences stand in front of the victim, and {len(evidence.in_front)} are named: "
                f"{', '.join(evidence.in_front) or 'none'}",
                _WRAPS,
            )
        others = [
            f"{type(stands).__name__} in the place of {type(asked).__name__}"
            if type(stands) is not type(asked)
            else f"{type(asked).__name__} with other settings"
            for layer, asked in zip(layers(evidence.victim), evidence.fronts, strict=False)
            if (stands := getattr(layer, "defense", None)) is not None and not _same(stands, asked)
        ]
        if others:
            return failed(f"in front of the victim stands {', '.join(others)}", _WRAPS)
        if not there:
            return does_not_apply("no defence stands in front of the victim")
        if not attack.method.asks_victim:
            return passed("the attack asks nobody, so there is nothing for it to know")
        if attack.surrogate is not None:
            detail = "the attack asks a surrogate that stands behind no defence"
            return failed(detail, "attack without attack.surrogate too")
        if not attack.adaptive:
            detail = f"the attack knows nothing of {names}: what is left shows what the defence hides"
            return failed(detail, "attack with attack.adaptive=true too")
        return passed(f"the attack knows {names}")


def _same(stands: object, asked: object) -> bool:
    plain = (bool, int, float, str, type(None))
    told = [
        {key: value for key, value in vars(one).items() if isinstance(value, plain)}
        for one in (stands, asked)
    ]
    return type(stands) is type(asked) and told[0] == told[1]


_CHANCE = 0.01
_REMEDY = (
    "let the attack round as it goes and judge the rounded picture, or give a budget of at least 1/255: "
    "robust_accuracy_8bit is the figure that holds for files"
)


class SurvivesRounding(Check):
    """Most pictures that fool the victim in float32 still do so after rounding to 8 bits, as any file keeps them.

    It is left out where the attack looks for the smallest change, which lies at the very boundary, so that rounding
    undoes it by design; where a budget in Linf is no whole number of steps, of which a file can hold fewer; and where
    the attack has no success. A victim that draws meets a rounded picture with other
    draws, which undo some successes and bring others: there, as many must be fooled as before, if not the same.

    Args:
        least: the share that must survive. It fails where so few would survive by chance once in a hundred times, so
            that one picture of two does not fail it. Before a victim that draws, it fails where one of a hundred sign
            tests would say that fewer are fooled.
    """

    def __init__(self, least: Annotated[Share, Unit("of successes")] = 0.9) -> None:
        self.least = least

    def __call__(self, evidence: Evidence) -> Outcome | None:
        rows = evidence.rows[evidence.rows["status"] == ATTACKED]
        if evidence.attack.method.at_boundary or len(rows) == 0:
            return does_not_apply(
                "no picture was attacked, or the attack looks for the smallest change, at the very boundary"
            )
        budget = evidence.attack.budget
        steps = 255 * budget.limit
        if budget.norm == "linf" and steps >= 1 and steps - math.floor(steps + 1e-6) > 1e-6:
            return does_not_apply(
                f"of {steps:g}/255 a file can hold {math.floor(steps)}/255: robust_accuracy_8bit is of that budget"
            )
        goal = evidence.attack.goal.name
        risked, hits = at_stake(rows, goal)
        if not hits.any():
            return does_not_apply("the attack has no success")
        survive = (
            ~risked["correct_8bit"].to_numpy(dtype=bool)
            if goal == "dodging"
            else (risked["predicted_8bit"] == risked["target"]).to_numpy()
        )
        successes, left = int(hits.sum()), int((hits & survive).sum())
        if evidence.draws_at_random:
            return self._as_many(successes, left, int((~hits & survive).sum()))
        detail = f"{left} of {successes} successes survive rounding to 8 bits"
        if stats.binom.cdf(left, successes, self.least) >= _CHANCE:
            return passed(detail)
        return failed(f"{detail}; at least {self.least:.0%} must", _REMEDY)

    def _as_many(self, successes: int, left: int, more: int) -> Outcome:
        detail = f"{successes} successes, {left + more} when rounded to 8 bits, which the victim meets with other draws"
        if stats.binom.cdf(more, successes - left + more, 0.5) >= _CHANCE:
            return passed(detail)
        return failed(detail, _REMEDY)


_TWICE = 0.02  # share of pictures that may be there twice: published data holds some


class OneRowAPicture(Check):
    """One picture, one row: none lost to a killed start, none counted twice by two processes or under two files.

    The same pixels under two names of files make two of one picture: figures are then told of more than there are.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        files, faces = evidence.rows["file"], evidence.faces
        detail = f"{len(files)} rows for {len(faces)} pictures"
        if not (files.is_unique and set(files) == set(faces.files)):
            return failed(detail, "start the trial again with resume=false")
        if evidence.of_pairs:  # a picture may stand in many
            return passed(detail)
        seen: dict[str, str] = {}
        pairs = [
            f"{file} ({first})"
            for file, row in zip(faces.files, faces.rows, strict=True)
            if (first := seen.setdefault(digest(faces.pixels[row], size=16), file)) != file
        ]
        detail += f", {len(pairs)} of which are another one's pixels" if pairs else ""
        if len(pairs) <= _TWICE * len(faces):
            return passed(detail)
        return failed(
            f"{detail}: {', '.join(pairs[:3])}", "remove pictures that are there twice, under two files"
        )


_MOST = 0.6  # of a person's pictures, and three of them, for two to be taken for each other


class NamesAgree(Check):
    """No people are taken for each other, as if their names were exchanged, or went round among several.

    It fails where most clean pictures of one are named as another, most of this one's as a third, and so on back to
    the first.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        if evidence.of_pairs:
            return does_not_apply("pairs are judged and nobody is named")
        named = evidence.rows.groupby("identity")["predicted_clean"].agg(
            lambda named: (
                named.mode()[0] if (named == named.mode()[0]).sum() >= max(3, _MOST * len(named)) else ""
            )
        )
        rounds = {frozenset(people) for one in named.index if len(people := _round(one, named.to_dict())) > 1}
        if rounds:
            said = "; ".join(sorted(" and ".join(sorted(people)) for people in rounds)[:3])
            return failed(
                f"clean pictures of {said} are named as each other",
                "look whether folders, or names, were exchanged between training and trial",
            )
        return passed(f"of {len(named)} people no two are taken for each other")


def _round(first: str, named: Mapping[str, str]) -> list[str]:
    """The people from one on, each mostly named as the next, where the last is named as the first; else none."""
    people = [first]
    while (following := named.get(people[-1], "")) in named and following not in people:
        people.append(following)
    return people if following == first else []


_BAD = ("zero", "not_finite")


class Slopes(Check):
    """On few pictures only did the attack meet a gradient that is zero everywhere, or not finite.

    Without a slope a gradient attack stands still, and what it leaves looks like robustness (Athalye et al.,
    "Obfuscated gradients give a false sense of security", ICML 2018). It is left out of attacks that ask for none.

    Args:
        most: largest share of the attacked pictures on which that may happen.
    """

    def __init__(self, most: Annotated[Share, Unit("of pictures")] = 0.05) -> None:
        self.most = most

    def __call__(self, evidence: Evidence) -> Outcome | None:
        rows = evidence.rows[evidence.rows["status"] == ATTACKED]
        asked = rows[rows["gradient"] != "not_asked"]
        if len(asked) == 0:
            return does_not_apply("no attacked picture was asked of")
        counts = {kind: int((asked["gradient"] == kind).sum()) for kind in _BAD}
        detail = (
            f"on {counts['zero']} of {len(asked)} pictures the attack met a gradient of zero, on "
            f"{counts['not_finite']} one that is not finite"
        )
        if sum(counts.values()) <= self.most * len(asked):
            return passed(detail)
        return failed(
            f"{detail}; at most {self.most:.0%} may be so",
            "try attack/loss@attack.method.loss=margin or dlr, which do not saturate; look in the victim for "
            "rounding, thresholds and .detach(); a defence without a slope has to declare one (`adaptive_view`); "
            "attack=square needs no gradient",
        )
