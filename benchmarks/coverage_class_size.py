"""How often the intervals of the odds per doubling of training pictures hold the truth, where the truth is known.

People have LFW's numbers of training and test pictures. Their chances of being recognised grow with the first as a
logistic curve says, and differ besides: by a beta distribution, so that pictures of one person are alike. A second head
sees the same pictures, with people's luck and most of the pictures' in common, and another slope. Trials in which
nothing is told, for too few are missed or recognised, do not count; how many are told stands beside.

    python benchmarks/coverage_class_size.py --trials 1000
"""

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from scipy import stats

from facetrial.metrics.class_size import TooFewOutcomes, doubling, fit_of_head, ratio_of_heads
from facetrial.report.rendering.text_tables import markdown_table

AIM, LEAST = 0.93, 0.90
TOLD = 0.5  # of the trials, for a condition to count
IN_COMMON = 0.7  # of the pictures' luck, to both heads

# All pictures of LFW's people with ten or more; three of four are for training and validation.
_SIZES = (530, 236, 144, 121, 109, 77, 71, 60, 55, 52, 48, 44, 41, 35, 32, 29, 24, 20, 16, 13, 10)
_PEOPLE = (1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 2, 1, 6, 3, 10, 5, 14, 16, 37, 37, 15)  # with about so many
LFW = np.repeat(_SIZES, _PEOPLE)


@dataclass(frozen=True)
class Condition:
    """What is drawn in a trial.

    Attributes:
        people: their numbers of pictures.
        limit: most test pictures of a person; None is all.
        middle: chance of a person with the middle number of training pictures.
        slope: log-odds per doubling, with the own head; half of it with the other.
        likeness: correlation of two pictures of one person.
    """

    people: np.ndarray
    limit: int | None
    middle: float
    slope: float
    likeness: float

    @property
    def name(self) -> str:
        return f"{len(self.people)} people{'' if self.limit is None else f', {self.limit} pictures each'}"

    @property
    def n_train(self) -> np.ndarray:
        return np.round(0.64 * self.people)

    @property
    def n_test(self) -> np.ndarray:
        tests = np.maximum(1, np.round(0.25 * self.people)).astype(int)
        return tests if self.limit is None else np.minimum(tests, self.limit)

    def draw(self, generator: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray]]:
        """Who is on each picture, and whether each head recognises it."""
        people = np.repeat(np.arange(len(self.people)), self.n_test)
        doublings = np.log2(self.n_train)
        luck, of_picture = generator.random(len(self.people)), generator.random(len(people))
        verdicts = []
        for slope in (self.slope, self.slope / 2):
            odds = stats.logistic.ppf(self.middle) + slope * (doublings - doublings.mean())
            chance = stats.logistic.cdf(odds)
            if self.likeness:
                weight = 1 / self.likeness - 1
                chance = stats.beta.ppf(luck, chance * weight, (1 - chance) * weight)
            own = generator.random(len(people)) > IN_COMMON
            drawn = np.where(own, generator.random(len(people)), of_picture)
            verdicts.append(drawn < chance[people])
        return people, verdicts


def conditions() -> list[Condition]:
    """From people who do not differ to people who differ much, from many to few misses."""
    sets = [(LFW, None), (LFW, 3), (LFW[LFW >= 20], None), (LFW[LFW >= 40], None), (LFW[LFW >= 50], None)]
    return [
        Condition(people, limit, middle, slope, likeness)
        for people, limit in sets
        for middle in (0.5, 0.8, 0.9, 0.95)
        for slope in (0.0, 0.43)
        for likeness in (0.0, 0.1, 0.3)
    ]


def coverage(condition: Condition, trials: int, seed: int = 0) -> tuple[float, float, float, float]:
    """The share of trials in which odds are told; of these, the share of intervals that hold the truth for the own head
    and for the ratio of both; and the median width of the first, in log-odds."""
    generator = np.random.default_rng(seed)
    held, held_ratio, widths = [], [], []
    for _ in range(trials):
        people, verdicts = condition.draw(generator)
        own, other = (fit_of_head(recognised, people, condition.n_train) for recognised in verdicts)
        if isinstance(own, TooFewOutcomes):
            continue
        factor = doubling(own, len(people))
        held.append(factor.low <= np.exp(condition.slope) <= factor.high)
        widths.append(np.log(factor.high / factor.low))
        if not isinstance(other, TooFewOutcomes):
            ratio = ratio_of_heads(own, other, len(people))
            held_ratio.append(ratio.low <= np.exp(condition.slope / 2) <= ratio.high)
    return len(held) / trials, _mean(held), _mean(held_ratio), float(np.median(widths)) if widths else np.nan


def _mean(values: list[bool]) -> float:
    return float(np.mean(values)) if values else np.nan


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    arguments = parser.parse_args()
    lines, found = [], []
    for condition in conditions():
        told, held, held_ratio, width = coverage(condition, arguments.trials)
        about = [condition.name, condition.middle, condition.slope, condition.likeness]
        lines.append(
            [*about, f"{100 * told:.0f}", f"{100 * held:.1f}", f"{100 * held_ratio:.1f}", f"{width:.2f}"]
        )
        print(*lines[-1], sep="\t", file=sys.stderr, flush=True)
        if told >= TOLD:
            found += [held, held_ratio]
    header = ["data", "middle", "slope", "likeness", "told, %", "coverage, %", "of the ratio, %", "width"]
    print(markdown_table(header, lines))
    shares = np.array(found)
    print(
        f"{100 * (shares >= AIM).mean():.0f} % of {len(shares)} figures hold the truth {100 * AIM:.0f} % of the time "
        f"or more; the least {100 * shares.min():.1f} %."
    )
    return int((shares >= AIM).mean() < 0.95 or shares.min() < LEAST)


if __name__ == "__main__":
    sys.exit(main())
