"""Trials from Python are those of the command."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from hydra.utils import instantiate
from lightning.pytorch.accelerators import CUDAAccelerator, MPSAccelerator
from torch.nn import functional as F

import facetrial
from facetrial.attacks import PGD, RMS, Gaussian, Linf, Margin
from facetrial.checks import Reached, Referee, TrainedApart
from facetrial.core.errors import FacetrialError
from facetrial.data import SyntheticFaces
from facetrial.defenses import JPEG, defended
from facetrial.metrics.summary_json import read_summary
from facetrial.recognition import FunctionEmbedder
from facetrial.regions import Discs, Everywhere
from facetrial.report.console import caption
from facetrial.trial.rows import read_verdicts
from tests.helpers.commands import words_of
from tests.helpers.configs import composed

FACES = facetrial.draw_faces(people=3, pictures=8, size=32)
NOISE = facetrial.Attack(Everywhere(), RMS(0.05), Gaussian())
WORDS = (
    "attack=pgd",
    "attack.method.steps=5",
    "attack.budget.eps=2",
    "defense=jpeg",
    "embedder.size=32",
    "data.size=32",
)


def means(images):
    return F.avg_pool2d(images - images.mean((2, 3), keepdim=True), 4).flatten(1)


@pytest.fixture(scope="module")
def verdict() -> facetrial.Verdict:
    return facetrial.evaluate(facetrial.enrol(means, FACES), FACES, NOISE)


def test_a_verdict_has_summary_and_rows_and_prints_what_it_is(verdict):
    assert verdict.summary.trusted, verdict.summary.failed_checks
    assert verdict.summary.synthetic
    assert verdict.summary.tasks.verification.eer is not None
    assert verdict.rows["file"].tolist() == FACES.test_faces.files
    assert set(verdict.rows["predicted_clean"]) <= set(FACES.names)
    assert verdict.rows["correct_clean"].mean() == pytest.approx(verdict.summary.clean_accuracy.value)
    assert verdict.folder is None
    said = repr(verdict)
    assert said.startswith("gaussian (everywhere) against means, defence none, SyntheticFaces")
    assert "accuracy, attacked" in said
    assert "all checks passed" in said


@pytest.mark.parametrize(("limit", "said"), [(3, 3), (1000, None)])
def test_a_limit_that_leaves_nothing_out_is_no_quick_look(limit, said):
    faces = SyntheticFaces(people=3, pictures=8, pictures_min=8, size=32, limit=limit)
    faces.setup()
    summary = facetrial.evaluate(facetrial.enrol(means, faces), faces, NOISE).summary
    assert summary.limit == said
    assert ("a quick look" in caption(summary)) is (said is not None)


def test_rows_are_those_of_attack(verdict):
    victim, test = facetrial.enrol(means, FACES), FACES.test_faces
    batch = test.batch(range(len(test)))
    _, rows = facetrial.attack(victim, batch.images, batch.identities, NOISE, files=test.files)
    same = [column for column in rows if column != "synthetic"]
    pd.testing.assert_frame_equal(rows[same], verdict.rows[same], check_dtype=False, rtol=1e-5)


def test_the_victim_of_a_run_in_the_attack_of_its_config_has_the_runs_rows(tmp_path):
    """Behind its defence, from another folder than the run's."""
    words = words_of(tmp_path, *WORDS, "checks.reference.seconds=1", "trainer.max_epochs=0")
    run = [
        sys.executable,
        "-m",
        "facetrial",
        "evaluate",
        *words,
        "hydra.run.dir='a,b=c'",
        "paths.models=models",
    ]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "a,b=c"
    victim = facetrial.load_victim(folder)
    assert repr(victim).startswith("JPEG(Victim(SmallEmbedder, SVMHead, 4 people: ")
    attack = instantiate(composed(tmp_path, *words, "hydra.run.dir=a").attack)
    faces = facetrial.draw_faces(victim, people=4, pictures=16)
    verdict = facetrial.evaluate(victim, faces, attack, folder=tmp_path / "again", checks={})
    before = read_verdicts(folder / "verdicts.csv")
    pd.testing.assert_frame_equal(verdict.rows.sort_values("file", ignore_index=True), before)
    assert read_summary(tmp_path / "again" / "summary.json") == verdict.summary
    assert (tmp_path / "again" / "report.html").is_file()
    assert verdict.summary.robust_accuracy == read_summary(folder / "summary.json").robust_accuracy
    assert apart(victim, faces).passed
    otherwise = facetrial.draw_faces(victim, people=4, pictures=16, split_seed=5)
    assert apart(victim, otherwise).passed is False
    (next(tmp_path.glob("models/recognizer-*.ckpt"))).unlink()
    with pytest.raises(FacetrialError, match=r"the recogniser of the run .* is not at .* any more"):
        facetrial.load_victim(folder)


def test_any_function_that_scores_the_people_is_a_victim():
    scores = facetrial.enrol(means, FACES).forward
    verdict = facetrial.evaluate(lambda images: scores(images), FACES, NOISE, checks={})
    assert set(verdict.rows["predicted_clean"]) <= set(FACES.names)
    assert not verdict.summary.trusted
    with pytest.raises(FacetrialError, match="the victim scores 2 people and faces has 3"):
        facetrial.evaluate(lambda images: scores(images)[:, :2], FACES, NOISE)


def apart(victim, faces):
    """What `trained_apart` says."""
    summary = facetrial.evaluate(victim, faces, NOISE, checks={"trained_apart": TrainedApart()}).summary
    assert ("trained_apart" in summary.failed_checks) == (summary.checks["trained_apart"].passed is False)
    return summary.checks["trained_apart"]


def test_pictures_that_the_victim_was_enrolled_with_are_named():
    otherwise = facetrial.draw_faces(people=3, pictures=8, size=32, split_seed=5)
    train, test = FACES.train_faces, otherwise.test_faces
    shared = [file for file in test.files if file in train.files]
    assert 0 < len(shared) < len(test)
    victim = facetrial.enrol(means, FACES)
    for asked in (victim, defended(victim, [JPEG(quality=50)])):
        found = apart(asked, otherwise)
        assert found.passed is False
        said = f"{len(shared)} of {len(test)} pictures are among the {len(train)} that the recogniser was trained on"
        assert found.detail.startswith(f"{said}: {', '.join(shared[:3])}")
        assert apart(asked, FACES).passed


def test_of_a_victim_of_somebodys_own_nobody_knows_what_it_was_trained_on():
    victim = facetrial.enrol(means, FACES)
    own = facetrial.Victim(victim.embedder, victim.head, victim.names).freeze()
    for asked in (own, lambda images: victim(images)):
        found = apart(asked, FACES)
        assert found.passed is None
        assert found.detail.startswith("it is not known which pictures the recogniser was trained on")


class OwnMethod(PGD):
    pass


class OwnBudget(Linf):
    pass


class OwnRegion(Everywhere):
    pass


def test_a_method_a_budget_and_a_region_of_the_users_own():
    attack = facetrial.Attack(OwnRegion(), OwnBudget(eps=8), OwnMethod(Margin(), steps=2, step=0.5))
    own = facetrial.evaluate(
        facetrial.enrol(means, FACES), FACES, attack, checks={"referee": Referee(), "reached": Reached()}
    )
    assert own.summary.trusted, own.summary.failed_checks
    parts = own.summary.attack_parts
    assert parts["method"]["_target_"] == f"{__name__}.OwnMethod"
    assert (parts["method"]["steps"], parts["budget"]["eps"]) == (2, 8.0)
    assert own.summary.attack == "ownmethod (ownregion)"
    known = facetrial.Attack(Everywhere(), Linf(eps=8), PGD(Margin(), steps=2, step=0.5))
    rows = facetrial.evaluate(facetrial.enrol(means, FACES), FACES, known, checks={}).rows
    pd.testing.assert_frame_equal(own.rows, rows)


def without_a_slope(images):
    return facetrial.enrol(means, FACES)(images.detach())


def test_a_function_without_a_slope_is_a_victim_of_noise():
    summary = facetrial.evaluate(without_a_slope, FACES, NOISE).summary
    assert summary.trusted, summary.failed_checks
    assert summary.checks["reference"].passed is None
    assert "shows no slope" in summary.checks["reference"].detail


def test_a_recogniser_that_says_so_is_asked_nothing_by_gradient_attacks():
    asked = []

    def embed(pictures):
        asked.append(len(pictures))
        return pictures.reshape(len(pictures), -1)[:, ::99] + 1.0

    victim = facetrial.enrol(FunctionEmbedder(embed, 32), FACES)
    before, pgd = len(asked), facetrial.Attack(Everywhere(), Linf(eps=8), PGD(Margin(), steps=2, step=0.5))
    test = FACES.test_faces.batch([0, 1])
    with pytest.raises(
        FacetrialError, match=r"the function .*embed answers and shows no slope.*attack=square"
    ):
        pgd(victim, test, 0)
    assert len(asked) == before
    with pytest.raises(FacetrialError, match="shows no slope"):
        facetrial.evaluate(victim, FACES, pgd)


def test_mistakes_are_explained():
    victim = facetrial.enrol(means, FACES)
    with pytest.raises(FacetrialError, match=r"attack must be a facetrial\.Attack, found a Gaussian"):
        facetrial.evaluate(victim, FACES, Gaussian())
    with pytest.raises(
        FacetrialError, match="faces must be what load_faces or draw_faces gives, found a Tensor"
    ):
        facetrial.evaluate(victim, torch.zeros(1, 3, 32, 32), NOISE)
    with pytest.raises(FacetrialError, match="there are no checks 'many'; there are default, thorough"):
        facetrial.evaluate(victim, FACES, NOISE, checks="many")
    strangers = facetrial.draw_faces(people=3, pictures=8, size=32, people_seed=7)
    with pytest.raises(
        FacetrialError, match="the recogniser knows 3 people and the data has 3; they differ in"
    ):
        facetrial.evaluate(victim, strangers, NOISE)


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({"batch_size": 0}, r"^batch_size must be a whole number from 1 on, found 0\.$"),
        ({"batch_size": 2.5}, r"^batch_size must be a whole number from 1 on, found 2\.5\.$"),
        ({"seed": -1}, r"^seed must be a whole number from 0 to 4294967295, found -1\.$"),
        ({"seed": "one"}, "^seed must be a whole number from 0 to 4294967295, found 'one'"),
        ({"folder": __file__}, r"^folder must be .*, found .*test_evaluate\.py: it is a file\. Give another"),
        (
            {"folder": f"{__file__}/out"},
            r"^folder must be .*, found .*/out: .*Not a directory.* Give another",
        ),
        ({"folder": 3}, "^folder must be a path, or None to keep no files, found 3"),
        ({"accelerator": "fast"}, "^accelerator must be one of cpu, gpu, auto, found 'fast'"),
        ({"checks": {"own": 3}}, r"^checks\['own'\] must be a facetrial\.checks\.Check, .*found 3"),
        (
            {"checks": {"own": Referee}},
            r"^checks\['own'\] must be a facetrial\.checks\.Check, .*found <class",
        ),
        ({"checks": None}, '^checks must be a name, such as "default", or checks by name, .*found None'),
    ],
)
def test_a_mistake_in_a_setting_is_explained_before_the_victim_is_asked(mistake, said):
    def asked(images):
        raise AssertionError

    with pytest.raises(FacetrialError, match=said):
        facetrial.evaluate(asked, FACES, NOISE, **mistake)


def test_a_gpu_that_is_not_there(monkeypatch):
    for accelerator in (CUDAAccelerator, MPSAccelerator):
        monkeypatch.setattr(accelerator, "is_available", lambda: False)
    with pytest.raises(
        FacetrialError, match=r'^accelerator is "gpu", and torch sees none here; give "cpu", or "auto"'
    ):
        facetrial.evaluate(means, FACES, NOISE, accelerator="gpu")


def test_numbers_of_numpy_are_numbers():
    victim = facetrial.enrol(means, FACES)
    found = facetrial.evaluate(victim, FACES, NOISE, checks={}, seed=np.int64(3), batch_size=np.int32(2))
    expected = facetrial.evaluate(victim, FACES, NOISE, checks={}, seed=3)
    pd.testing.assert_frame_equal(found.rows, expected.rows)
    assert found.summary.seed == 3


def test_an_attack_prints_what_it_is():
    attack = facetrial.Attack(Discs("mouth"), Linf(eps=8), PGD(Margin(), steps=20, step=0.25))
    assert repr(attack) == (
        "Attack(region=Discs(landmarks=[11, 12, 13, 14]), budget=Linf(eps=8.0), "
        "method=PGD(loss=Margin(), steps=20, step=0.25), goal=Dodging())"
    )
