"""A file from elsewhere has nothing called that is not of this package."""

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

import facetrial
from facetrial.api.known_parts import check_known_parts, known_parts
from facetrial.core.errors import FacetrialError
from facetrial.runtime.checkpoints import load_checkpoint
from facetrial.training.train import recognizer_for
from tests.helpers.paths import CONF
from tests.helpers.tiny import tiny_plan


@pytest.mark.parametrize(
    "config",
    [
        {"_target_": "os.system", "command": "id"},
        {"deep": [{"_target_": "facetrial.core.files.os.system"}]},
        {"_target_": "hydra.utils.get_class", "path": "antigravity.x"},
        {"_target_": "${oc.env:SHELL}"},
    ],
)
def test_what_is_not_of_this_package_is_named(config):
    with pytest.raises(FacetrialError, match=r"models/a\.ckpt calls .*own_code=True"):
        check_known_parts(config, Path("models/a.ckpt"))


def test_every_part_of_our_own_configs_is_known():
    for file in CONF.rglob("*.yaml"):
        if file.parent.name == "embedder" and file.stem in ("callable", "command", "http"):
            continue
        check_known_parts(OmegaConf.to_container(OmegaConf.load(file), resolve=False), file)
    assert "os.system" not in known_parts()


@pytest.mark.parametrize(
    "embedder",
    [
        {"_target_": "facetrial.recognition.CommandEmbedder", "command": ["touch", "called"]},
        {"_target_": "facetrial.recognition.FunctionEmbedder", "function": "os.system"},
        {"_target_": "facetrial.recognition.HttpEmbedder", "url": "http://elsewhere/"},
    ],
)
def test_what_runs_or_asks_others_is_not_known(tmp_path, monkeypatch, embedder):
    monkeypatch.chdir(tmp_path)
    plan = tiny_plan(tmp_path, "trainer.max_epochs=0")
    recognizer_for(plan)
    content = torch.load(plan.path, weights_only=True)
    content["config"]["embedder"] = embedder | {"size": 32, "alignment": "facenet"}
    torch.save(content, tmp_path / "spoilt.ckpt")
    with pytest.raises(
        FacetrialError, match=r"spoilt\.ckpt calls facetrial\.recognition\.\w+Embedder, .*own_code=True"
    ):
        facetrial.load_victim(tmp_path / "spoilt.ckpt")
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize("part", ["embedder", "head"])
def test_a_checkpoint_has_no_code_of_others_called(tmp_path, part):
    plan = tiny_plan(tmp_path, "trainer.max_epochs=0")
    recognizer_for(plan)
    content = torch.load(plan.path, weights_only=True)
    config = content["config"] if part == "embedder" else content["config"]["model"]
    config[part] = {"_target_": "pathlib.Path.touch", "self": str(tmp_path / "called")}
    spoilt = tmp_path / "spoilt.ckpt"
    torch.save(content, spoilt)
    assert load_checkpoint(spoilt, "recognizer")["names"]
    with pytest.raises(FacetrialError, match=r"spoilt\.ckpt calls pathlib\.Path\.touch"):
        facetrial.load_victim(spoilt)
    assert not (tmp_path / "called").exists()
