"""A noise level is found once for a victim, kept, and put where the attack and adversarial training read it."""

import json

import pytest
from omegaconf import OmegaConf
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.run.context import TrialContext
from facetrial.run.level import noise_level
from facetrial.run.level.calibration import NoiseLevel
from facetrial.training.plan import RecognizerPlan
from tests.helpers.configs import composed


class Found:
    """A calibration that finds 0.123, and keeps what it was asked."""

    asked: list = []  # noqa: RUF012

    def __init__(self, **settings) -> None:
        self.settings = settings

    def find(self, victim, faces, seed):
        Found.asked.append((faces, seed))
        return NoiseLevel(0.123, 0.2, 0.123, 0.258, 0.11, {"Ann": 9}, 486)


class Faces:
    validation_faces = "the validation pictures"


@pytest.fixture
def asked_of(monkeypatch):
    """The plans of the victims that a level was found on."""
    plans = []

    class Victim(nn.Module):
        def freeze(self):
            return self

    def recognizer_for(plan):
        plans.append(plan)
        return Victim()

    monkeypatch.setattr(noise_level, "recognizer_for", recognizer_for)
    monkeypatch.setattr(RecognizerPlan, "make_faces", lambda plan, with_landmarks: Faces())
    Found.asked.clear()
    return plans


def calibrated(folder, *overrides):
    config = composed(
        folder,
        "calibration=study",
        "calibration._target_=tests.run.level.test_noise_level.Found",
        f"paths.models={folder}",
        *overrides,
    )
    return TrialContext(config, folder)


def test_without_calibration_nothing_changes(tmp_path, asked_of):
    config = composed(tmp_path)
    context = TrialContext(config, tmp_path)
    assert context.settings == OmegaConf.to_container(config, resolve=True)
    assert context.noise_level is None
    assert asked_of == []


def test_it_goes_into_the_attack_and_the_attack_that_is_trained_on(tmp_path, asked_of):
    context = calibrated(tmp_path, "defense=[adv_landmarks,jpeg]")
    settings = context.settings
    assert settings["attack"]["budget"]["rms"] == context.attack.budget.rms == 0.123
    assert settings["defense"]["adv_landmarks"]["attack"]["budget"]["rms"] == 0.123
    assert context.plan.recipe["defense"]["adv_landmarks"]["attack"]["budget"]["rms"] == 0.123
    assert "attack" not in settings["defense"]["jpeg"]
    assert settings["noise_level"]["pictures"] == 486
    assert Found.asked == [("the validation pictures", context.plan.data["split_seed"])]


def test_what_is_asked_for_has_a_name_before_a_level_is_found(tmp_path, asked_of):
    assert calibrated(tmp_path).digest
    assert asked_of == []


def test_it_is_found_once_on_the_undefended_victim(tmp_path, asked_of):
    levels = [
        calibrated(tmp_path, *defense).settings["attack"]["budget"]["rms"]
        for defense in ([], ["defense=adv_landmarks", "seed=0"])
    ]
    assert len(Found.asked) == 1
    assert all(not plan.defense for plan in asked_of)
    assert len({plan.path for plan in asked_of}) == 1
    (kept,) = tmp_path.glob("noise-level-*.json")
    assert [json.loads(kept.read_text())["rms"]] * 2 == levels


@pytest.mark.parametrize(
    "override", ["seed=1", "calibration.cost=0.1", "data.split_seed=3", "landmarks=labels"]
)
def test_another_victim_or_rule_has_another(tmp_path, asked_of, override):
    for overrides in ([], [override]):
        assert calibrated(tmp_path, *overrides).noise_level.rms == 0.123
    assert len(Found.asked) == len(list(tmp_path.glob("noise-level-*.json"))) == 2


@pytest.mark.parametrize(
    "damage", [lambda text: text.replace("0.123", "0.723", 1), lambda text: text[:40], lambda text: ""]
)
def test_a_damaged_level_is_found_again(tmp_path, asked_of, caplog, damage):
    assert calibrated(tmp_path).noise_level.rms == 0.123
    (kept,) = tmp_path.glob("noise-level-*.json")
    whole = kept.read_text()
    kept.write_text(damage(whole))
    assert calibrated(tmp_path).noise_level.rms == 0.123
    assert len(Found.asked) == 2
    assert f"{kept}" in caplog.text
    assert kept.read_text() == whole


def test_an_attack_whose_budget_takes_no_level_is_refused_before_one_is_found(tmp_path, asked_of):
    config = composed(tmp_path, "calibration=study", "attack=pgd")
    with pytest.raises(FacetrialError, match="an RMS, and the attack's budget is linf"):
        _ = TrialContext(config, tmp_path).settings
    assert not asked_of
