"""The same people trained on fewer of their pictures: whether the number itself decides what an attack leaves."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import percent
from facetrial.statistics.intervals import Interval, rate_over_people
from facetrial.statistics.paired import paired_difference
from facetrial.sweep.runs import Run
from facetrial.sweep.same_setting import setting, titles
from facetrial.trial.rows import ATTACKED, read_rows

EVERYBODY = "all of them"


def class_size_sweep_section(runs: Sequence[Run]) -> Section | None:
    """Accuracy left of the people whose training pictures were capped, at each cap; None without two caps."""
    kinds: dict[tuple, dict[int, Run]] = {}
    for run in runs:
        found = (run.summary or {}).get("class_size") or {}
        if found.get("train_pictures") and found["capped"]:
            kinds.setdefault(setting(run.summary), {})[found["train_pictures"]] = run
    kinds = {kind: dict(sorted(caps.items())) for kind, caps in kinds.items() if len(caps) > 1}
    if not kinds:
        return None
    sentences, charts, tables = [], [], []
    names = titles([next(iter(caps.values())) for caps in kinds.values()])
    for number, (title, caps) in enumerate(zip(names, kinds.values(), strict=True)):
        rows = {cap: capped_rows(run, caps.values()) for cap, run in caps.items()}
        figures = {cap: _left(one) for cap, one in rows.items()}
        sentences.append(f"{title}: {_sentence(rows)}")
        charts.append(
            _chart("class_size_sweep" if number == 0 else f"class_size_sweep_{number}", title, figures)
        )
        clean = {cap: _rate(one, "correct_clean") for cap, one in rows.items()}
        tables.append(_table(title, figures, clean))
    return Section(
        "The same people, trained on fewer of their pictures",
        sentences,
        "The network stays as published and all other people as they are; only the SVM is fitted on fewer pictures of "
        "these people, each smaller set being part of the larger ones. The test pictures are the same throughout.",
        charts=charts,
        tables=tables,
    )


def capped_rows(run: Run, all_runs: Sequence[Run]) -> pd.DataFrame:
    """Verdict rows of the pictures, attacked in all runs, of the people who are capped in all runs."""
    people = set.intersection(*(set(one.summary["class_size"]["capped"]) for one in all_runs))
    every = [read_rows(one.folder / "verdicts.csv").set_index("file") for one in all_runs]
    shared = set.intersection(*(set(rows.index[rows["status"] == ATTACKED]) for rows in every))
    rows = read_rows(run.folder / "verdicts.csv")
    return rows[rows["identity"].isin(people) & rows["file"].isin(shared)].sort_values(
        "file", ignore_index=True
    )


def _rate(rows: pd.DataFrame, hits: str) -> Interval:
    return rate_over_people(rows[hits].to_numpy(dtype=bool), rows["identity"].to_numpy())


def _left(rows: pd.DataFrame) -> dict[str, Interval]:
    hits, people = rows["correct_attacked"].to_numpy(dtype=bool), rows["identity"].to_numpy()
    found = {
        name: rate_over_people(hits[people == name], people[people == name]) for name in np.unique(people)
    }
    return {EVERYBODY: _rate(rows, "correct_attacked")} | found


def _sentence(rows: dict[int, pd.DataFrame]) -> str:
    few, many = min(rows), max(rows)
    first, second = (rows[cap]["correct_attacked"].to_numpy(dtype=bool) for cap in (few, many))
    people = rows[few]["identity"].to_numpy()
    if not len(people):
        return "no picture of these people could be attacked."
    gained = paired_difference(first, second, people)
    low, high = 100 * gained.low, 100 * gained.high
    if gained.low > 0:
        said = "the number of training pictures itself decides"
    elif gained.high < 0:
        said = "more training pictures of a person make it worse"
    else:
        said = "the number of training pictures itself is not shown to decide"
    own = pd.Series(people).value_counts()
    most = people == own.index[0]
    name = own.index[0].replace("_", " ")
    return (
        f"{said}. Trained on at most {many} pictures of each instead of {few}, the same {len(own)} people are "
        f"recognised on {percent(second.mean())} instead of {percent(first.mean())} of {len(people)} attacked pictures "
        f"(95 % interval of the difference {low:+.1f} to {high:+.1f} points); {name}, who has most of them, on "
        f"{percent(second[most].mean())} instead of {percent(first[most].mean())} of {most.sum()}. Clean, all of them "
        f"on {percent(rows[many]['correct_clean'].mean())} instead of {percent(rows[few]['correct_clean'].mean())}."
    )


def _chart(name: str, title: str, figures: dict[int, dict[str, Interval]]) -> Chart:
    people = list(next(iter(figures.values())))
    series = [
        Series(
            person.replace("_", " "),
            list(figures),
            [figures[cap][person].value for cap in figures],
            [figures[cap][person].low for cap in figures],
            [figures[cap][person].high for cap in figures],
            line=True,
        )
        for person in people[:5]
    ]
    return Chart(
        name,
        f"Share recognised under attack against the number of training pictures of the same people, {title}; the table "
        "holds the same figures.",
        f"{title}. Whiskers: 95 % intervals.",
        "training pictures of each, at most",
        "recognised under attack",
        series,
        log_x=True,
    )


def _table(title: str, figures: dict[int, dict[str, Interval]], clean: dict[int, Interval]) -> Table:
    people = list(next(iter(figures.values())))
    header = ["person", *(f"at most {cap} pictures" for cap in figures)]
    lines = [[f"{EVERYBODY}, clean", *(found.as_dict() for found in clean.values())]]
    lines += [[person, *(figures[cap][person].as_dict() for cap in figures)] for person in people]
    return Table(title, header, lines)
