"""How often the way of one picture through a trial changes from file to file of this package.

python benchmarks/file_switches.py [--calls] [OVERRIDE ...]

One drawn face is attacked by PGD of five steps. Of the calls of functions of the package inside `test_step`, one after
another, those are counted that lie in another file than the call before. Comprehensions are parts of their function.
"""

import argparse
import runpy
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
import facetrial
from facetrial.trial.trial import Trial

SOURCE = Path(facetrial.__file__).parent
ONE_PICTURE = [
    "attack=pgd",
    "attack.method.steps=5",
    "data.limit=1",
    "landmarks=labels",
    "logger=none",
    "resume=false",
]


def calls_within(step: Any) -> list[tuple[str, str]]:
    """Makes `test_step` note, in the list that is returned, the file and the name of each function that it calls."""
    calls: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(SOURCE)) and not code.co_name.startswith("<"):
            calls.append((Path(code.co_filename).relative_to(SOURCE).as_posix(), code.co_qualname))

    def watched(self: Trial, *arguments: Any) -> None:
        sys.settrace(note)
        try:
            step(self, *arguments)
        finally:
            sys.settrace(None)

    Trial.test_step = watched
    return calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", action="store_true", help="print the calls, a line each")
    parser.add_argument("overrides", nargs="*", help="of evaluate.py")
    arguments = parser.parse_args()
    calls = calls_within(Trial.test_step)
    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["evaluate.py", *ONE_PICTURE, *arguments.overrides, f"hydra.run.dir={folder}"]
        runpy.run_path(str(Path(__file__).parents[1] / "evaluate.py"), run_name="__main__")
    files = [file for file, _ in calls]
    if arguments.calls:
        print(*(f"{file} {name}" for file, name in calls), sep="\n")
    switches = sum(one != other for one, other in pairwise(files))
    print(f"{len(calls)} calls in {len(set(files))} files, {switches} switches of file")


if __name__ == "__main__":
    main()
