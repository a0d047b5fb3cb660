"""How often the intervals hold the truth, where the truth is known.

Verdicts are drawn as a trial leaves them: people who differ, pictures of each that are alike. An interval of 95 %
should hold the truth in 93 to 97 of 100 trials, neither less (it promises too much) nor more (it is wider than it
need be). Where people do not differ at all it may hold it more often: few people cannot show that they do not.
Conditions in which a figure rests on a handful of misses are measured too and named as what they are.

    python benchmarks/coverage.py --trials 2000
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from facetrial.report.rendering.text_tables import markdown_table
from facetrial.statistics.intervals import Interval, mean_over_people, rate_over_people, wilson
from facetrial.statistics.median import median_over_people
from facetrial.statistics.paired import paired_difference

LOW, HIGH = 0.93, 0.97
OUTSIDE = "OUTSIDE"
RESAMPLES = 400

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
        likeness: correlation of two pictures of one person, 0 where people do not differ.
        rare: whether the figure rests on a handful of misses, or on those of one or two people.
    """

    name: str
    pictures: np.ndarray
    mean: float
    likeness: float
    rare: bool = False

    @property
    def people(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.pictures)), self.pictures)

    def rates(self, generator: np.random.Generator) -> np.ndarray:
        """Each person's own chance of a hit, from a beta distribution."""
        if self.likeness == 0:
            return np.full(len(self.pictures), self.mean)
        weight = 1 / self.likeness - 1
        return generator.beta(self.mean * weight, (1 - self.mean) * weight, len(self.pictures))


def rate(condition: Condition, generator: np.random.Generator, seed: int) -> tuple[Interval, float]:
    hits = generator.random(len(condition.people)) < condition.rates(generator)[condition.people]
    return rate_over_people(hits, condition.people, RESAMPLES, seed), condition.mean


def difference(condition: Condition, generator: np.random.Generator, seed: int) -> tuple[Interval, float]:
    """The second trial loses what the first recognises with a person's own chance, and wins a little of the rest."""
    people = condition.people
    first = generator.random(len(people)) < 0.9
    lost = generator.random(len(people)) < condition.rates(generator)[people]
    won = generator.random(len(people)) < 0.05
    second = np.where(first, ~lost, won)
    truth = -0.9 * condition.mean + 0.1 * 0.05
    return paired_difference(first, second, people, RESAMPLES, seed), truth


def _levels(condition: Condition, generator: np.random.Generator) -> np.ndarray:
    """Normal values whose correlation within a person is the likeness."""
    people = condition.people
    own = generator.standard_normal(len(condition.pictures))[people]
    alone = generator.standard_normal(len(people))
    return np.sqrt(condition.likeness) * own + np.sqrt(1 - condition.likeness) * alone


def median(condition: Condition, generator: np.random.Generator, seed: int) -> tuple[Interval, float]:
    """Smallest changes are log-normal, and some pictures never fall."""
    values = np.exp(_levels(condition, generator))
    values[values > np.exp(1.5)] = np.inf
    return median_over_people(values, condition.people, RESAMPLES, seed), 1.0


def area(condition: Condition, generator: np.random.Generator, seed: int) -> tuple[Interval, float]:
    """The mean of smallest changes, cut at the budget, as a share of it."""
    shift = stats.norm.ppf(condition.mean)
    values = stats.norm.cdf(_levels(condition, generator) + shift * np.sqrt(2))
    return mean_over_people(values, condition.people, RESAMPLES, seed), condition.mean


def one_person(condition: Condition, generator: np.random.Generator, seed: int) -> tuple[Interval, float]:
    n = int(condition.pictures.sum())
    return wilson(int(generator.binomial(n, condition.mean)), n), condition.mean


FIGURES: dict[str, Callable] = {
    "rate_over_people": rate,
    "paired_difference": difference,
    "median_over_people": median,
    "mean_over_people": area,
}


def conditions() -> list[Condition]:
    """Data like those that are put on trial, from where people do not differ to where they differ much."""
    data = {
        "LFW, 158 people": LFW,
        "60 people, 5 each": np.full(60, 5),
        "20 people, 8 each": np.full(20, 8),
        "12 people, 12 each": np.full(12, 12),
        "8 people, 16 each": np.full(8, 16),
    }
    made = []
    for name, pictures in data.items():
        for mean in (0.5, 0.8, 0.95):
            for likeness in (0.0, 0.05, 0.15, 0.3):
                # No interval knows what it has not seen.
                rare = mean > 0.9 and (likeness > 0.05 or pictures.sum() < 200)
                made.append(Condition(name, pictures, mean, likeness, rare))
    return made


def coverage(figure: Callable, condition: Condition, trials: int, seed: int = 0) -> tuple[float, float]:
    """The share of intervals that hold the truth, and their mean width."""
    generator = np.random.default_rng(seed)
    held, width = 0, 0.0
    for trial in range(trials):
        found, truth = figure(condition, generator, trial)
        held += found.low <= truth <= found.high
        width += found.high - found.low if np.isfinite(found.high - found.low) else np.nan
    return held / trials, width / trials


def judged(held: float, condition: Condition) -> str:
    """What is to be said of a share of intervals that hold the truth; nothing where it is as it should be."""
    if LOW <= held <= HIGH:
        return ""
    if condition.rare:
        return "rare misses"
    return "people do not differ" if condition.likeness == 0 and held > HIGH else OUTSIDE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--figure", choices=list(FIGURES), nargs="*", default=list(FIGURES))
    arguments = parser.parse_args()
    lines, failed = [], 0
    for n in (10, 29, 132):
        for mean in (0.5, 0.8, 0.95):
            held, width = coverage(one_person, Condition("", np.array([n]), mean, 0.0), 20 * arguments.trials)
            lines.append(["wilson", f"1 person, {n}", mean, 0.0, f"{100 * held:.1f}", f"{width:.3f}", ""])
    for name in arguments.figure:
        for condition in conditions():
            if name == "median_over_people" and condition.mean != 0.5:
                continue
            held, width = coverage(FIGURES[name], condition, arguments.trials)
            said = judged(held, condition)
            failed += said == OUTSIDE
            lines.append(
                [
                    name,
                    condition.name,
                    condition.mean,
                    condition.likeness,
                    f"{100 * held:.1f}",
                    f"{width:.3f}",
                    said,
                ]
            )
            print(*lines[-1], sep="\t", file=sys.stderr, flush=True)
    header = ["interval", "data", "truth", "likeness", "coverage, %", "width", ""]
    print(markdown_table(header, lines))
    print(f"{failed} ordinary conditions outside {100 * LOW:.0f} to {100 * HIGH:.0f} %.")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
