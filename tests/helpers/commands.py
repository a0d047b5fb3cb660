"""`python evaluate.py` as a user types it, on a few drawn faces, and what it leaves."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd

from tests.helpers.paths import ROOT

SMALL = [
    "data.people=4",
    "data.pictures=16",
    "data.pictures_min=16",
    "trainer.max_epochs=2",
    "landmarks=labels",
    "callbacks=none",
    "trainer.enable_progress_bar=false",
]


def command(home: Path, *overrides: str, out: str | None = None) -> list[str]:
    paths = [f"paths.models={home / 'models'}", f"paths.cache={home / 'cache'}"]
    if out is not None:
        paths.append(f"hydra.run.dir={home / out}")
    flags = [o for o in overrides if o.startswith("-")]
    rest = [o for o in overrides if not o.startswith("-")]
    small = SMALL if not any(o.startswith("data=") for o in overrides) else SMALL[3:]
    return [sys.executable, str(ROOT / "evaluate.py"), *flags, *small, *paths, *rest]


def run(home: Path, *overrides: str, out: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(home, *overrides, out=out), cwd=home, capture_output=True, text=True, timeout=500
    )


def results(folder: Path) -> tuple[dict, pd.DataFrame]:
    summary = json.loads((folder / "summary.json").read_text())
    return summary, pd.read_csv(folder / "verdicts.csv", keep_default_na=False)
