"""The same people trained on fewer of their pictures: whether the number itself decides what an attack leaves.

And with which head: an SVM gives people with many pictures more than their pictures do.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import combinations

import pandas as pd

from facetrial.report.claims import p_in_words, shown_side
from facetrial.report.rendering.components import Cell, Chart, Section, Series, Table
from facetrial.report.rendering.formatting import percent, points, shown_name
from facetrial.statistics.intervals import Interval, mean_over_people, rate_over_people
from facetrial.statistics.paired import holm, paired_test
from facetrial.sweep.runs import FinishedRun, doubted
from facetrial.sweep.same_setting import setting, titles
from facetrial.trial.rows import ATTACKED

EVERYBODY = "all of them"


def class_size_sweep_section(runs: Sequence[FinishedRun]) -> Section | None:
    """Accuracy left of the people whose training pictures were capped, at each cap; None without two caps."""
    kinds: dict[Hashable, dict[int, FinishedRun]] = {}
    for run in runs:
        found = run.summary.class_size
        if found is not None and found.train_pictures and found.capped:
            kinds.setdefault(setting(run), {})[found.train_pictures] = run
    settings = [dict(sorted(caps.items())) for caps in kinds.values() if len(caps) > 1]
    if not settings:
        return None
    sentences, charts, tables = [], [], []
    names = titles([next(iter(caps.values())) for caps in settings])
    rows_of = [dict(zip(caps, capped_rows(list(caps.values())), strict=True)) for caps in settings]
    gains = _gained(rows_of)
    for number, (name, caps, rows) in enumerate(zip(names, settings, rows_of, strict=True)):
        title = doubted(name, (run.summary for run in caps.values()))
        figures = {cap: _left(one) for cap, one in rows.items()}
        clean = [_rate(one, "correct_clean") for one in rows.values()]
        sentences.append(f"{title}: {_sentence(rows, *gains[number], len(gains))}")
        charts.append(_chart(f"class_size_sweep{f'_{number}' if number else ''}", title, figures))
        lines: list[list[Cell]] = [[f"{EVERYBODY}, clean", *clean]]
        lines += [[person, *(of[person] for of in figures.values())] for person in figures[min(figures)]]
        header = [doubted(f"at most {cap} pictures", [run.summary]) for cap, run in caps.items()]
        tables.append(Table(title, ["person", *header], lines))
    sentences += _of_heads(settings)
    return Section(
        "The same people, trained on fewer of their pictures",
        sentences,
        "The network stays as published and all other people as they are; only the head is fitted on fewer pictures of "
        "these people, each smaller set being part of the larger ones. The test pictures are the same throughout.",
        charts=charts,
        tables=tables,
    )


def _of_heads(settings: Sequence[Mapping[int, FinishedRun]]) -> Iterator[str]:
    """For trials that differ in nothing but the head, two by two, which of them more pictures help more."""
    alike: dict[Hashable, list[Mapping[int, FinishedRun]]] = {}
    for caps in settings:
        alike.setdefault(setting(next(iter(caps.values())), head=False), []).append(caps)
    for members in alike.values():
        for first, second in combinations(members, 2):
            yield from _more_to_whom(first, second)


def _more_to_whom(first: Mapping[int, FinishedRun], second: Mapping[int, FinishedRun]) -> Iterator[str]:
    """A sentence of two heads, where both have several caps and pictures in common."""
    caps = sorted(first.keys() & second.keys())
    if len(caps) < 2:
        return
    few, many = caps[0], caps[-1]
    rows = capped_rows([runs[cap] for runs in (first, second) for cap in (few, many)])
    before, after, other_before, other_after = (one["correct_attacked"].to_numpy(dtype=float) for one in rows)
    people = rows[0]["identity"].to_numpy()
    if not len(people):
        return
    one, other = (runs[few].summary.head for runs in (first, second))
    gains = after - before, other_after - other_before
    share = mean_over_people((gains[0] - gains[1] + 2) / 4, people)  # from -2 to 2
    value, low, high = (4 * end - 2 for end in (share.value, share.low, share.high))
    if low > 0:
        said = f"more to {one} than to {other}"
    elif high < 0:
        said = f"more to {other} than to {one}"
    else:
        said = f"not shown to give {one} more than {other}, nor the other way"
    yield (
        f"{many} instead of {few} pictures of these people give {100 * gains[0].mean():+.1f} points with {one} and "
        f"{100 * gains[1].mean():+.1f} with {other}, of the same {len(people)} pictures: {said} (difference "
        f"{100 * value:+.1f} points, 95 % interval {100 * low:+.1f} to {100 * high:+.1f})."
    )


def capped_rows(runs: Sequence[FinishedRun]) -> list[pd.DataFrame]:
    """Verdict rows of each run: of the pictures, attacked in all, of the people who are capped in all."""
    capped = (set(run.summary.class_size.capped) for run in runs if run.summary.class_size)
    people = set.intersection(*capped)
    shared = set.intersection(*(set(run.rows.index[run.rows["status"] == ATTACKED]) for run in runs))
    return [run.rows[run.rows["identity"].isin(people) & run.rows.index.isin(shared)] for run in runs]


def _rate(rows: pd.DataFrame, hits: str) -> Interval:
    return rate_over_people(rows[hits].to_numpy(dtype=bool), rows["identity"].to_numpy())


def _left(rows: pd.DataFrame) -> dict[str, Interval]:
    everybody = {EVERYBODY: _rate(rows, "correct_attacked")}
    return everybody | {
        name: _rate(own, "correct_attacked") for name, own in rows.groupby("identity", sort=True)
    }


def _gained(rows_of: Sequence[Mapping[int, pd.DataFrame]]) -> list[tuple[Interval, float]]:
    """For each setting by how much more is recognised with the most training pictures than with the fewest, and p,
    corrected for all settings."""
    tests = []
    for rows in rows_of:
        first, second = rows[min(rows)], rows[max(rows)]
        before, after = (one["correct_attacked"].to_numpy(dtype=bool) for one in (first, second))
        tests.append(paired_test(before, after, first["identity"].to_numpy()))
    corrected = holm([p for _, p in tests]).tolist()
    return [(gained, p) for (gained, _), p in zip(tests, corrected, strict=True)]


def _sentence(rows: Mapping[int, pd.DataFrame], gained: Interval, p: float, tests: int) -> str:
    few, many = min(rows), max(rows)
    first, second = (rows[cap]["correct_attacked"].to_numpy(dtype=bool) for cap in (few, many))
    people = rows[few]["identity"].to_numpy()
    if not len(people):
        return "no picture of these people could be attacked."
    said = {
        1: "the number of training pictures itself decides",
        -1: "more training pictures of a person make it worse",
        0: "the number of training pictures itself is not shown to decide",
    }[shown_side(gained, p)]
    corrected = f" after Holm's correction for {tests}" if tests > 1 else ""
    own = pd.Series(people).value_counts()
    most = people == own.index[0]
    return (
        f"{said}. Trained on at most {many} pictures of each instead of {few}, the same {len(own)} people are "
        f"recognised on {percent(second.mean())} instead of {percent(first.mean())} of {len(people)} attacked pictures "
        f"(95 % interval of the difference {points(gained.low)} to {points(gained.high)} points; p {p_in_words(p)}"
        f"{corrected}); {shown_name(own.index[0])}, who has most "
        f"of them, on {percent(second[most].mean())} instead of {percent(first[most].mean())} of {most.sum()}. Clean, "
        f"all of them on {percent(rows[many]['correct_clean'].mean())} instead of "
        f"{percent(rows[few]['correct_clean'].mean())}."
    )


def _chart(name: str, title: str, figures: Mapping[int, Mapping[str, Interval]]) -> Chart:
    return Chart(
        name,
        f"Share recognised under attack against the number of training pictures of the same people, {title}; the table "
        "holds the same figures.",
        f"{title}. Whiskers: 95 % intervals.",
        "training pictures of each, at most",
        "recognised under attack",
        [
            Series.of(shown_name(person), list(figures), [of[person] for of in figures.values()], line=True)
            for person in list(figures[min(figures)])[:5]
        ],
        log_x=True,
    )
