"""A noise level is found once for a victim, kept, and put where the attack and adversarial training read it."""

import json

import pytest
from omegaconf import OmegaConf
from torch import nn

from facetrial.run import noise_level
from facetrial.run.calibration import NoiseLevel
from facetrial.run.noise_level import use_noise_level
from facetrial.training.checkpoint import checkpoint_path
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
    """The configs of the victims that a level was found on."""
    configs = []

    class Victim(nn.Module):
        def freeze(self):
            return self

    def recognizer_for(config):
        configs.append(config)
        return Victim()

    monkeypatch.setattr(noise_level, "recognizer_for", recognizer_for)
    monkeypatch.setattr(noise_level, "build_faces", lambda config, with_landmarks: Faces())
    Found.asked.clear()
    return configs


def calibrated(folder, *overrides):
    config = composed(
        folder,
        "calibration=study",
        "calibration._target_=tests.run.test_noise_level.Found",
        f"paths.models={folder}",
        *overrides,
    )
    use_noise_level(config)
    return config


def test_without_calibration_nothing_changes(tmp_path, asked_of):
    config = composed(tmp_path)
    before = OmegaConf.to_yaml(config)
    use_noise_level(config)
    assert OmegaConf.to_yaml(config) == before
    assert asked_of == []


def test_it_goes_into_the_attack_and_the_attack_that_is_trained_on(tmp_path, asked_of):
    config = calibrated(tmp_path, "defense=[adv_landmarks,jpeg]")
    assert config.attack.budget.rms == config.defense.adv_landmarks.attack.budget.rms == 0.123
    assert "attack" not in config.defense.jpeg
    assert config.noise_level.pictures == 486
    assert Found.asked == [("the validation pictures", config.data.split_seed)]


def test_it_is_found_once_on_the_undefended_victim(tmp_path, asked_of):
    plain = calibrated(tmp_path)
    defended = calibrated(tmp_path, "defense=adv_landmarks", "seed=0")
    assert len(Found.asked) == 1
    assert all(not config.defense for config in asked_of)
    assert len({checkpoint_path(config) for config in asked_of}) == 1
    (kept,) = tmp_path.glob("noise-level-*.json")
    assert json.loads(kept.read_text())["rms"] == plain.attack.budget.rms == defended.attack.budget.rms


@pytest.mark.parametrize(
    "override", ["seed=1", "calibration.cost=0.1", "data.split_seed=3", "landmarks=labels"]
)
def test_another_victim_or_rule_has_another(tmp_path, asked_of, override):
    calibrated(tmp_path)
    calibrated(tmp_path, override)
    assert len(Found.asked) == len(list(tmp_path.glob("noise-level-*.json"))) == 2
