"""Which finished trial is the one that is asked for, and why another is not."""

from pathlib import Path

import pytest

from facetrial.core.plain import write_json
from facetrial.run import finished
from facetrial.run.context import TrialContext
from facetrial.run.finished import DONE, begin, finish, finished_before
from facetrial.runtime import started
from facetrial.runtime.finished_files import read_finished
from facetrial.sweep.runs import gather_runs
from tests.helpers.configs import composed
from tests.helpers.sweeps import made_up_trials


def digest_of(config):
    return TrialContext(config, Path(config.trainer.default_root_dir)).digest


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    return digest_of(composed(tmp_path_factory.mktemp("usual"), "attack=pgd"))


@pytest.mark.parametrize(
    "override",
    [
        "paths.models=elsewhere",
        "data.batch_size=7",
        "trainer.devices=2",
        "trainer.enable_progress_bar=false",
        "callbacks=none",
        "resume=false",
        "landmarks.data.limit=5",
        "gate.min_robust=0.5",
    ],
)
def test_where_and_how_it_runs_is_not_asked(tmp_path, usual, override):
    assert digest_of(composed(tmp_path, "attack=pgd", override)) == usual


@pytest.mark.parametrize(
    "override",
    [
        "seed=1",
        "attack.budget.eps=3",
        "attack.method.steps=7",
        "attack/region=eyes",
        "goal=impersonation",
        "defense=adv",
        "data.limit=5",
        "trainer.max_epochs=1",
        "model.head.c=2",
        "save_images=true",
        "landmarks=labels",
        "logger=wandb",  # which knows nothing of the trial yet
    ],
)
def test_what_decides_it_is(tmp_path, usual, override):
    assert digest_of(composed(tmp_path, "attack=pgd", override)) != usual


def test_files_count_by_content(tmp_path):
    def asked(name, content):
        (tmp_path / name).write_bytes(content)
        return digest_of(composed(tmp_path, f"model.checkpoint={tmp_path / name}"))

    first = asked("first.ckpt", b"a")
    assert asked("moved.ckpt", b"a") == first
    assert asked("first.ckpt", b"b") != first


def test_a_surrogate_counts_by_all_that_its_config_says(tmp_path, monkeypatch):
    """That is in a file of its own, of which the config of the trial has the name alone."""
    config = composed(tmp_path, "attack=transfer", "attack.surrogate=small")
    first, settings_of = digest_of(config), started.settings_of
    assert digest_of(config) == first
    monkeypatch.setattr(started, "settings_of", lambda *asked: settings_of(*asked) | {"channels": 8})
    assert digest_of(config) != first


def test_a_trial_is_done_when_all_of_it_lies_there(tmp_path):
    summary, _ = made_up_trials()[0]
    write_json(summary, tmp_path / "summary.json")
    (tmp_path / "verdicts.csv").touch()
    (tmp_path / "report.html").touch()
    assert finished_before(tmp_path, "asked") is None
    finish(tmp_path, "asked")
    assert finished_before(tmp_path, "asked").attack == summary.attack
    assert finished_before(tmp_path, "something else") is None
    (tmp_path / "report.html").unlink()
    assert finished_before(tmp_path, "asked") is None
    (tmp_path / "report.html").touch()
    (tmp_path / DONE).write_text("cut sho")
    assert finished_before(tmp_path, "asked") is None
    finish(tmp_path, "asked")
    begin(tmp_path, "asked")
    assert finished_before(tmp_path, "asked") is None
    assert not (tmp_path / "summary.json").exists()  # which would pass for that of what comes now


def test_code_of_the_users_own_counts_by_content(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)

    def asked(text):
        (tmp_path / "my_own_goal.py").write_text(text)
        return digest_of(composed(tmp_path, "goal._target_=my_own_goal.Goal"))

    first = asked("class Goal: pass\n")
    assert asked("class Goal: pass\n") == first
    assert asked("class Goal: pass  # another\n") != first


class TestNotTakenOver:
    """A finished trial that is run again, and what the log says of it."""

    @pytest.fixture
    def done(self, tmp_path):
        write_json(made_up_trials()[0][0], tmp_path / "summary.json")
        (tmp_path / "verdicts.csv").touch()
        (tmp_path / "report.html").touch()
        (tmp_path / "showcase").mkdir()
        (tmp_path / "showcase" / "01-clean.png").touch()
        finish(tmp_path, "asked")
        return tmp_path

    def test_one_of_another_version(self, done, monkeypatch, caplog):
        monkeypatch.setattr(finished, "package_code", lambda: "another")
        assert finished_before(done, "something else") is None
        assert "was made by another version of this code; it is run again" in caplog.text

    def test_one_from_before_versions_were_kept(self, done, caplog):
        write_json({"asked": "earlier"}, done / DONE)
        assert finished_before(done, "asked") is None
        assert "another version of this code" in caplog.text

    def test_one_of_another_config(self, done, caplog):
        assert finished_before(done, "something else") is None
        assert "was made by another config, or files or code of yours that have changed" in caplog.text
        assert "another version" not in caplog.text

    @pytest.mark.parametrize("lost", ["summary.json", "verdicts.csv", "report.html"])
    def test_one_that_lacks_a_file(self, done, lost, caplog):
        (done / lost).unlink()
        assert finished_before(done, "asked") is None
        assert f"in {done} lacks {lost}; it is run again" in caplog.text

    @pytest.mark.parametrize(
        "damaged", ["summary.json", "verdicts.csv", "report.html", "showcase/01-clean.png"]
    )
    def test_one_whose_file_is_not_as_it_was_written(self, done, damaged, caplog):
        (done / damaged).write_bytes((done / damaged).read_bytes() + b" ")
        assert finished_before(done, "asked") is None
        assert f"in {done} lacks {damaged} as it was written; it is run again" in caplog.text

    def test_one_that_also_went_by_a_file_that_has_changed(self, done, tmp_path, caplog):
        pairs = tmp_path / "pairs.txt"
        pairs.write_text("1")
        finish(done, "asked", [pairs])
        assert finished_before(done, "asked") is not None
        pairs.write_text("2")
        assert finished_before(done, "asked") is None
        assert "pairs.txt as it was written" in caplog.text

    def test_what_others_write_into_its_folder_does_not_count(self, done):
        for name in ("evaluate.log", "logs/metrics.csv", "notes.txt", ".hydra/config.yaml", "0/verdicts.csv"):
            (done / name).parent.mkdir(exist_ok=True)
            (done / name).write_text("more")
        assert finished_before(done, "asked") is not None

    def test_an_empty_folder_is_not_spoken_of(self, tmp_path, caplog):
        assert finished_before(tmp_path, "asked") is None
        assert not caplog.records

    def test_the_one_that_is_asked_for_is_taken_over(self, done, caplog):
        caplog.set_level("INFO")
        assert finished_before(done, "asked") is not None
        assert f"Taken over: {done} holds this trial, whole." in caplog.text


def test_what_version_0_1_called_otherwise_is_taken_away_before_another_trial_writes(tmp_path):
    (tmp_path / "gallery").mkdir()
    for name in ("gallery/01-worst-clean.png", "gallery.png", "detection.svg", "evaluate.log"):
        (tmp_path / name).touch()
    begin(tmp_path, "asked")
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["evaluate.log"]


def test_what_another_finished_trial_left_is_set_apart(tmp_path):
    """A curve of the attack before would stand, and be sealed, beside the rows of this one."""
    for name in ("verdicts.csv", "curve.csv", "report.html", "images/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("before")
    write_json(made_up_trials()[0][0], tmp_path / "summary.json")
    (tmp_path / "evaluate.log").write_text("log")
    finish(tmp_path, "before")
    begin(tmp_path, "now")
    begin(tmp_path, "now")  # as another process of the same trial does
    moved = ["curve.csv", "images/a.png", "report.html", "summary.json", "verdicts.csv"]
    assert seen(tmp_path) == [*(f"before-1/{name}" for name in moved), "evaluate.log"]
    (tmp_path / "verdicts.csv").write_text("now")
    finish(tmp_path, "now")
    begin(tmp_path, "later")
    assert (tmp_path / "before-2" / "verdicts.csv").read_text() == "now"
    assert (tmp_path / "before-1" / "verdicts.csv").read_text() == "before"


def test_what_another_trial_left_that_was_cut_short_is_set_apart_too(tmp_path):
    """Pictures under its attack would stand, and be sealed, beside those of this one."""
    (tmp_path / "table.csv").write_text("of the user's, whose folder this is")
    begin(tmp_path, "before")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_text("before")
    begin(tmp_path, "before")  # as it is when it goes on
    assert seen(tmp_path) == ["images/a.png", "table.csv"]
    begin(tmp_path, "now")
    assert seen(tmp_path) == ["before-1/images/a.png", "table.csv"]
    (tmp_path / "verdicts.csv").write_text("now")
    finish(tmp_path, "now")
    assert list(read_finished(tmp_path).files) == ["verdicts.csv"]
    begin(tmp_path, "later")
    assert seen(tmp_path) == ["before-1/images/a.png", "before-2/verdicts.csv", "table.csv"]


def seen(folder):
    """The files in a folder, less those that nobody looks for."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not path.name.startswith("."))


def test_the_same_trial_begun_anew_keeps_what_it_left(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").touch()
    finish(tmp_path, "asked")
    begin(tmp_path, "asked")
    assert (tmp_path / "images" / "a.png").is_file()


def test_a_sweep_does_not_count_what_was_set_aside(tmp_path):
    run = tmp_path / "sweep" / "before-and-after"
    run.mkdir(parents=True)
    for asked in ("before", "now"):
        write_json(made_up_trials()[0][0], run / "summary.json")
        finish(run, asked)
        begin(run, "now")
    write_json(made_up_trials()[0][0], run / "summary.json")
    assert (run / "before-1" / "summary.json").is_file()
    assert [found.folder for found in gather_runs(tmp_path / "sweep")] == [run]
