"""`checks=thorough` and `physical=saved`, as a user types them, on synthetic faces."""

import pandas as pd
import pytest

from tests.helpers.commands import results, run

ARGUMENTS = ["attack=pgd", "attack.budget.eps=8", "attack.method.early_stop=false"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A trial that was held without the path to the recogniser, and again with all that can be asked of it."""
    folder = tmp_path_factory.mktemp("home")
    for more in ([], ["checks=thorough", "physical=saved"]):
        done = run(folder, *ARGUMENTS, *more, out="out")
        assert done.returncode == 0, done.said
    return folder


def test_thorough_checks_attack_a_few_pictures_again(home):
    summary, _ = results(home / "out")
    assert summary["trusted"], summary["checks"]
    extra = {"unbounded_budget", "black_box", "more_steps"}
    assert extra | {"range", "standardised_once", "recognises", "same_alone", "slopes"} <= set(
        summary["checks"]
    )
    assert all(check["detail"] for check in summary["checks"].values())


def test_every_attacked_picture_was_sent_on_every_path(home):
    summary, rows = results(home / "out")
    sent = pd.read_csv(home / "out" / "physical.csv", keep_default_na=False)
    assert sent["file"].tolist() == rows["file"].tolist()
    assert sent["synthetic"].all()
    assert sent["correct_attacked_png"].tolist() == rows["correct_8bit"].tolist()
    assert sent["correct_clean_png"].tolist() == rows["correct_clean"].tolist()
    assert summary["physical"]["cut_again"] is False
    assert [path["path"] for path in summary["physical"]["paths"]][:3] == ["float32", "png", "jpeg_95"]
    assert (home / "out" / "physical.png").stat().st_size > 0
    assert "What survives being saved" in (home / "out" / "report.html").read_text()


def test_a_second_start_sends_nothing(home):
    [folder] = (home / "out" / "shards").glob("*/physical-*")
    written = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    (home / "out" / "done.json").unlink()
    done = run(home, *ARGUMENTS, "physical=saved", out="out")
    assert done.returncode == 0, done.said
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == written
    assert set(results(home / "out")[0]["checks"]).isdisjoint({"black_box"})
