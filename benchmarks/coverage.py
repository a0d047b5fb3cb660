"""How often the intervals hold the truth, where the truth is known.

Verdicts are drawn as a trial leaves them: people who differ, pictures of each that are alike. An interval of 95 %
should hold the truth in 93 of 100 trials or more, in 95 of 100 conditions, and nowhere in fewer than 90. Where a tenth
of the people fail and the others do not, few people may all be of the one kind: no interval knows what it has not
seen, and those conditions stand apart.

    python benchmarks/coverage.py --trials 2000
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from facetrial.report.rendering.text_tables import markdown_table
from facetrial.statistics.intervals import Interval, mean_over_people, rate_of_people, rate_over_people
from facetrial.statistics.median import median_over_people
from facetrial.statistics.paired import paired_difference

ENOUGH, LEAST, MOST_CONDITIONS = 0.93, 0.90, 0.95
HARD, HARD_RATE = 0.1, 0.3  # the rare hard minority: how many people, and their chance of a hit

# Test pictures of LFW's people with ten or more: a quarter of what each has.
_SIZES = (132, 59, 36, 30, 27, 19, 18, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_PEOPLE = (1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 2, 1, 6, 3, 10, 5, 14, 16, 37, 37, 15)  # with so many
LFW = np.repeat(_SIZES, _PEOPLE)


@dataclass(frozen=True)
class Condition:
    """What is drawn in a trial.

    Attributes:
        name: of the data.
        pictures: of each person.
        mean: the true share.
        likeness: correlation of two pictures of one person, 0 where people do not differ; None for a rare hard minority
            beside people who are always hit.
    """

    name: str
    pictures: np.ndarray
    mean: float
    likeness: float | None

    @property
    def people(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.pictures)), self.pictures)

    def rates(self, generator: np.random.Generator) -> np.ndarray:
        """Each person's own chance of a hit, from a beta distribution."""
        people = len(self.pictures)
        if self.likeness is None:
            return np.where(generator.random(people) < HARD, HARD_RATE, 1.0)
        if self.likeness == 0 or self.mean in (0.0, 1.0):
            return np.full(people, self.mean)
        weight = 1 / self.likeness - 1
        return generator.beta(self.mean * weight, (1 - self.mean) * weight, people)


def rate(condition: Condition, generator: np.random.Generator) -> tuple[Interval, float]:
    hits = generator.random(len(condition.people)) < condition.rates(generator)[condition.people]
    return rate_over_people(hits, condition.people), condition.mean


def person_rate(condition: Condition, generator: np.random.Generator) -> tuple[Interval, float]:
    hits = generator.random(len(condition.people)) < condition.rates(generator)[condition.people]
    return rate_of_people(hits, condition.people), condition.mean


def difference(condition: Condition, generator: np.random.Generator) -> tuple[Interval, float]:
    """The second trial loses what the first recognises with a person's own chance, and wins a little of the rest."""
    people = condition.people
    first = generator.random(len(people)) < 0.9
    kept = generator.random(len(people)) < condition.rates(generator)[people]
    won = generator.random(len(people)) < 0.05
    second = np.where(first, kept, won)
    truth = -0.9 * (1 - condition.mean) + 0.1 * 0.05
    return paired_difference(first, second, people), truth


def _levels(condition: Condition, generator: np.random.Generator) -> np.ndarray:
    """Normal values whose correlation within a person is the likeness."""
    people = condition.people
    likeness = condition.likeness or 0.0
    own = generator.standard_normal(len(condition.pictures))[people]
    alone = generator.standard_normal(len(people))
    return np.sqrt(likeness) * own + np.sqrt(1 - likeness) * alone


def median(condition: Condition, generator: np.random.Generator) -> tuple[Interval, float]:
    """Smallest changes are log-normal, and some pictures never fall."""
    values = np.exp(_levels(condition, generator))
    values[values > np.exp(1.5)] = np.inf
    return median_over_people(values, condition.people), 1.0


def area(condition: Condition, generator: np.random.Generator) -> tuple[Interval, float]:
    """The mean of smallest changes, cut at the budget, as a share of it."""
    shift = stats.norm.ppf(condition.mean)
    values = stats.norm.cdf(_levels(condition, generator) + shift * np.sqrt(2))
    return mean_over_people(values, condition.people), condition.mean


FIGURES: dict[str, Callable] = {
    "rate_over_people": rate,
    "rate_of_people": person_rate,
    "paired_difference": difference,
    "median_over_people": median,
    "mean_over_people": area,
}
MEANS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
DATA = {
    "LFW, 158 people": LFW,
    "LFW's first 20": LFW[:20],
    "LFW's first 5": LFW[:5],
    "LFW's last 40": LFW[-40:],
    "60 people, 5 each": np.full(60, 5),
    "20 people, 8 each": np.full(20, 8),
    "20 people, 2 each": np.full(20, 2),
    "19 people, 20 in all": np.array([2] + [1] * 18),
    "12 people, 12 each": np.full(12, 12),
    "8 people, 16 each": np.full(8, 16),
    "8 people, 5 each": np.full(8, 5),
    "5 people, 57 each": np.full(5, 57),
    "5 people, 8 each": np.full(5, 8),
    "3 people, 100 each": np.full(3, 100),
    "3 people, 10 each": np.full(3, 10),
}


def conditions(figure: str) -> list[Condition]:
    """Data like those that are put on trial, from where people do not differ to where they differ much."""
    made = []
    for name, pictures in DATA.items():
        for mean in MEANS:
            if (figure == "median_over_people" and mean != 0.5) or (
                figure == "mean_over_people" and mean == 1
            ):
                continue
            for likeness in (0.0,) if mean == 1 else (0.0, 0.05, 0.15, 0.3):
                made.append(Condition(name, pictures, mean, likeness))
        if figure in ("rate_over_people", "rate_of_people", "paired_difference"):
            made.append(Condition(name, pictures, 1 - HARD * (1 - HARD_RATE), None))
    return made


def coverage(figure: Callable, condition: Condition, trials: int, seed: int = 0) -> tuple[float, float]:
    """The share of intervals that hold the truth, and their mean width."""
    generator = np.random.default_rng(seed)
    held, width = 0, 0.0
    for _ in range(trials):
        found, truth = figure(condition, generator)
        held += found.low <= truth + 1e-12 and truth - 1e-12 <= found.high
        width += found.high - found.low if np.isfinite(found.high - found.low) else np.nan
    return held / trials, width / trials


def verdict(held: list[float]) -> tuple[str, bool]:
    """What the shares of intervals that hold the truth come to, and whether that is as it should be."""
    enough = sum(share >= ENOUGH for share in held)
    said = (
        f"{enough} of {len(held)} conditions at {100 * ENOUGH:.0f} % or more ({100 * enough / len(held):.0f} %), the "
        f"lowest {100 * min(held):.1f} %"
    )
    return said, enough >= MOST_CONDITIONS * len(held) and min(held) >= LEAST


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--figure", choices=list(FIGURES), nargs="*", default=list(FIGURES))
    arguments = parser.parse_args()
    lines, ends, good = [], [], True
    for name in arguments.figure:
        ordinary = []
        for condition in conditions(name):
            held, width = coverage(FIGURES[name], condition, arguments.trials)
            alike = "rare hard minority" if condition.likeness is None else condition.likeness
            lines.append(
                [name, condition.name, f"{condition.mean:g}", alike, f"{100 * held:.1f}", f"{width:.3f}"]
            )
            if condition.likeness is not None:
                ordinary.append(held)
        said, as_wanted = verdict(ordinary)
        ends.append(f"{name}: {said}{'' if as_wanted else ': TOO FEW'}.")
        good &= as_wanted
        print(ends[-1], file=sys.stderr, flush=True)
    print(markdown_table(["interval", "data", "truth", "likeness", "coverage, %", "width"], lines))
    print(*ends, sep="\n")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
