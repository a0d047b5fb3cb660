"""`python evaluate.py` as a user types it, on synthetic faces; where nothing hangs on the process, in this one."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.helpers.commands import Done, command, results, run, start

ACCURACIES = ("clean_accuracy", "robust_accuracy", "robust_accuracy_8bit", "attack_success")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder in which the models that the trials below share are trained once."""
    folder = tmp_path_factory.mktemp("home")
    done = start(folder, "attack=landmarks", "data.batch_size=64", out="first")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_a_trial_leaves_what_the_readme_lists(home):
    summary, rows = results(home / "first")
    assert summary["synthetic"] is True
    assert summary["attack"] == "landmarks"
    assert summary["defense"] == "none"
    assert summary["trusted"] is True
    assert summary["n"] == len(rows) == rows["file"].nunique() == 16
    assert all({"value", "low", "high"} <= summary[name].keys() for name in ACCURACIES)
    assert summary["clean_accuracy"]["value"] == pytest.approx(rows["correct_clean"].mean())
    attacked = rows[rows["status"] == "attacked"]
    assert summary["robust_accuracy"]["value"] == pytest.approx(attacked["correct_attacked"].mean())
    assert rows["rms"][rows["reached"]].tolist() == pytest.approx(
        [0.1] * int(rows["reached"].sum()), rel=1e-5
    )
    tasks = pd.read_csv(home / "first" / "tasks.csv", keep_default_na=False)
    assert tasks["synthetic"].all()
    assert set(tasks["task"]) == {"identification", "verification"}  # too few pictures for the open set
    pairs = summary["tasks"]["verification"]["pairs"]
    assert pairs["clean"] == {"genuine": 4 * 6, "impostor": 16 * 12 // 2}
    assert [point["threshold"] for point in summary["tasks"]["verification"]["points"]] == [None] * 3
    for name in ("report.html", "accuracy.png", "people.png", "showcase.png", ".hydra/config.yaml"):
        assert (home / "first" / name).stat().st_size > 0
    assert not re.search(r"(src|href)\s*=\s*.?https?:", (home / "first" / "report.html").read_text())


def test_a_gate_ends_the_command_and_asks_no_second_attack(home):
    closed = run(home, "attack=landmarks", "gate.min_robust=1", "gate.trusted=true", out="gate")
    assert closed.returncode == 1
    assert "The gate is not passed" in closed.said
    assert "(gate.min_robust=1)" in closed.said
    opened = run(home, "attack=landmarks", "gate.min_robust=0", "gate.trusted=true", out="gate")
    assert opened.returncode == 0
    assert "Taken over" in opened.said
    assert json.loads((home / "gate" / "gate.json").read_text())["passed"] is True
    assert run(home, "attack=landmarks", out="gate").returncode == 0
    assert not (home / "gate" / "junit.xml").exists()


def test_a_sweep_whose_trials_do_not_pass_is_gathered_and_ends_with_1(home):
    done = start(home, "-m", "attack=landmarks", "seed=0,1", "gate.min_robust=1", "hydra.sweep.dir=gates")
    assert done.returncode == 1
    assert len(re.findall(r"\S+ does not pass its gate: ", done.stdout + done.stderr)) == 2
    sweep = pd.read_csv(home / "gates" / "sweep.csv")
    assert sweep["finished"].tolist() == [True, True]
    assert (home / "gates" / "report.html").is_file()


@pytest.mark.parametrize("batch_size", [1, 7])
def test_batch_size_changes_nothing(home, batch_size):
    done = run(home, "attack=landmarks", f"data.batch_size={batch_size}", out=f"batch{batch_size}")
    assert done.returncode == 0, done.said
    _, rows = results(home / f"batch{batch_size}")
    _, whole = results(home / "first")
    exact = ["file", "l2", "linf", "pixels_changed", "region_area", "predicted_attacked", "predicted_8bit"]
    pd.testing.assert_frame_equal(rows[exact], whole[exact], check_exact=True)


def test_two_processes_share_the_pictures(home):
    done = start(
        home,
        "attack=landmarks",
        "data.batch_size=7",
        "trainer.accelerator=cpu",
        "trainer.devices=2",
        "trainer.strategy=ddp",
        out="two",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    _, rows = results(home / "two")
    _, whole = results(home / "first")
    exact = ["file", "l2", "linf", "predicted_attacked"]
    pd.testing.assert_frame_equal(rows[exact], whole[exact], check_exact=True)


GRADIENT = ["attack=pgd", "attack.budget.eps=2", "attack.method.steps=5", "attack/region=landmarks"]


@pytest.fixture(scope="module")
def gradient(home) -> pd.DataFrame:
    done = run(home, *GRADIENT, "data.batch_size=64", out="pgd")
    assert done.returncode == 0, done.said
    return results(home / "pgd")[1]


def test_a_gradient_attack(home, gradient):
    summary, rows = results(home / "pgd")
    assert summary["trusted"] is True
    assert summary["attack"].startswith("pgd (")
    assert set(rows["gradient"]) == {"fine"}
    assert (rows["linf"] <= 2 / 255 + 1e-6).all()
    assert rows["steps"].between(1, 5).all()
    assert (rows["queries"] > rows["steps"]).all()
    # As far as 2/255 goes on these faces: it must do more than noise of the same size would.
    assert (rows["margin_attacked"] < rows["margin_clean"]).mean() > 0.9


@pytest.mark.parametrize("how", [["data.batch_size=1"], ["data.batch_size=7", "trainer.devices=2"]])
def test_a_gradient_attack_comes_to_the_same_verdicts_in_other_batches_and_processes(home, gradient, how):
    if "trainer.devices=2" in how:
        ddp = ["trainer.accelerator=cpu", "trainer.strategy=ddp"]
        done = start(home, *GRADIENT, *how, *ddp, out="pgd" + how[0][-1])
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        done = run(home, *GRADIENT, *how, out="pgd" + how[0][-1])
        assert done.returncode == 0, done.said
    _, rows = results(home / ("pgd" + how[0][-1]))
    assert rows["file"].tolist() == gradient["file"].tolist()
    assert rows["correct_attacked"].tolist() == gradient["correct_attacked"].tolist()


def test_impersonation(home):
    arguments = ["attack=pgd", "goal=impersonation", "goal.target=nearest", "attack.budget.eps=16"]
    done = run(home, *arguments, out="impersonation")
    assert done.returncode == 0, done.said
    summary, rows = results(home / "impersonation")
    assert summary["goal"] == "impersonation"
    assert (rows["target"] != rows["identity"]).all()
    taken = rows["predicted_attacked"] == rows["target"]
    open_to_it = rows["predicted_clean"] != rows["target"]
    assert summary["attack_success"]["value"] == pytest.approx(taken[open_to_it].mean())
    assert taken.mean() > 0.5


@pytest.mark.parametrize(
    ("by", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_a_killed_trial_goes_on(home, by, code):
    killed = f"killed-{by.name}"
    arguments = command(home, "attack=landmarks", "data.batch_size=1", out=killed)
    process = subprocess.Popen(arguments, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shards = home / killed / "shards"
    deadline = time.monotonic() + 300
    while len(list(shards.rglob("rows-*.csv"))) < 3:
        assert process.poll() is None, "the trial ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, by)
    assert process.wait() == code
    kept = {path.name: path.stat().st_mtime_ns for path in shards.rglob("rows-*.csv")}
    assert 3 <= len(kept) < 16
    assert not (home / killed / "verdicts.csv").exists()

    done = run(home, "attack=landmarks", "data.batch_size=1", out=killed)
    assert done.returncode == 0, done.said
    assert f"{len(kept)} of 16 pictures have their row" in done.said
    _, rows = results(home / killed)
    _, whole = results(home / "first")
    pd.testing.assert_frame_equal(rows[["file", "l2"]], whole[["file", "l2"]], check_exact=True)
    tasks, expected = (pd.read_csv(home / out / "tasks.csv") for out in (killed, "first"))
    pd.testing.assert_frame_equal(
        tasks, expected, atol=1e-3
    )  # convolutions round differently in other batches


def test_attacked_pictures_are_kept_as_png(home):
    from PIL import Image

    done = run(home, "attack=random", "save_images=true", out="images")
    assert done.returncode == 0, done.said
    _, rows = results(home / "images")
    pictures = [home / "images" / "images" / file for file in rows["file"]]
    assert all(Image.open(path.with_suffix(".png")).size == (112, 112) for path in pictures)

    # Started anew, nothing of what was kept is believed.
    [kept] = (home / "images" / "shards").rglob("rows-all.csv")
    kept.write_text(kept.read_text().replace("True", "False"))
    done = run(home, "attack=random", "save_images=true", "resume=false", out="images")
    assert done.returncode == 0, done.said
    pd.testing.assert_frame_equal(results(home / "images")[1], rows)


@pytest.fixture(scope="module")
def done_before(home) -> Path:
    """A finished trial, in batches of one, which come to the same in any order."""
    done = run(home, *DONE_BEFORE, out="before")
    assert done.returncode == 0, done.said
    return home / "before"


DONE_BEFORE = ["attack=random", "data.batch_size=1", "save_images=true"]


@pytest.mark.parametrize(
    "damaged",
    [
        "verdicts.csv",
        "summary.json",
        "report.html",
        "showcase/*-attacked.png",
        "images/*/*.png",
        "shards/*/rows-all.csv",
        "shards/*/embeddings-all.safetensors",
        "shards/*/showcase/*.npz",
    ],
)
def test_what_a_finished_trial_left_is_made_again_where_it_is_damaged(home, done_before, damaged):
    kept = ("verdicts.csv", "tasks.csv", "showcase/*.png", "images/**/*.png", "mean_face.png")
    left = {path: path.read_bytes() for name in kept for path in done_before.glob(name)}
    path = next(done_before.glob(damaged))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    if damaged.startswith("shards"):  # of which a finished trial has no need
        (done_before / "done.json").unlink()
    done = run(home, *DONE_BEFORE, out="before")
    assert done.returncode == 0, done.said
    assert (
        "is damaged" if damaged.startswith("shards") else "as it was written; it is run again"
    ) in done.said
    assert {path: path.read_bytes() for name in kept for path in done_before.glob(name)} == left


def test_a_sweep_with_a_defence_that_was_killed_goes_on(home):
    arguments = ["-m", "attack=random,scattered", "defense=none,adv", f"hydra.sweep.dir={home / 'sweep'}"]
    process = subprocess.Popen(
        command(home, *arguments), cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def finished() -> dict[Path, int]:
        return {
            path: (path.parent / "summary.json").stat().st_mtime_ns
            for path in (home / "sweep").glob("*/done.json")
        }

    deadline = time.monotonic() + 400
    while len(finished()) < 2:
        assert process.poll() is None, "the sweep ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = finished()
    assert 2 <= len(kept) < 4

    done = start(home, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(finished()) == 4
    assert kept.items() <= finished().items()  # none was held again
    sweep = pd.read_csv(home / "sweep" / "sweep.csv")
    assert len(sweep) == 4
    assert set(sweep["attack"]) == {"random", "scattered"}
    assert set(sweep["defense"]) == {"none", "adv"}
    assert (home / "sweep" / "report.html").is_file()


class TestMistakes:
    """A mistake ends with a sentence that helps, not with a traceback."""

    def fails(self, home, *overrides):
        return self.said(run(home, *overrides, out="mistake"))

    def fails_alone(self, home, *overrides):
        done = start(home, *overrides, out="mistake")
        return self.said(Done(done.returncode, done.stdout + done.stderr))

    def said(self, done):
        assert done.returncode != 0
        assert "Traceback" not in done.said
        return done.said

    def test_unknown_config(self, home):
        assert "Could not find 'attack/nose'" in self.fails_alone(home, "attack=nose")

    def test_senseless_budget(self, home):
        assert "attack.budget.rms" in self.fails_alone(home, "attack.budget.rms=-1")

    @pytest.mark.parametrize(
        ("overrides", "said"),
        [
            (["attack.budget.eps=-1"], "attack.budget.eps must lie in (0, 255], in 1/255 of a pixel's range"),
            (["attack.budget.eps=300"], "attack.budget.eps must lie in (0, 255]"),
            (["attack/budget=l0"], "a budget of norm l0 has no"),
            (
                ["goal=impersonation", "goal.target=Nobody"],
                "goal.target=Nobody: there is no such person among 4",
            ),
        ],
    )
    def test_gradient_attacks(self, home, overrides, said):
        assert said in self.fails(home, "attack=pgd", *overrides)

    def test_missing_folder(self, home):
        text = self.fails(home, "data=lfw", f"data.root={home / 'nowhere'}")
        assert "nowhere" in text

    def test_not_a_checkpoint(self, home):
        (home / "broken.ckpt").write_bytes(b"not a checkpoint")
        text = self.fails(home, f"model.checkpoint={home / 'broken.ckpt'}")
        assert "broken.ckpt cannot be read as a checkpoint" in text

    def test_checkpoint_of_another_config(self, home):
        made = min((home / "models").glob("recognizer-*none*.ckpt"))  # others may be of other settings
        text = self.fails(home, f"model.checkpoint={made}", "data.people=5")
        assert "people: the checkpoint has 4, the config 5" in text


@pytest.mark.parametrize("attack", ["smallest", "cw"])
def test_the_smallest_change_gives_a_security_curve(home, attack):
    done = run(home, f"attack={attack}", "data.limit=6", "attack/region=eyes", out=f"curve-{attack}")
    assert done.returncode == 0, done.said
    summary, rows = results(home / f"curve-{attack}")
    curve = pd.read_csv(home / f"curve-{attack}" / "curve.csv", keep_default_na=False)
    assert curve["synthetic"].all()
    assert curve["value"].tolist()[1:] == [point["value"] for point in summary["curve"]["points"]]
    assert (curve["value"].diff()[1:] <= 0).all()
    fell = rows["smallest"].astype(float).to_numpy() <= summary["curve"]["limit"]
    assert fell.any()
    assert not rows["correct_attacked"].to_numpy()[fell].any()
    for name in ("curve.png", "curve.svg"):
        assert (home / f"curve-{attack}" / name).stat().st_size > 0
    assert "How much it takes" in (home / f"curve-{attack}" / "report.html").read_text()


@pytest.mark.parametrize("head", ["svm_balanced", "gallery"])
def test_another_head_stands_trial(tmp_path, head):
    few = [
        "data.pictures_min=8",
        "trainer.max_epochs=0",
        "embedder.size=48",
        "embedder.channels=8",
        "data.limit=8",
    ]
    done = run(tmp_path, "attack=pgd", "attack.method.steps=4", f"model/head={head}", *few, out=head)
    assert done.returncode == 0, done.said
    summary, rows = results(tmp_path / head)
    assert summary["trusted"] is True
    assert summary["head"] == {"gallery": "gallery", "svm_balanced": "svm (class_weight=balanced)"}[head]
    assert set(rows["gradient"]) == {"fine"}
    # People have other numbers of pictures; what the gallery says stands beside another head alone.
    assert summary["class_size"]["asks_victim"] is True
    assert summary["class_size"]["own"]["head"] == summary["head"]
    assert ("gallery" in summary["class_size"]) is (head != "gallery")
    assert "How many pictures of a person it takes" in (tmp_path / head / "report.html").read_text()
