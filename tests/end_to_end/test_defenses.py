"""Every defence config on synthetic faces, trained and attacked as a user would, and the table of all of them."""

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tests.helpers.commands import command, run, start
from tests.helpers.paths import CONF

# Noise is trained on for smoothing to stand on.
DEFENSES = sorted({path.stem for path in (CONF / "defense").glob("*.yaml")} - {"smoothing"})
DETECTORS = {"squeezing", "gallery"}
TRAINED = {"adv", "adv_fast", "adv_head", "adv_landmarks", "adv_pgd", "consistent", "noise", "trades"}
SHORT = {path.stem: path.read_text() for path in (CONF / "defense" / "defenses_cpu").glob("*.yaml")}
SMALL = ["embedder.channels=8", "embedder.size=64", "data.limit=4"]
STEPS = ["attack.method.steps=4", "attack.budget.eps=4"]


def run_sweep(home: Path, *overrides: str) -> None:
    steps = [] if "attack=random" in overrides else STEPS
    done = subprocess.run(
        command(home, *SMALL, *steps, "-m", *overrides), cwd=home, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr


def run_here(home: Path, *overrides: str, out: str) -> None:
    steps = [] if "attack=random" in overrides else STEPS
    done = run(home, *SMALL, *steps, *overrides, out=out)
    assert done.returncode == 0, done.said


@pytest.fixture(scope="module")
def sweep(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("defenses")
    shorter = home / "conf" / "defense" / "shorter"
    shorter.mkdir(parents=True)
    for name, text in SHORT.items():
        text = text.replace("epochs: 3", "epochs: 1").replace("steps: 2", "steps: 1")
        (shorter / f"{name}.yaml").write_text(text)
    run_sweep(
        home,
        f"--config-dir={home / 'conf'}",
        "attack=pgd",
        f"defense={','.join(f'shorter/{name}' if name in SHORT else name for name in DEFENSES)}",
        f"hydra.sweep.dir={home / 'sweep'}",
        "hydra.callbacks.sweep.defenses=true",
    )
    return home / "sweep"


@pytest.fixture(scope="module")
def summaries(sweep) -> dict[str, dict]:
    found = [json.loads(path.read_text()) for path in sweep.glob("*/summary.json")]
    return {summary["defense"]: summary for summary in found}


@pytest.mark.parametrize("name", DEFENSES)
def test_a_defence_stands_trial(summaries, name):
    summary = summaries[name]
    assert summary["trusted"], summary["checks"]
    assert summary["n"] == 4
    asked = summary["checks"]["adaptive"]["passed"] is not None
    assert asked == (name not in TRAINED | {"none"})
    assert ("flagging" in summary) == (name in DETECTORS)
    assert summary["cost"]["answers_per_second"] > 0
    assert summary["cost"]["train_seconds"] > 0


def test_they_stand_side_by_side(sweep):
    lines = pd.read_csv(sweep / "defenses.csv", keep_default_na=False)
    assert sorted(lines["defense"]) == DEFENSES
    assert lines["adaptive"].between(0, 1).all()
    text = (sweep / "defenses.md").read_text()
    assert all(f"| {name} |" in text for name in DEFENSES)
    assert (sweep / "defenses.png").stat().st_size > 10_000
    assert "Synthetic" in text
    assert "defenses.png" not in (sweep / "report.html").read_text()  # it holds its own figures


def test_a_smoothed_victim_is_certified(tmp_path):
    run_here(
        tmp_path,
        "attack=ddn",
        "attack/budget=l2",
        "attack.budget.eps=2",
        "defense=[smoothing,noise]",
        "defense.smoothing.n=20",
        "defense.noise.epochs=1",
        "certificate=cohen",
        "certificate.n=100",
        "certificate.n0=10",
        out="out",
    )
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["trusted"], summary["checks"]
    assert {"adaptive", "certificates"} <= set(summary["checks"])
    points = summary["certified"]["points"]
    assert [point["value"] for point in points] == sorted((p["value"] for p in points), reverse=True)
    assert (tmp_path / "out" / "certified.png").is_file()
    rows = pd.read_csv(tmp_path / "out" / "verdicts.csv")
    assert (rows["certified_radius"] >= 0).all()
    right = rows["certified_class"] == rows["identity"]
    assert right.any()
    assert (rows["smallest"] >= rows["certified_radius"])[right].all()
    left = {point["size"]: point["value"] for point in summary["certified"]["left"]}
    both = [(point["value"], left[point["radius"]]) for point in points if point["radius"] in left]
    assert len(both) >= 2
    assert all(certified <= standing for certified, standing in both)


@pytest.mark.parametrize(
    ("name", "told", "further"),
    [
        ("smoothing", "certified", ["certificate=cohen", "certificate.n=50", "certificate.n0=10"]),
        ("squeezing", "flagging", []),
        ("adv", "robust_accuracy", []),
    ],
)
def test_a_copy_of_a_defence_stands_trial_as_well_under_a_key_of_its_own(tmp_path, name, told, further):
    conf = tmp_path / "my_conf" / "defense"
    conf.mkdir(parents=True)
    config = (CONF / "defense" / f"{name}.yaml").read_text()
    (conf / "mine.yaml").write_text(config.replace(f"@package defense.{name}", "@package defense.mine"))
    run_sweep(
        tmp_path,
        f"--config-dir={conf.parent}",
        "attack=random",
        f"defense={name},mine",
        *further,
        "trainer.max_epochs=1",
        f"hydra.sweep.dir={tmp_path / 'sweep'}",
    )
    folders = [path.parent for path in (tmp_path / "sweep").glob("*/summary.json")]
    found = {summary["defense"]: summary for summary in map(_summary, folders)}
    assert set(found) == {name, "mine"}
    assert found["mine"][told] == found[name][told]
    assert found["mine"]["checks"] == found[name]["checks"]
    pd.testing.assert_frame_equal(*(pd.read_csv(folder / "verdicts.csv") for folder in folders))


def _summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text())


def test_a_certificate_of_a_victim_that_is_not_smoothed_is_refused_before_anything_is_trained(sweep):
    models = sweep.parent / "none yet"
    overrides = ["attack=pgd", "certificate=cohen", f"paths.models={models}"]
    done = run(sweep.parent, *SMALL, *overrides, out="wrong")
    assert done.returncode != 0
    assert "add defense=smoothing" in done.said
    assert "Traceback" not in done.said
    assert not models.exists()


@pytest.mark.parametrize(
    "defense",
    [
        ["defense=squeezing"],
        [
            "defense=smoothing",
            "defense.smoothing.n=20",
            "certificate=cohen",
            "certificate.n=50",
            "certificate.n0=10",
        ],
    ],
    ids=["flags", "certificates"],
)
def test_verdicts_are_float32_in_mixed_precision(tmp_path, defense):
    for precision in ("32-true", "bf16-mixed"):
        settings = ["attack=random", *defense, "trainer.max_epochs=0", f"trainer.precision={precision}"]
        run_here(tmp_path, *settings, out=precision)
    exact, mixed = (pd.read_csv(tmp_path / out / "verdicts.csv") for out in ("32-true", "bf16-mixed"))
    judged = [
        name
        for name in exact
        if name.startswith(("suspicion", "flagged", "certified", "margin", "predicted"))
    ]
    assert any(name.startswith(("suspicion", "certified")) for name in judged)
    pd.testing.assert_frame_equal(exact[judged], mixed[judged])


def test_training_in_mixed_precision(tmp_path):
    short = [
        "defense.adv_pgd.epochs=1",
        "defense.adv_pgd.schedule.grow=0",
        "defense.adv_pgd.attack.method.steps=1",
    ]
    mixed = ["attack=pgd", "defense=adv_pgd", *short, "trainer.precision=bf16-mixed"]
    run_here(tmp_path, *mixed, out="out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["trusted"], summary["checks"]


@pytest.mark.parametrize(
    ("defense", "said"),
    [
        ("[adv,adv]", "names adv twice"),
        ("none,[jpeg,bit_depth,jpeg]", "names jpeg twice"),
        ("[none,jpeg]", "names none beside others"),
    ],
)
def test_a_senseless_list_of_defences_is_refused(tmp_path, defense, said):
    done = start(tmp_path, *SMALL, "attack=random", f"defense={defense}", out="wrong")
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
