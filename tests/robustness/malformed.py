"""Malformed files of every kind that is read, by a seed: each is used, or named as what cannot be used.

    python -m tests.robustness.malformed [COUNT] [SEED]

ends with 1 where one raises anything but a FacetrialError, is read as something else, takes more than a minute, or
where all of them have taken more than 2 GiB of memory.
"""

import argparse
import contextlib
import faulthandler
import io
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from facetrial.core.errors import FacetrialError
from tests.helpers.memory import most_memory_used
from tests.robustness import networks, pictures, tables

MOST_MEMORY, MOST_SECONDS = 2 * 2**30, 60
KINDS: dict[str, Callable[[np.random.Generator, Path], object]] = {
    "zip": tables.try_zip,
    "training table": tables.try_training_table,
    "test table": tables.try_test_table,
    "lookup table": tables.try_lookup_table,
    "pairs": tables.try_pairs,
    "weights": networks.try_weights,
    "onnx": networks.try_onnx,
}
SHARE_OF_PICTURES = 0.4


def outcome(kind: str, number: int, seed: int, folder: Path) -> str:
    """What became of one file: "used", or the sentence that names it.

    Raises:
        Exception: whatever is no FacetrialError.
    """
    try:
        KINDS[kind](np.random.default_rng([seed, number]), folder)
    except FacetrialError as error:
        said = str(error)
        assert len(said) > 20, said
        assert not set(said) & set("\x1b\x07\x9b\u202e"), said
        return said
    return "used"


def run(count: int, seed: int, home: Path) -> tuple[dict[str, Counter], list[str]]:
    """Tries `count` files.

    Returns:
        How many of each kind were used and named; and what was wrong, with the numbers to find it again.
    """
    counts: dict[str, Counter] = {"picture": Counter()} | {kind: Counter() for kind in KINDS}
    faults: list[str] = []
    of_pictures = round(SHARE_OF_PICTURES * count)
    sizes = {
        start: min(pictures.A_FOLDER, of_pictures - start)
        for start in range(0, of_pictures, pictures.A_FOLDER)
    }
    jobs = [("picture", start) for start in sizes]
    jobs += [(list(KINDS)[number % len(KINDS)], number) for number in range(of_pictures, count)]
    for kind, number in jobs:
        folder = home / f"{number}"
        folder.mkdir()
        started = time.monotonic()
        faulthandler.dump_traceback_later(MOST_SECONDS, exit=True)
        try:
            with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if kind == "picture":
                    rng = np.random.default_rng([seed, number])
                    counts[kind] += pictures.try_folder(rng, folder, sizes[number])
                else:
                    counts[kind]["used" if outcome(kind, number, seed, folder) == "used" else "named"] += 1
        except Exception:
            faults.append(f"{kind} {number} of seed {seed}:\n{traceback.format_exc()}")
        faulthandler.cancel_dump_traceback_later()
        if (took := time.monotonic() - started) > MOST_SECONDS / 2:
            faults.append(f"{kind} {number} of seed {seed} took {took:.0f} s")
        shutil.rmtree(folder, ignore_errors=True)
    return counts, faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as home:
        counts, faults = run(asked.count, asked.seed, Path(home))
    peak = most_memory_used()
    for kind, found in counts.items():
        print(f"{kind}: {found['used']} used, {found['named']} named")
    print(
        f"{sum(map(Counter.total, counts.values()))} files, {len(faults)} faults, {peak / 2**30:.2f} GiB at most"
    )
    for fault in faults:
        print(fault)
    sys.exit(bool(faults) or peak > MOST_MEMORY)


if __name__ == "__main__":
    main()
