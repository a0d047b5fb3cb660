"""How cost grows with people and pictures: seconds, and memory at its highest, of each stage of a trial.

python benchmarks/scale.py [--people 100,1000,10000] [--pictures 1000,10000,100000] [--stages svm,gallery] [--limit 120]

Embeddings are drawn, pictures have 8 x 8 pixels: what a network costs is left out. Every cell runs in a process of its
own, on one core, is timed by that core's clock, and is ended after --limit seconds of it, or above --memory GiB; its
memory until then is told. Below a stage stand its exponents: how fast seconds and memory grow with pictures and with
people, by least squares of logarithms over cells of 0.2 seconds and more (memory: of 20 MiB and more beside what Python
starts with). The rows go to outputs/scale.csv.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

DIMENSION = 128
BATCH = 64
MIB = 2**20


def drawn(people: int, pictures: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings float32 (N, D) of unit norm, each near its person's, and identities int64 (N,)."""
    identities = np.arange(pictures) % people
    centres = np.random.default_rng(0).standard_normal((people, DIMENSION), np.float32)
    found = np.random.default_rng([1, seed]).standard_normal((pictures, DIMENSION), np.float32)
    found += centres[identities]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found, identities


def names(people: int) -> np.ndarray:
    return np.array([f"Person {number:05}" for number in range(people)])


def made_up_rows(people: int, pictures: int) -> pd.DataFrame:
    """Verdict rows as a trial leaves them."""
    identities = np.arange(pictures) % people
    generator, named = np.random.default_rng(0), names(people)
    rows: dict = {"file": [f"{number}.png" for number in range(pictures)], "identity": named[identities]}
    for version, right in (("clean", 0.99), ("attacked", 0.5), ("8bit", 0.52)):
        hit = generator.random(pictures) < right
        rows[f"predicted_{version}"] = named[np.where(hit, identities, (identities + 1) % people)]
        rows[f"correct_{version}"] = hit
        rows[f"margin_{version}"] = np.where(hit, 0.3, -0.2)
        rows[f"rank_{version}"] = np.where(hit, 1, 2)
    rows |= {"status": "attacked", "reached": True, "rms": 0.1, "l2": 1.4, "linf": 0.4, "pixels_changed": 64}
    return pd.DataFrame(rows).assign(region_area=1.0, queries=1, steps=1)


def heads(stage: str, people: int, pictures: int) -> Callable[[], object]:
    """Fits the head on embeddings of training pictures."""
    from facetrial.recognition import GalleryHead, SVMHead

    embeddings, identities = drawn(people, pictures)
    head = SVMHead() if stage == "svm" else GalleryHead()
    return lambda: head.fit(embeddings, identities)


def pairs(people: int, pictures: int) -> Callable[[], object]:
    """Verification among all pairs: thresholds on a quarter as many validation pictures, three versions of each."""
    from facetrial.metrics.tasks.verification import verification_summary
    from facetrial.trial.embedding_shards import VERSIONS
    from facetrial.trial.held_out import HeldOut

    found = {version: drawn(people, pictures, seed)[0] for seed, version in enumerate(VERSIONS)}
    identities = np.arange(pictures) % people
    held_out = HeldOut(*drawn(people, pictures // 4, 9))
    return lambda: verification_summary(found, np.ones(pictures, dtype=bool), identities, held_out)


def open_set(people: int, pictures: int) -> Callable[[], object]:
    """Who of half of the people is it, and is it anybody: every picture against the gallery."""
    from facetrial.metrics.tasks.open_set import open_set_summary, split_known
    from facetrial.recognition.enrolment import mean_embeddings
    from facetrial.trial.embedding_shards import VERSIONS
    from facetrial.trial.held_out import HeldOut

    found = {version: drawn(people, pictures, seed)[0] for seed, version in enumerate(VERSIONS)}
    identities = np.arange(pictures) % people
    held_out = HeldOut(*drawn(people, pictures // 4, 9))
    gallery, known = mean_embeddings(found["clean"], identities), split_known(people, 0)
    everyone = np.ones(pictures, dtype=bool)
    return lambda: open_set_summary(found, everyone, identities, held_out, gallery, known)


def impersonated(people: int, pictures: int) -> Callable[[], object]:
    """The interval over couples of people, of whom each picture has one."""
    from facetrial.metrics.tasks.weighting import mean_of_couples

    identities = np.arange(pictures) % people
    hits = np.random.default_rng(0).integers(0, 2, pictures)
    others = (identities + 1 + np.arange(pictures) // people) % people
    return lambda: mean_of_couples(hits, np.ones(pictures, dtype=np.int64), identities, others)


def _summary(people: int, pictures: int) -> Callable[[], object]:
    from facetrial.metrics.names import Chosen
    from facetrial.metrics.summary import About, summarise

    rows = made_up_rows(people, pictures)
    about = About(
        data="drawn", synthetic=True, limit=None, embedder="drawn", attack="random", defense="none",
        goal="dodging", seed=0, chosen=Chosen("random", {}, (), {}, ()),
    )  # fmt: skip
    n_train = dict.fromkeys(names(people).tolist(), 4)
    return lambda: (summarise(rows, about, n_train, {}, 1.0, 1.0), rows)


def intervals(people: int, pictures: int) -> Callable[[], object]:
    """The summary and the ranks, with an interval of all and of each person."""
    from facetrial.metrics.tasks.identification import identification_summary

    summary, rows = _summary(people, pictures), made_up_rows(people, pictures)
    return lambda: (summary(), identification_summary(rows, people))


def report(people: int, pictures: int) -> Callable[[], object]:
    """The report's page and charts."""
    from facetrial.report.trial_report import write_report

    summary = _summary(people, pictures)()[0]
    return lambda: write_report(tempfile.mkdtemp(), summary)


def rows(people: int, pictures: int) -> Callable[[], object]:
    """Verdicts of tiny pictures under noise, batch by batch on disk, and verdicts.csv, written and read."""
    import torch
    from torch import nn

    import facetrial
    from facetrial.attacks import RMS, Attack, Gaussian
    from facetrial.regions import Everywhere
    from facetrial.trial.rows import read_verdicts, write_rows
    from facetrial.trial.shards import Shards

    torch.manual_seed(0)
    embedder = nn.Sequential(nn.Flatten(), nn.Linear(192, DIMENSION)).eval()
    gallery = torch.randn(people, DIMENSION)
    victim = facetrial.Victim(embedder, facetrial.GalleryHead(gallery), names(people).tolist()).freeze()
    images = torch.rand(pictures, 3, 8, 8)
    identities = torch.arange(pictures) % people
    attack = Attack(Everywhere(), RMS(0.1), Gaussian())
    folder = Path(tempfile.mkdtemp())

    def run() -> None:
        _, found = facetrial.attack(victim, images, identities, attack, batch_size=BATCH)
        shards = Shards(folder / "rows")
        for start in range(0, pictures, BATCH):
            shards.write(found.iloc[start : start + BATCH])
        whole = shards.rows_of(found["file"].tolist())
        shards.compact(whole)
        write_rows(whole.assign(synthetic=True), folder / "verdicts.csv")
        read_verdicts(folder / "verdicts.csv")

    return run


STAGES: dict[str, Callable[[int, int], Callable[[], object]]] = {
    "svm": lambda people, pictures: heads("svm", people, pictures),
    "gallery": lambda people, pictures: heads("gallery", people, pictures),
    "pairs": pairs,
    "open_set": open_set,
    "impersonated": impersonated,
    "intervals": intervals,
    "rows": rows,
    "report": report,
}


def run_cell(stage: str, people: int, pictures: int) -> None:
    """Runs a stage in this process, says when it starts, and what it took."""
    work = STAGES[stage](people, pictures)
    started, before = time.process_time(), _memory(os.getpid())
    print(json.dumps({"started": started, "before": before}), flush=True)
    work()
    taken = time.process_time() - started
    print(json.dumps({"seconds": taken, "highest": _memory(os.getpid(), highest=True)}), flush=True)


def _memory(process: int, highest: bool = False) -> int:
    wanted = "VmHWM:" if highest else "VmRSS:"
    with open(f"/proc/{process}/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(wanted))


def _clock(process: int) -> float:
    """Seconds that a process has had of a core."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cell(stage: str, people: int, pictures: int, limit: float, memory: float) -> dict:
    """What a stage took, in a process of its own; `over` where it was ended at a limit, `failed` where it fell."""
    one_core = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    command = [sys.executable, __file__, "--cell", stage, str(people), str(pictures)]
    found = {"stage": stage, "people": people, "pictures": pictures, "over": False, "failed": False}
    with tempfile.TemporaryFile("w+") as said:
        running = subprocess.Popen(command, stdout=said, env={**os.environ, **one_core})
        highest, lines = 0, []
        while running.poll() is None:
            time.sleep(0.05)
            try:
                highest = _memory(running.pid, highest=True)
                spent = _clock(running.pid)
            except (OSError, StopIteration):  # it has just ended
                continue
            said.seek(0)
            lines = said.read().splitlines()
            late = bool(lines) and spent - json.loads(lines[0])["started"] > limit
            if late or highest > memory * 1024 * MIB:
                running.kill()
                found["over"] = True
        said.seek(0)
        lines = [json.loads(line) for line in said.read().splitlines()]
    found["failed"] = running.returncode != 0 and not found["over"]
    ended = lines[1] if len(lines) > 1 else {"seconds": np.nan, "highest": highest}
    return found | {"before": lines[0]["before"] if lines else np.nan, **ended}


def exponents(cells: pd.DataFrame, column: str, least: float) -> dict[str, float]:
    """How fast a column grows with pictures and people: those of a product of powers, where cells differ in both."""
    told = cells[~cells["over"] & ~cells["failed"] & (cells[column] >= least)]
    by = [name for name in ("pictures", "people") if told[name].nunique() > 1]
    if len(told) <= len(by):
        return {}
    known = np.column_stack([np.ones(len(told)), *(np.log(told[name]) for name in by)])
    powers = np.linalg.lstsq(known, np.log(told[column]), rcond=None)[0]
    return dict(zip(by, powers[1:].tolist(), strict=True))


def say(found: dict) -> None:
    seconds = "failed" if found["failed"] else "over" if found["over"] else f"{found['seconds']:.2f}"
    print(
        f"{found['stage']:<13}{found['people']:>7,}{found['pictures']:>9,}{seconds:>10}"
        f"{found['highest'] / MIB:>9,.0f}{(found['highest'] - found['before']) / MIB:>9,.0f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", default="100,1000,10000")
    parser.add_argument("--pictures", default="1000,10000,100000")
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--limit", type=float, default=120.0, help="seconds of a core")
    parser.add_argument("--memory", type=float, default=16.0, help="GiB")
    parser.add_argument("--cell", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.cell:
        run_cell(asked.cell[0], int(asked.cell[1]), int(asked.cell[2]))
        return
    people, pictures = (sorted(map(int, text.split(","))) for text in (asked.people, asked.pictures))
    found: list[dict] = []
    print("stage         people pictures   seconds  MiB at its highest, and what the stage took of it")
    for stage in asked.stages.split(","):
        for number in people:
            for count in pictures:
                if count < 4 * number:  # too few of each
                    continue
                found.append(cell(stage, number, count, asked.limit, asked.memory))
                say(found[-1])
                if found[-1]["over"]:  # more would take more
                    break
        cells = pd.DataFrame([one for one in found if one["stage"] == stage])
        cells["taken"] = cells["highest"] - cells["before"]
        for column, least in (("seconds", 0.2), ("taken", 20 * MIB)):
            powers = exponents(cells, column, least)
            said = (
                ", ".join(f"{name} ^ {power:.2f}" for name, power in powers.items())
                or "too few cells to tell"
            )
            print(f"  {'memory' if column == 'taken' else column}: {said}")
    Path("outputs").mkdir(exist_ok=True)
    pd.DataFrame(found).to_csv("outputs/scale.csv", index=False)


if __name__ == "__main__":
    main()
