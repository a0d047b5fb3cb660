"""Damages files of every kind that the project writes, and looks at what is made of them.

What comes must be what came of the whole files, to the bit, for it was made again; or a FacetrialError that names the
file. `python -m tests.robustness.flips --count 600` tries that many, all kinds in turn, and ends with 1 where one was
taken as it is, or ended with another exception. Whole trials, seconds each, are tried where `--kind` names them.
"""

import argparse
import logging
import random
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from facetrial.core.errors import FacetrialError
from tests.robustness.kinds import KINDS, TRIALS, Kind

AGAIN, NAMED = "made again", "named"
WRONG, RAW = "silently wrong", "another exception"


def damaged(whole: bytes, draw: random.Random) -> bytes:
    """The same with one to three bits flipped, cut short, emptied, or with a piece of it lost to zeros."""
    how = draw.choice(["flip", "flip", "flip", "cut", "cut", "zeros", "empty"])
    if how == "empty" or not whole:
        return b""
    at = draw.randrange(len(whole))
    if how == "cut":
        return whole[:at]
    if how == "zeros":
        return whole[:at] + bytes(len(whole[at : at + 512])) + whole[at + 512 :]
    changed = bytearray(whole)
    for _ in range(draw.choice([1, 1, 3])):
        changed[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def tried(name: str, count: int, seed: int = 0) -> Iterator[str]:
    """What came of each of up to `count` damages to files of a kind."""
    kind = (KINDS | TRIALS)[name]
    draw = random.Random(f"{seed} {name}")
    with tempfile.TemporaryDirectory() as home:
        whole, folder = Path(home) / "whole", Path(home) / "folder"
        folder.mkdir()
        kind.make(folder)
        shutil.copytree(folder, whole)
        expected = kind.read(folder)
        for _ in range(count):
            shutil.rmtree(folder)
            shutil.copytree(whole, folder)
            files = sorted(path for path in folder.glob(kind.damaged) if path.is_file())
            path = draw.choice(files)
            content = path.read_bytes()
            path.write_bytes(damaged(content, draw))
            if path.read_bytes() != content:
                yield _told(kind, folder, path, expected)


def _told(kind: Kind, folder: Path, path: Path, expected: Any) -> str:
    try:
        found = kind.read(folder)
    except FacetrialError as error:
        return NAMED if path.name in str(error) else f"{WRONG}: {error}"
    except Exception as error:
        return f"{RAW}: {type(error).__name__}: {error}"
    if isinstance(found, str) and path.name in found:
        return NAMED  # it is a sentence
    return AGAIN if found == expected else WRONG


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", default=[], choices=[*KINDS, *TRIALS])
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    torch.set_num_threads(
        1
    )  # with more, a training rounds otherwise each time, and nothing is the same to the bit
    total: Counter[str] = Counter()
    names = asked.kind or list(KINDS)
    for name in names:
        counts = Counter(tried(name, -(-asked.count // len(names)), asked.seed))
        total += counts
        print(f"{name:26} {', '.join(f'{number} {said}' for said, number in counts.most_common())}")
    print(f"{total.total()} damages: {dict(total)}")
    sys.exit(any(said not in (AGAIN, NAMED) for said in total))


if __name__ == "__main__":
    main()
