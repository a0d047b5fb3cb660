"""Kills commands of every kind at random moments, starts them again, and looks at what they leave.

What a command leaves after up to three kills, each of the whole process at a moment drawn anew, must be what it leaves
when nobody disturbs it: to the bit, but for times. Two starts of one command at once must both end well, or one with a
sentence, and leave the same. `python -m tests.robustness.kills --count 100` does so many kills, all kinds in turn, and
ends with 1 where something was lost or changed.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from tests.helpers.paths import ROOT
from tests.helpers.photographs import draw_people

FEW = ["data.people=3", "data.pictures=8", "data.pictures_min=8", "trainer.max_epochs=2"]
TRIAL = [*FEW, "landmarks=labels", "data.batch_size=1"]
QUIET = ["callbacks=none", "logger=none", "trainer.enable_progress_bar=false"]
PAIRS = [
    "data=folder", "data.root=people", "data.min_pictures=3", "data.on_no_face=centre", "trainer.max_epochs=2",
    "embedder=small", "data.batch_size=1",
]  # fmt: skip
COMMANDS = {
    "landmarks": ["train.py", "model=landmarks", "data.people=3", "trainer.max_epochs=4"],
    "recogniser": ["train.py", *FEW, "trainer.max_epochs=6"],
    "adversarial training": [
        "train.py", *FEW, "defense=adv_pgd", "defense.adv_pgd.epochs=3", "defense.adv_pgd.schedule.grow=1",
    ],
    "attack by gradients": ["evaluate.py", *TRIAL, "attack=pgd", "attack.budget.eps=1", "save_images=true"],
    "fitted attack": ["evaluate.py", *TRIAL, "attack=universal", "attack.method.epochs=3"],
    "certificate": [
        "evaluate.py", *TRIAL, "attack=random", "defense=smoothing", "certificate=cohen", "certificate.n=200",
        "defense.smoothing.n=20",
    ],
    "pairs": ["evaluate.py", *PAIRS, "task=verification", "task.pairs=pairs.txt", "attack=pgd"],
    "sweep": ["evaluate.py", "-m", *TRIAL, "attack=random,fgsm", "defense=none,median"],
}  # fmt: skip
# What nobody can expect to be the same twice, by a part of its name.
TIMES = (
    "second",
    "cost",
    "started",
    "finished",
    "share_of_checks",
    "memory",
    "checksum",
    "seal",
    "path",
    "folder",
)


def inputs(home: Path) -> None:
    """What the commands read."""
    draw_people(home / "people", {"Ann": 8, "Bob": 8, "Cid": 8})
    (home / "pairs.txt").write_text(
        "1\t3\nAnn\t1\t2\nBob\t1\t2\nCid\t3\t4\nAnn\t1\tBob\t2\nAnn\t3\tCid\t4\nBob\t5\tCid\t6\n"
    )


def words(kind: str, home: Path, run: str = "run") -> list[str]:
    script, *overrides = COMMANDS[kind]
    place = f"hydra.{'sweep' if '-m' in overrides else 'run'}.dir={home / run}"
    paths = [f"paths.models={home / 'models'}", f"paths.cache={home / 'cache'}"]
    return [sys.executable, str(ROOT / script), *overrides, *QUIET, *paths, place]


def started(kind: str, home: Path, run: str = "run") -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    return subprocess.Popen(
        words(kind, home, run),
        cwd=home,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def timeless(value: Any) -> Any:
    """A value without what is named after time and place, tensors as bytes."""
    if isinstance(value, dict):
        return {
            key: timeless(part) for key, part in value.items() if not any(time in str(key) for time in TIMES)
        }
    if isinstance(value, list | tuple):
        return [timeless(part) for part in value]
    return value.contiguous().numpy().tobytes() if isinstance(value, torch.Tensor) else value


def left(home: Path, run: str = "run") -> dict[str, Any]:
    """What a command leaves, by file: models, rows, pictures and figures."""
    found: dict[str, Any] = {}
    for path in sorted((home / "models").glob("*.ckpt")):
        found[path.name] = timeless(torch.load(path, weights_only=True))
    for path in sorted((home / run).rglob("*")):
        name = str(path.relative_to(home / run))
        if path.suffix in (".png", ".safetensors") and "shards" not in name:
            found[name] = path.read_bytes()
        elif path.suffix == ".csv" and "shards" not in name:
            table = pd.read_csv(path, dtype=str).replace(re.escape(str(home)), "HOME", regex=True)
            found[name] = table[
                [column for column in table if not any(time in column for time in TIMES)]
            ].to_csv()
        elif path.suffix == ".json" and path.name != "done.json" and ".hydra" not in name:
            found[name] = timeless(json.loads(path.read_text()))
    return found


def faults(home: Path, expected: dict[str, Any], said: str, code: int, run: str = "run") -> list[str]:
    """What is wrong with how a command ended."""
    if code != 0:
        return [f"ended with {code}: {said[-1500:]}"]
    found = left(home, run)
    wrong = [
        f"{name} {'is gone' if name not in found else 'differs'}"
        for name in expected
        if expected[name] != found.get(name)
    ]
    wrong += [f"{name} is new" for name in found.keys() - expected.keys()]
    wrong += [f"{path.name} was left over" for path in home.rglob("*being-written*")]
    return wrong


class Undisturbed:
    """A run of a kind that nobody disturbs: what it leaves, and how long it takes."""

    def __init__(self, kind: str, home: Path) -> None:
        self.kind, self.home = kind, home / "undisturbed"
        self.home.mkdir()
        inputs(self.home)
        begun = time.monotonic()
        process = started(kind, self.home)
        said, _ = process.communicate()
        assert process.returncode == 0, said
        self.seconds = time.monotonic() - begun
        self.leaves = left(self.home)

    def fresh(self, name: str) -> Path:
        folder = self.home.parent / name
        folder.mkdir()
        inputs(folder)
        return folder


def killed(whole: Undisturbed, kills: int, draw: random.Random) -> tuple[int, list[str]]:
    """How many kills hit a process at work, and what is wrong with what is left in the end."""
    home, hit = whole.fresh("killed"), 0
    for _ in range(kills):
        process = started(whole.kind, home)
        try:
            process.communicate(timeout=draw.uniform(0.25, 1.0) * whole.seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            hit += 1
    process = started(whole.kind, home)
    said, _ = process.communicate()
    found = faults(home, whole.leaves, said, process.returncode)
    shutil.rmtree(home)
    return hit, found


def at_once(whole: Undisturbed, runs: tuple[str, str]) -> list[str]:
    """What is wrong with what two starts at once leave, in one run's folder or in one each."""
    home = whole.fresh("at_once")
    processes = [started(whole.kind, home, run) for run in runs]
    said = [process.communicate()[0] for process in processes]
    codes = [process.returncode for process in processes]
    wrong = [f"a traceback: {text[-1500:]}" for text in said if "Traceback" in text]
    ended = [place for place, code in enumerate(codes) if code == 0]
    if not ended:
        wrong.append(f"neither ended well: {said[0][-700:]} {said[1][-700:]}")
    for place in ended:
        wrong += faults(home, whole.leaves, said[place], 0, runs[place])
    shutil.rmtree(home)
    return wrong


def tried(kind: str, kills: int, seed: int = 0) -> Iterator[tuple[str, int, list[str]]]:
    """What was done to a kind of run, how often, and what was wrong with what it left."""
    draw = random.Random(f"{seed} {kind}")
    with tempfile.TemporaryDirectory() as folder:
        whole = Undisturbed(kind, Path(folder))
        for runs in (("run", "run"), ("run", "other")):
            yield "two starts at once", 1, at_once(whole, runs)
        while kills > 0:
            hit, wrong = killed(whole, min(3, kills), draw)
            kills -= max(hit, 1)
            yield "kills", hit, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", default=[], choices=list(COMMANDS))
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    wrong = 0
    names = asked.kind or list(COMMANDS)
    for name in names:
        counts: Counter[str] = Counter()
        for what, number, found in tried(name, -(-asked.count // len(names)), asked.seed):
            counts[what] += number
            wrong += bool(found)
            for fault in found:
                print(f"{name}, {what}: {fault}", flush=True)
        total += counts
        print(f"{name:22} {', '.join(f'{number} {what}' for what, number in counts.items())}", flush=True)
    print(f"{dict(total)}, {wrong} left something else than an undisturbed run")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
