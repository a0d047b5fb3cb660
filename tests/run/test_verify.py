"""Verification as a user calls it: what a trial of pairs leaves, and what it refuses."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from facetrial.attacks.losses import Margin
from facetrial.core.errors import FacetrialError
from facetrial.data.rendering.renderer import render
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.run.context import TrialContext
from facetrial.run.verify import check_possible, list_beside
from tests.helpers.commands import Done, run_config
from tests.helpers.configs import composed

PEOPLE = ("Ann", "Bob", "Cem", "Dia")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Four people with three pictures each, one with a single one, and a list of two folds of them."""
    folder = tmp_path_factory.mktemp("pairs")
    who = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4])
    drawn = render(0, who, torch.tensor([0, 1, 2] * 4 + [0]), 112)
    for number, pixels in enumerate(drawn.images.mul(255).byte().permute(0, 2, 3, 1).numpy()):
        name = (*PEOPLE, "Eva")[int(who[number])]
        path = folder / "lfw" / name / f"{name}_{number % 3 + 1:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    lines = ["2\t3"]
    for first, second in (PEOPLE[:2], PEOPLE[2:]):
        lines += [f"{first}\t1\t2", f"{second}\t1\t3", f"{second}\t2\t3"]
        lines += [f"{first}\t1\t{second}\t2", f"{first}\t3\tEva\t1", f"{second}\t1\t{first}\t3"]
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n")
    return folder


def held(home: Path, *others: str) -> Done:
    overrides = [
        "task=verification", "data=lfw",
        f"data.root={home / 'lfw'}", "embedder=small", "embedder.size=32", "embedder.channels=4",
        "attack=pgd", "attack.budget.eps=16", "attack.method.steps=5", "trainer.accelerator=cpu",
        "data.batch_size=5", "callbacks=none",
        "checks.recognises.least=0",  # one that was never trained judges little better than by chance
        f"paths.cache={home / 'cache'}", f"paths.models={home / 'models'}",
        *others,
    ]  # fmt: skip
    done = run_config(home, home / "out", *overrides)
    assert done.returncode == 0, done.said
    return done


@pytest.fixture(scope="module")
def out(home) -> Path:
    held(home)
    assert not (home / "models").exists()  # nothing had to be fitted
    return home / "out"


def test_every_pair_is_judged_and_attacked(out):
    summary = json.loads((out / "summary.json").read_text())
    pairs, rows = pd.read_csv(out / "pairs.csv"), pd.read_csv(out / "verdicts.csv")
    assert len(pairs) == len(rows) == summary["n"] == 12
    assert summary["task"] == "verification"
    assert summary["pairs"]["pairs"]["clean"] == {"genuine": 6, "impostor": 6}
    assert "2 folds" in summary["pairs"]["threshold"]
    assert summary["pairs"]["embedder_as_published"] is True
    right = (pairs["similarity_clean"] >= pairs["threshold"]) == pairs["same"]
    assert summary["pairs"]["accuracy"]["clean"]["value"] == pytest.approx(right.mean())
    assert summary["clean_accuracy"]["value"] == pytest.approx(rows["correct_clean"].mean())
    attacked = (pairs["similarity_attacked"] >= pairs["threshold"]) == pairs["same"]
    assert summary["robust_accuracy"]["value"] == pytest.approx(attacked.mean())
    assert (rows["linf"] <= 16 / 255 + 1e-6).all()
    report = (out / "report.html").read_text()
    assert "Verification, pair by pair" in report
    assert "of the pairs are still judged rightly" in report
    assert "hit harder" not in report
    assert "Person by person" not in report


def test_its_strength_is_checked_and_what_is_not_asked_of_pairs_says_why(out):
    summary = json.loads((out / "summary.json").read_text())
    assert summary["trusted"] is True
    checks = {name: check["passed"] for name, check in summary["checks"].items()}
    asked = {
        "recognises",
        "true_slopes",
        "deterministic",
        "standardised_once",
        "colour_order",
        "slopes",
        "recounted",
        "referee",
    }
    assert all(checks[name] is True for name in asked)
    assert "too few" in summary["checks"]["reference"]["detail"]  # for this attack leaves none
    assert checks["names"] is checks["trained_apart"] is None
    assert set(checks) == {*composed(out, "checks=default").checks, "recounted"}


def test_an_attack_that_goes_backwards_is_not_trusted(home, tmp_path, monkeypatch):
    margin = Margin.__call__
    monkeypatch.setattr(Margin, "__call__", lambda *arguments: -margin(*arguments))
    for part in ("lfw", "pairs.txt"):
        (tmp_path / part).symlink_to(home / part)
    weaker = ["attack.method.random_start=false", "attack.method.steps=20", "attack.budget.eps=8"]
    held(tmp_path, *weaker)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["robust_accuracy"]["value"] == summary["clean_accuracy"]["value"] > 0.5
    assert summary["trusted"] is False
    assert [name for name, check in summary["checks"].items() if check["passed"] is False] == ["reference"]
    assert "wrong sign" in summary["checks"]["reference"]["remedy"]


def test_each_fold_goes_by_the_other(out):
    thresholds = pd.read_csv(out / "pairs.csv").groupby("fold")["threshold"].unique()
    assert [len(found) for found in thresholds] == [1, 1]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["attack.surrogate=small"], "leave attack.surrogate out"),
        (["goal=impersonation"], "Leave goal out"),
        (["certificate=cohen"], "leave certificate out"),
        (["defense=smoothing"], "smoothing flags or votes"),
        (["defense=squeezing"], "squeezing flags or votes"),
    ],
)
def test_what_has_no_meaning_for_pairs_is_refused(tmp_path, overrides, said):
    usual = ["task=verification", "data=lfw", "attack=pgd"]
    with pytest.raises(FacetrialError, match=said):
        check_possible(TrialContext(composed(tmp_path, *usual, *overrides), tmp_path))
    check_possible(TrialContext(composed(tmp_path, *usual), tmp_path))


def test_a_picture_that_cannot_be_used_costs_its_pairs_and_is_named(home, tmp_path):
    shutil.copytree(home / "lfw", tmp_path / "lfw")
    shutil.copy(home / "pairs.txt", tmp_path)
    (tmp_path / "lfw" / "Eva" / "Eva_0001.png").write_bytes(b"")
    done = held(tmp_path)
    assert "2 of 12 pairs have a picture that cannot be used" in done.said
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["n"] == 10
    assert summary["pairs"]["pairs"]["clean"] == {"genuine": 6, "impostor": 4}
    assert summary["left_out"] == {"n": 1, "pictures": {"Eva/Eva_0001.png": "an empty file"}, "people": []}
    assert not pd.read_csv(tmp_path / "out" / "pairs.csv")["second"].str.contains("Eva").any()
    assert "Eva/Eva_0001.png" in (tmp_path / "out" / "report.html").read_text()


def test_the_list_lies_beside_the_people_where_scikit_learn_leaves_it(home):
    assert list_beside(home / "lfw") == home / "pairs.txt"
    with pytest.raises(FacetrialError, match=r"task\.pairs=FILE"):
        list_beside(home / "lfw" / "Ann")


def test_a_list_that_has_changed_is_another_trial(home, out):
    assert "Taken over" in held(home).said
    listed = (home / "pairs.txt").read_text()
    try:
        (home / "pairs.txt").write_text(listed.replace("Ann\t1\t2", "Ann\t1\t3"))
        said = held(home).said
    finally:
        (home / "pairs.txt").write_text(listed)
    assert "pairs.txt as it was written; it is run again" in said
    assert "Ann/Ann_0001 and Ann_0003" in pd.read_csv(out / "verdicts.csv")["file"].tolist()


@pytest.mark.real
def test_mobilefacenet_on_the_first_fold_of_lfw(shared, tmp_path):
    """Published: 0.9950 over all folds. The crops of some pairs only, for the time it takes."""
    from facetrial.data.lfw import LFW
    from facetrial.data.pairs_file import files_of_pairs, read_pairs
    from facetrial.data.photos.person_folders import pictures_of_people
    from facetrial.metrics.tasks.pair_thresholds import best_threshold, parts_of, thresholds_by_part
    from facetrial.recognition.victim import Victim
    from facetrial.trial.pair_trial import embed_pictures, paired

    listed = read_pairs(shared / "data/lfw_home/pairs_1fold.txt")[::20]
    network = MobileFaceNet(str(shared / "weights/mobilefacenet_y1.safetensors")).eval()
    data = LFW(str(shared / "data/lfw_home"), 112, "five_points", str(tmp_path))
    names = files_of_pairs(listed, pictures_of_people(data.people_folder(), 1))
    whole = paired(listed, data.faces_of(list(names.values())))
    victim = Victim(network, torch.nn.Identity(), ["embedding"]).freeze()
    embeddings = embed_pictures(victim, whole.pictures, torch.device("cpu"), 16)
    similarities = (embeddings[whole.first] * embeddings[whole.second]).sum(1).numpy()
    parts, _ = parts_of(np.array([pair.fold for pair in listed]), whole.same, 0)
    right = (
        similarities >= thresholds_by_part(similarities, whole.same, parts, best_threshold)
    ) == whole.same
    assert right.mean() >= 0.95
