"""Measures what docs/results.md shows, writes docs/results/*.json, and the page anew.

python -m benchmarks.results LFW=DIR FACENET=FILE MOBILEFACENET=FILE [--tables noise,clean] [--adaptive FILE] [--render]
[--small] [--docs docs] [--runs outputs/results] [overrides of evaluate.py that change no figure, such as
hydra/launcher=joblib or paths.cache=DIR]

Started again it goes on: trials that are done are taken over. --render makes the page alone, of what is there. --small
tries it on a few drawn faces. --adaptive: outputs/adaptive.json, as the command in ADAPTIVE below wrote it, for the
table of defences.
"""

import argparse
import hashlib
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.results import figures
from benchmarks.results.figures import SHARE, Figure, Trial
from benchmarks.results.page import Results, page, read_results
from benchmarks.results.plan import PLACES, TABLES, Sweep
from facetrial.core.files import written_whole
from facetrial.core.plain import read_json, write_json
from facetrial.core.provenance import what_code_does
from facetrial.metrics.summary_json import read_summary
from facetrial.runtime.finished_files import as_left
from facetrial.runtime.resolvers import run_name
from facetrial.statistics.intervals import wilson
from facetrial.sweep.runs import FinishedRun

ROOT = Path(__file__).parents[2]
# The packages that decide a figure; others say whether it is trusted, and show it.
DECIDES = (
    "core", "statistics", "faces", "data", "landmarks", "regions", "recognition", "attacks", "defenses", "training",
    "trial", "metrics", "run",
)  # fmt: skip
QUIET = ("callbacks=none", "logger=none", "trainer.enable_progress_bar=False")  # as Hydra names folders by it
ADAPTIVE = (
    "python benchmarks/adaptive.py --pictures 40 --eps 2 --defenses none,bit_depth,jpeg,median,blur,gallery data=lfw "
    "data.root=LFW landmarks=mtcnn trainer.max_epochs=0 embedder=mobilefacenet embedder.weights=MOBILEFACENET "
    "data.min_pictures=40"
)


def words(values: Mapping[str, str], places: Mapping[str, str]) -> list[str]:
    """A command line's, with what `places` says for what lies elsewhere on every machine."""
    return [f"{key}={places.get(value, value)}" for key, value in values.items()]


def trials(sweep: Sweep, runs: Path, places: Mapping[str, str], further: Sequence[str]) -> Iterator[Trial]:
    """The trials of a sweep, each in its folder below `runs`, run where they are not done."""
    command = [
        sys.executable,
        str(ROOT / "evaluate.py"),
        "-m",
        *words(sweep.values, places),
        *QUIET,
        *further,
    ]
    alone = [f"hydra.sweep.dir={runs}", "~hydra.callbacks.sweep"]  # no report on all trials of all tables
    if subprocess.run([*command, *alone]).returncode:
        sys.exit(
            "A trial failed, which says why above. Put it right and start the same again: what is done is kept."
        )
    for values in sweep.trials():
        folder = runs / run_name([*words(values, places), *QUIET, *further])
        run = FinishedRun(folder, (), read_summary(as_left(folder, "summary.json")), folder.name)
        yield Trial(sweep.network, values, " ".join(["python evaluate.py", *words(values, {})]), run)


def foreign(file: Path, rows: Sequence[str]) -> Iterator[Figure]:
    """What the attack of benchmarks/adaptive.py left, with pictures that count as independent."""
    found = read_json(file)
    for row, one in ((row, found.get(row.split()[-1])) for row in rows):
        if one is not None:
            left, column = wilson(one["foreign"]["left"], found["n"]), "foreign attack, pictures independent"
            ends = left.value, left.low, left.high
            yield Figure(row, column, SHARE, *ends, left.n, found["people"], (0,), (ADAPTIVE,))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--adaptive", type=Path)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    parser.add_argument("--runs", type=Path, default=Path("outputs/results"))
    parser.add_argument("--render", action="store_true")
    parser.add_argument("--small", action="store_true")
    asked, given = parser.parse_known_args()
    names = [] if asked.render else asked.tables.split(",")
    places = dict(
        word.split("=", 1) for word in given if word.startswith(tuple(f"{name}=" for name in PLACES))
    )
    further = [word for word in given if word.partition("=")[0] not in places]
    if unknown := sorted({*names} - {*TABLES}):
        sys.exit(f"There are no tables {', '.join(unknown)}; there are {', '.join(TABLES)}.")
    code = what_code_does(*DECIDES)
    for name in names:
        table, sweeps = TABLES[name], TABLES[name].commands(asked.small)
        needed = {value for sweep in sweeps for value in sweep.values.values() if value in PLACES}
        if lacking := sorted(name for name in needed if not places.get(name)):
            sys.exit(
                f"Say where {' and '.join(lacking)} lie: make results LFW=DIR FACENET=FILE MOBILEFACENET=FILE."
            )
        done = [trial for sweep in sweeps for trial in trials(sweep, asked.runs.absolute(), places, further)]
        found = list(getattr(figures, table.read)(done))
        if name == "defenses" and asked.adaptive:
            found += foreign(asked.adaptive, list(dict.fromkeys(one.row for one in found)))
        weights = {
            name: hashlib.sha256(Path(places[name]).read_bytes()).hexdigest()[:12]
            for name in sorted(needed - {"LFW"})
        }
        commands = [" ".join(["python evaluate.py -m", *words(sweep.values, {})]) for sweep in sweeps]
        results = Results(code, weights, asked.small, tuple(commands), tuple(found))
        write_json(results, asked.docs / "results" / f"{name}.json")
    kept = read_results(asked.docs / "results")
    with written_whole(asked.docs / "results.md") as temporary:
        temporary.write_text(page(kept), encoding="utf-8")
    if old := [name for name, results in kept.items() if results.code != code]:
        print(
            f"Made by other code than today's: {', '.join(old)}. make results TABLES={','.join(old)} … makes them anew."
        )


if __name__ == "__main__":
    main()
