"""Attacks that are fitted first, as a user types them, on synthetic faces."""

import pandas as pd
import pytest

from tests.helpers.commands import results, run


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def test_a_second_start_reads_what_was_fitted(home):
    arguments = ["attack=universal", "attack.budget.eps=16", "attack.method.per=person"]
    done = run(home, *arguments, out="universal")
    assert done.returncode == 0, done.said
    summary, rows = results(home / "universal")
    assert summary["trusted"] is True
    assert summary["checks"]["fitted_apart"]["passed"] is True
    assert set(rows["gradient"]) == {"fine"}
    assert (rows["queries"] == 0).all()
    (kept,) = (home / "universal" / "shards").glob("*.safetensors")
    written = kept.stat().st_mtime_ns
    # As if the trial had been killed before its rows were written.
    for path in (home / "universal" / "shards").rglob("rows-*.csv"):
        path.unlink()
    (home / "universal" / "done.json").unlink()

    done = run(home, *arguments, out="universal")
    assert done.returncode == 0, done.said
    assert "fitted at an earlier start" in done.said
    assert kept.stat().st_mtime_ns == written
    _, again = results(home / "universal")
    pd.testing.assert_frame_equal(again, rows, check_exact=True)


def test_glasses_are_fitted_worn_and_written_to_be_printed(home):
    done = run(home, "attack=glasses", "attack.method.epochs=10", out="glasses")
    assert done.returncode == 0, done.said
    summary, rows = results(home / "glasses")
    assert summary["trusted"] is True
    assert set(rows["gradient"]) == {"fine"}
    assert rows["reached"].all()
    area = rows["pixels_changed"] / 112**2
    assert area.between(0.02, 0.2).all()
    written = sorted(path.name for path in (home / "glasses" / "patch").iterdir())
    people = sorted(rows["identity"].unique())
    assert written == sorted(f"{name}.{ending}" for name in people for ending in ("pdf", "png"))

    done = run(home, "attack=patch", "attack.method.epochs=1", "attack.budget.area=0.001", out="large")
    assert done.returncode != 0
    assert "attack.budget.area=0.001 allows less" in done.said
