"""A sweep of 18 small trials: its seconds beside those of the same sweep before trials shared what one process holds.

python benchmarks/sweep.py [--before DIR] [--turns 3] [overrides of evaluate.py in the place of WORDS].

--before names a checkout of the code to compare with; without it commit 867fa3e is checked out beside, and removed.
Each turn runs both sweeps, one after the other, in processes of their own, after a first trial of each has trained
the recogniser and filled the cache. Wall seconds and those of the processor are told, and whether every trial came to
the same verdicts. Figures also go to outputs/sweep_benchmark.json.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from facetrial.core.files import written_whole

ROOT = Path(__file__).parents[1]
BEFORE = "867fa3e"
JSON = Path("outputs/sweep_benchmark.json")
WORDS = [
    "attack=random,fgsm,landmarks",
    "attack/region=everywhere,eyes,mouth",
    "defense=none,jpeg",
    "landmarks=labels",
    "data.people=40",
    "trainer.max_epochs=2",
    "data.limit=8",
]
QUIET = ["trainer.enable_progress_bar=false", "callbacks=none", "logger=none"]


def started(code: Path, words: Sequence[str], home: Path) -> tuple[float, float]:
    """Runs evaluate.py of a checkout: wall seconds, and the processor's.

    Raises:
        SystemExit: it ended with another exit code than 0.
    """
    paths = [f"paths.models={home / 'models'}", f"paths.cache={home / 'cache'}"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(code / "src"), str(code)])}
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, str(code / "evaluate.py"), *words, *QUIET, *paths],
        cwd=home, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    seconds, after = time.monotonic() - clock, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def same_verdicts(first: Path, second: Path) -> list[str]:
    """The trials of two sweeps whose verdicts differ, by the names of their folders."""
    tables = {path.parent.name: path for path in sorted(first.glob("*/verdicts.csv"))}
    return [
        name
        for name, path in tables.items()
        if not pd.read_csv(path).equals(pd.read_csv(second / name / "verdicts.csv"))
    ]


def compare(codes: dict[str, Path], words: list[str], turns: int, home: Path) -> dict:
    """Both sweeps in turn: seconds of each, medians' ratio, and trials that differ."""
    first = [word.partition(",")[0] if "[" not in word else word for word in words]
    homes = {name: home / name for name in codes}
    for name, code in codes.items():
        homes[name].mkdir()
        started(code, [*first, f"hydra.run.dir={homes[name] / 'first'}"], homes[name])
    wall: dict[str, list[float]] = {name: [] for name in codes}
    processor: dict[str, list[float]] = {name: [] for name in codes}
    differ: list[str] = []
    for turn in range(turns):
        for name, code in codes.items():
            place = [f"hydra.sweep.dir={homes[name] / str(turn)}", "hydra.sweep.subdir=${hydra.job.num}"]
            seconds, used = started(code, ["-m", *words, *place], homes[name])
            wall[name].append(seconds)
            processor[name].append(used)
            print(f"turn {turn}: {name} {seconds:.1f} s, processor {used:.1f} s", flush=True)
        differ += same_verdicts(*(homes[name] / str(turn) for name in codes))
    trials = len(list((homes["after"] / "0").glob("*/verdicts.csv")))
    ratios = {
        key: statistics.median(found["after"]) / statistics.median(found["before"])
        for key, found in (("wall", wall), ("processor", processor))
    }
    return {"words": words, "trials": trials, "wall": wall, "processor": processor, "ratios": ratios,
            "differ": differ}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, help="a checkout of the code to compare with")
    parser.add_argument("--turns", type=int, default=3)
    arguments, words = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        before = arguments.before or home / "checkout"
        git = ["git", "-C", str(ROOT), "worktree"]
        if arguments.before is None:
            subprocess.run([*git, "add", "--detach", "-f", str(before), BEFORE], check=True)
        try:
            codes = {"before": before.resolve(), "after": ROOT}
            found = compare(codes, words or WORDS, arguments.turns, home)
        finally:
            if arguments.before is None:
                subprocess.run([*git, "remove", "--force", str(before)], check=True)
    for key, ratio in found["ratios"].items():
        medians = [statistics.median(found[key][name]) for name in codes]
        print(
            f"{found['trials']} trials, {key}: {medians[0]:.1f} s before, {medians[1]:.1f} s now: {ratio:.2f}"
        )
    print(
        "verdicts differ in " + ", ".join(found["differ"]) if found["differ"] else "the same verdicts in all"
    )
    with written_whole(JSON) as temporary:
        temporary.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
