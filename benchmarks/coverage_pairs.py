"""How often the 95 % intervals of verification and open-set figures hold the truth, where the truth is known.

Embeddings are drawn as a trial leaves them: people lie somewhere, some of them near each other, so that couples of
people differ; each one's pictures lie about as close together as is their own, so that people differ in how often two
of them are taken for one; and an attack moves some people's pictures farther than others'. Thresholds are set on
further pictures of the same people, as a trial sets them. The truth at a threshold is that of 400,000 other people.

    python benchmarks/coverage_pairs.py --draws 500
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from facetrial.metrics.tasks.all_pairs import count_all_pairs, leave_out_of_all_pairs
from facetrial.metrics.tasks.curves import areas, equal_error_rates, threshold_grid
from facetrial.metrics.tasks.open_set import open_set_summary, split_known
from facetrial.metrics.tasks.results import OverPeople, TooFew
from facetrial.metrics.tasks.score_histogram import ScoreCounts, similarity_at
from facetrial.metrics.tasks.thresholds import pair_thresholds
from facetrial.metrics.tasks.verification import accepted_at, of_both
from facetrial.report.rendering.text_tables import markdown_table
from facetrial.statistics.intervals import Interval
from facetrial.trial.embedding_shards import VERSIONS
from facetrial.trial.held_out import HeldOut

LOW = 0.93
OUTSIDE, FEW = "OUTSIDE", "of ten people"
RATES = (1e-2, 1e-3)
DIMENSION, CLUSTERED = 48, 6  # of an embedding; of these, those in which people lie near each other
VALIDATION = 0.45  # validation pictures for each test picture

# Test pictures of LFW's people with ten or more: a quarter of what each has.
_SIZES = (132, 59, 36, 30, 27, 19, 18, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_PEOPLE = (1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 2, 1, 6, 3, 10, 5, 14, 16, 37, 37, 15)  # with so many
LFW = np.repeat(_SIZES, _PEOPLE)

DATA = {
    "LFW, 158 people": LFW,
    "20 people, 8 each": np.full(20, 8),
    "20 people, 2 to 132": np.array([132, 59, 36, 27, 18, 14, 12, 10, 9, 8, 7, 6, 5, 5, 4, 4, 3, 3, 2, 2]),
}


@dataclass(frozen=True)
class World:
    """Whom people are drawn from.

    Attributes:
        name: of the recogniser's quality.
        spread: of a typical person's pictures around their middle, which is at distance 1 from the origin.
        unlike: how much people differ in it, the standard deviation of its logarithm.
        near: how much farther people lie apart along the directions in which they are clustered.
    """

    name: str
    spread: float
    unlike: float = 0.3
    near: float = 1.5

    def people(self, count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Middles (P, D), spreads (P,) and how far the attack moves each one's pictures (P,)."""
        middles = generator.normal(size=(count, DIMENSION))
        middles[:, :CLUSTERED] *= self.near
        spreads, pushes = np.exp(generator.normal(np.log([[self.spread], [0.6]]), self.unlike, (2, count)))
        return unit(middles), spreads, pushes


WORLDS = (World("hard", 0.55), World("easy", 0.35))


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def about(middles: np.ndarray, spreads: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A picture near each middle."""
    return unit(middles + spreads[:, None] * generator.normal(size=middles.shape) / np.sqrt(DIMENSION))


class Truth:
    """Shares of very many people, at any threshold."""

    def __init__(self, world: World, people: int = 400_000, at_once: int = 100_000) -> None:
        generator = np.random.default_rng(1)
        genuine: dict[str, list] = defaultdict(list)
        impostor: dict[str, list] = defaultdict(list)
        for _ in range(people // at_once):
            middles, spreads, pushes = world.people(at_once, generator)
            clean, other = (about(middles, spreads, generator) for _ in range(2))
            for version, probes in (("clean", clean), ("attacked", about(clean, pushes, generator))):
                genuine[version].append((probes * other).sum(1))
                impostor[version] += [(probes * np.roll(other, by, axis=0)).sum(1) for by in range(1, 6)]
        self.genuine = {version: np.sort(np.concatenate(parts)) for version, parts in genuine.items()}
        self.impostor = {version: np.sort(np.concatenate(parts)) for version, parts in impostor.items()}

    def tar(self, version: str, threshold: float) -> float:
        return 1 - float(np.searchsorted(self.genuine[version], threshold)) / len(self.genuine[version])

    def far(self, version: str, threshold: float) -> float:
        return 1 - float(np.searchsorted(self.impostor[version], threshold)) / len(self.impostor[version])

    def equal_error_rate(self, version: str) -> float:
        low, high = -1.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            more = self.far(version, middle) > 1 - self.tar(version, middle)
            low, high = (middle, high) if more else (low, middle)
        return self.far(version, low)

    def area(self, version: str) -> float:
        below = np.searchsorted(self.impostor[version], self.genuine[version])
        return float(below.mean() / len(self.impostor[version]))


Held = Iterator[tuple[str, Interval, float]]


def verification(world: World, truth: Truth, sizes: np.ndarray, generator: np.random.Generator) -> Held:
    """Each figure of one trial with its interval and its true value."""
    people = np.repeat(np.arange(len(sizes)), sizes)
    middles, spreads, pushes = world.people(len(sizes), generator)
    clean = about(middles[people], spreads[people], generator)
    attacked = about(clean, pushes[people], generator)
    kept = np.repeat(np.arange(len(sizes)), np.maximum(1, np.round(VALIDATION * sizes)).astype(int))
    held_out = HeldOut(about(middles[kept], spreads[kept], generator), kept)
    thresholds, everyone = pair_thresholds(held_out, RATES), np.arange(len(people))
    counts = count_all_pairs(clean, everyone, clean, people)
    grid = threshold_grid(counts, 1 / len(people) ** 2, thresholds.all_edges)
    found = {
        version: leave_out_of_all_pairs(probes, everyone, clean, people, grid)
        for version, probes in (("clean", clean), ("attacked", attacked))
    }
    eer = of_both(found, "eer", ScoreCounts.equal_error_rate, equal_error_rates)
    auroc = of_both(found, "auroc", ScoreCounts.area, areas)
    for version in found:
        yield f"EER, {version}", eer.over_people[version], truth.equal_error_rate(version)
        yield f"AUROC, {version}", auroc.over_people[version], truth.area(version)
    for rate, edge in thresholds.edges.items():
        if isinstance(edge, TooFew):
            continue
        threshold = similarity_at(edge)
        tar, far = (accepted_at(found, grid, edge, kind) for kind in (0, 1))
        for version in found:
            yield (
                f"TAR at {100 * rate:g} %, {version}",
                tar.over_people[version],
                truth.tar(version, threshold),
            )
            yield (
                f"FAR at {100 * rate:g} %, {version}",
                far.over_people[version],
                truth.far(version, threshold),
            )


def open_set(world: World, sizes: np.ndarray, generator: np.random.Generator) -> Held:
    """The same of the open set: the truth is that of new people at this gallery, or of new people in it."""
    people = np.repeat(np.arange(len(sizes)), sizes)
    middles, spreads, _ = world.people(len(sizes), generator)
    gallery = about(middles, spreads / np.sqrt(6), generator)
    known = split_known(len(sizes), 0)
    clean = about(middles[people], spreads[people], generator)
    kept = np.repeat(np.arange(len(sizes)), np.maximum(1, np.round(VALIDATION * sizes)).astype(int))
    held_out = HeldOut(about(middles[kept], spreads[kept], generator), kept)
    everyone = np.ones(len(people), dtype=bool)
    found = open_set_summary(dict.fromkeys(VERSIONS, clean), everyone, people, held_out, gallery, known)
    new, new_spreads, _ = world.people(20_000, generator)
    pictures = about(new, new_spreads, generator)
    others = (pictures @ gallery[known].T).max(1)
    # Somebody new in the gallery, beside all but one of those who are there.
    own = (pictures * about(new, new_spreads / np.sqrt(6), generator)).sum(1)
    beside = (pictures @ gallery[np.flatnonzero(known)[1:]].T).max(1)
    for point in found.points:
        if isinstance(point, TooFew):
            continue
        hits = float(((own >= point.threshold) & (own > beside)).mean())
        yield f"open set, found at {100 * point.wanted:g} %", of_clean(point.identified), hits
        yield (
            f"open set, false alarms at {100 * point.wanted:g} %",
            of_clean(point.false_alarms),
            float((others >= point.threshold).mean()),
        )


def of_clean(figure: OverPeople) -> Interval:
    return figure.over_people["clean"]


def coverage(
    world: World, truth: Truth, sizes: np.ndarray, draws: int, seed: int = 0
) -> dict[str, np.ndarray]:
    """For each figure an array of draws by (held, width, value, truth)."""
    said: dict[str, list] = defaultdict(list)
    for draw in range(draws):
        generator = np.random.default_rng([seed, draw])
        for part in (verification(world, truth, sizes, generator), open_set(world, sizes, generator)):
            for name, figure, true in part:
                held = figure.low <= true <= figure.high
                said[name].append((held, figure.high - figure.low, figure.value, true))
    return {name: np.array(values, dtype=float) for name, values in said.items()}


def judged(name: str, held: float, people: int) -> str:
    """What is to be said of a share of intervals that hold the truth; nothing where it is as it should be.

    In the open set half of the people are outside. Of ten, a threshold that is set on their validation pictures holds
    the test's own rate near the wanted one, wherever that of others lies.
    """
    if held >= LOW:
        return ""
    return FEW if name.startswith("open set") and people <= 20 and held >= 0.9 else OUTSIDE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", choices=list(DATA), nargs="*", default=list(DATA))
    arguments = parser.parse_args()
    lines, failed = [], 0
    for world in WORLDS:
        truth = Truth(world)
        for data in arguments.data:
            for name, values in coverage(world, truth, DATA[data], arguments.draws, arguments.seed).items():
                held, width, value, true = values.mean(0)
                said = judged(name, held, len(DATA[data]))
                failed += said == OUTSIDE
                figures = [
                    f"{100 * true:.3f}",
                    f"{100 * value:.3f}",
                    f"{100 * width:.3f}",
                    f"{100 * held:.1f}",
                ]
                lines.append([data, world.name, name, *figures, len(values), said])
                print(*lines[-1], sep="\t", file=sys.stderr, flush=True)
    header = ["data", "recogniser", "figure", "truth, %", "mean, %", "width", "coverage, %", "draws", ""]
    print(markdown_table(header, lines))
    print(f"{failed} of {len(lines)} figures below {100 * LOW:.0f} %, but for those of ten people.")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
