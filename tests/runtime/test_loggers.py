"""Weights & Biases: offline without a key, and told of what was trained."""

import sys

import pytest
import wandb
from lightning.pytorch.loggers import CSVLogger

from facetrial.core.errors import FacetrialError
from facetrial.runtime.loggers import Mlflow, Wandb, has_key, log_training, make_loggers


@pytest.fixture
def no_key(monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_BASE_URL", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return tmp_path


def test_a_key_is_found_where_wandb_keeps_it(no_key, monkeypatch):
    assert not has_key()
    (no_key / "netrc").write_text("machine elsewhere.example\n  login user\n  password x\n")
    assert not has_key()
    monkeypatch.setenv("WANDB_BASE_URL", "https://elsewhere.example")
    assert has_key()
    (no_key / "netrc").write_text("machine")
    assert not has_key()
    monkeypatch.setenv("WANDB_API_KEY", "x")
    assert has_key()


def test_without_a_key_runs_are_written_offline_one_a_logger(no_key):
    runs = []
    for accuracy in (0.5, 0.75):
        logger = Wandb(save_dir=str(no_key), project="facetrial")
        logger.log_metrics({"accuracy": accuracy})
        logger.finalize("success")
        assert wandb.run.offline
        runs.append(wandb.run.id)
    wandb.finish()
    assert len(set(runs)) == 2
    assert len(list(no_key.glob("wandb/offline-run-*/*.wandb"))) == 2


def test_with_a_key_a_run_is_online(no_key, monkeypatch):
    started = []
    monkeypatch.setattr(wandb, "init", lambda **settings: started.append(settings))
    monkeypatch.setenv("WANDB_API_KEY", "x")
    _ = Wandb(save_dir=str(no_key), project="facetrial").experiment
    _ = Wandb(save_dir=str(no_key), project="facetrial", offline=True).experiment
    assert [settings["mode"] for settings in started] == ["online", "offline"]


def test_wandb_can_be_switched_off_as_it_says_itself(no_key, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    (no_key / "network.ckpt").write_bytes(b"weights")
    logger = Wandb(save_dir=str(no_key), project="facetrial")
    log_training([logger], {"accuracy": 0.5}, no_key / "network.ckpt")
    assert logger.experiment.disabled
    wandb.finish()
    assert not list(no_key.glob("wandb/*run-*"))


def test_without_the_package_it_is_said_what_to_do(no_key, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(FacetrialError, match="logger=wandb needs the package wandb: pip install wandb"):
        Wandb(save_dir=str(no_key), project="facetrial")


@pytest.mark.parametrize(
    ("name", "needs", "package"),
    [
        ("tensorboard", "TensorBoardLogger", "tensorboard"),
        ("mlflow", "MLFlowLogger", "mlflow-skinny sqlalchemy"),
    ],
)
def test_without_the_package_of_another_logger_it_is_said_too(tmp_path, monkeypatch, name, needs, package):
    def missing(*_, **__):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(f"lightning.pytorch.loggers.{needs}.__init__", missing)
    settings = {"_target_": f"lightning.pytorch.loggers.{needs}", "save_dir": str(tmp_path)}
    with pytest.raises(FacetrialError, match=rf"logger={name} needs .* pip install {package}"):
        make_loggers({name: settings})


def test_a_training_leaves_its_checkpoint_with_mlflow(tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    (tmp_path / "network.ckpt").write_bytes(b"weights")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    logger = Mlflow(save_dir=str(tmp_path / "kept"), experiment_name="facetrial")
    log_training([logger], {"accuracy": 0.5}, tmp_path / "network.ckpt")
    (kept,) = tmp_path.glob("kept/**/network.ckpt")
    assert kept.read_bytes() == b"weights"


def test_a_training_leaves_its_figures_with_every_logger(no_key):
    logger = CSVLogger(no_key, name="", version="")
    log_training([logger], {"accuracy": 0.5}, no_key / "network.ckpt")
    assert "accuracy" in (no_key / "metrics.csv").read_text()
