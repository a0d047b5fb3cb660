import pytest
import wandb

from facetrial.loggers import Wandb, has_key


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
