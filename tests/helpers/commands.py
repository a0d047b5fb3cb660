"""`python evaluate.py` on a few drawn faces, and what it leaves: in this process, or in one of its own."""

import contextlib
import io
import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from facetrial.run.evaluate import evaluate
from facetrial.runtime.cli import friendly_errors
from facetrial.training.plan import RecognizerPlan
from tests.helpers.configs import composed
from tests.helpers.paths import ROOT
from tests.helpers.untouched import untouched

SMALL = [
    "data.people=4",
    "data.pictures=16",
    "data.pictures_min=16",
    "trainer.max_epochs=2",
    "landmarks=labels",
    "callbacks=none",
    "trainer.enable_progress_bar=false",
]


TINY = ["data.people=3", "data.pictures=6", "data.pictures_min=6", "embedder.size=32", "trainer.max_epochs=1"]


@dataclass
class Done:
    """How a trial in this process ended: with the exit code that its command has, and with what it showed."""

    returncode: int
    said: str


def words_of(home: Path, *overrides: str) -> list[str]:
    """What stands on the command line of a small trial whose models lie below `home`, without flags."""
    small = SMALL if not any(o.startswith("data=") for o in overrides) else SMALL[3:]
    paths = [f"paths.models={home / 'models'}", f"paths.cache={home / 'cache'}"]
    return [*small, *paths, *(o for o in overrides if not o.startswith("-"))]


def command(home: Path, *overrides: str, out: str | None = None) -> list[str]:
    """The command of a small trial, to be started in a process of its own."""
    flags = [o for o in overrides if o.startswith("-")]
    place = [] if out is None else [f"hydra.run.dir={home / out}"]
    return [sys.executable, str(ROOT / "evaluate.py"), *flags, *words_of(home, *overrides), *place]


def drawn_plan(home: Path, *overrides: str) -> RecognizerPlan:
    """How a recogniser of a few drawn faces is made, within a second, for a trial whose models lie below `home`."""
    return RecognizerPlan.of(composed(home, *words_of(home), *TINY, *overrides))


def start(home: Path, *overrides: str, out: str | None = None) -> subprocess.CompletedProcess:
    """Runs `command` in a process of its own: a sweep, two processes, or what Hydra does before and after a trial."""
    return subprocess.run(
        command(home, *overrides, out=out), cwd=home, capture_output=True, text=True, timeout=500
    )


def run(home: Path, *overrides: str, out: str) -> Done:
    """The small trial in the folder `out`, in this process: the config as the command gets it, and all that it says."""
    return run_config(home, home / out, *words_of(home, *overrides))


def run_config(home: Path, folder: Path, *overrides: str) -> Done:
    """`python evaluate.py` in this process, started in `home`; nothing is added but where its results go."""
    shown, code = io.StringIO(), 0
    handler = logging.StreamHandler(shown)
    handler.setFormatter(logging.Formatter("[%(name)s][%(levelname)s] - %(message)s"))
    folder.mkdir(parents=True, exist_ok=True)  # as Hydra does
    with (
        untouched(),
        contextlib.chdir(home),
        contextlib.redirect_stdout(shown),
        contextlib.redirect_stderr(shown),
    ):
        config = composed(folder, *overrides)
        root = logging.getLogger()
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        try:
            friendly_errors(evaluate)(config, folder)
        except SystemExit as ended:
            code = ended.code
    return Done(code, shown.getvalue())


def results(folder: Path) -> tuple[dict, pd.DataFrame]:
    summary = json.loads((folder / "summary.json").read_text())
    return summary, pd.read_csv(folder / "verdicts.csv", keep_default_na=False)
