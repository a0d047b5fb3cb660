"""What wandb has written after a trial, read from its own file, offline."""

import struct
import time
from dataclasses import replace

import pytest
import wandb
from PIL import Image
from wandb.proto import wandb_internal_pb2

from facetrial.core.plain import write_json
from facetrial.run.context import TrialContext
from facetrial.run.logging import log_to_mlflow, log_to_tensorboard, log_trial, trial_metrics, trial_tags
from facetrial.runtime.loggers import Wandb, make_loggers
from tests.helpers.configs import composed
from tests.helpers.sweeps import made_up_trials

BLOCK, HEADER, FIRST = 32768, 7, 7  # LevelDB's log format, after wandb's own seven bytes


def records(path):
    """The records of a .wandb file."""
    data, place, parts = path.read_bytes(), FIRST, b""
    while place + HEADER <= len(data):
        left = BLOCK - place % BLOCK
        if left < HEADER:
            place += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, place)
        parts += data[place + HEADER : place + HEADER + length]
        if place + HEADER + length > len(data):
            return  # not yet written whole
        place += HEADER + length
        if kind in (1, 4):  # whole, or its last part
            record = wandb_internal_pb2.Record()
            record.ParseFromString(parts)
            yield record
            parts = b""


def all_records(path):
    """The records of a run that is over; wandb's own process may still be writing the last of them."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = list(records(path))
        if any(record.WhichOneof("record_type") == "exit" for record in found):
            return found
        time.sleep(0.2)
    raise AssertionError(f"{path} has no end")


@pytest.fixture
def trial(tmp_path):
    (summary, rows), *_ = made_up_trials(synthetic=True)
    for name in ("report.html", "verdicts.csv"):
        (tmp_path / name).write_text("what a reader sees")
    write_json(summary, tmp_path / "summary.json")
    (tmp_path / "recognizer-x.ckpt").write_bytes(b"weights")
    return summary, rows


def test_a_trial_is_there_whole(tmp_path, trial):
    summary, rows = trial
    logger = Wandb(save_dir=str(tmp_path), offline=True, project="facetrial", group="my-sweep")
    checkpoint = f"model.checkpoint={tmp_path / 'recognizer-x.ckpt'}"
    context = TrialContext(composed(tmp_path, "attack=pgd", "attack.budget.eps=3", checkpoint), tmp_path)
    log_trial(logger.experiment, context, summary, rows)
    wandb.finish()
    (path,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    found = all_records(path)
    run = next(record.run for record in found if record.WhichOneof("record_type") == "run")
    assert (run.run_group, run.project) == ("my-sweep", "facetrial")
    keys = {item.key or item.nested_key[0] for r in found for item in r.history.item}
    assert {*trial_metrics(summary), "trial/verdicts"} <= keys
    settled = {item.key or item.nested_key[0] for r in found for item in r.config.update}
    assert {"attack", "seed", "trial"} <= settled
    kinds = {r.artifact.type for r in found if r.WhichOneof("record_type") == "artifact"}
    assert {"report", "model"} <= kinds
    assert list(tmp_path.glob("wandb/offline-run-*/files/media/table/trial/verdicts*.json"))


@pytest.fixture
def context(tmp_path, monkeypatch):
    """Of a trial that is logged by config to TensorBoard and MLflow; its folder has a showcase."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    Image.new("RGB", (20, 10), (200, 30, 30)).save(tmp_path / "showcase.png")
    config = composed(
        tmp_path, "logger=[tensorboard,mlflow]", f"logger.mlflow.save_dir={tmp_path / 'mlflow'}"
    )
    return TrialContext(config, tmp_path)


def test_mlflow_has_figures_settings_tags_and_files(tmp_path, trial, context):
    pytest.importorskip("mlflow")
    summary, _ = trial
    (logger,) = make_loggers({"mlflow": context.settings["logger"]["mlflow"]})
    log_to_mlflow(logger, context, summary)
    run = logger.experiment.get_run(logger.run_id)
    assert run.data.metrics["trial/robust_accuracy"] == summary.robust_accuracy.value
    assert run.data.params["attack/budget/rms"] == "0.1"
    assert run.data.tags["attack"] == summary.attack
    assert run.data.tags["synthetic"] == "true"
    kept = {path.name for path in tmp_path.glob("mlflow/artifacts/*/artifacts/*")}
    assert kept == {"report.html", "summary.json", "verdicts.csv", "showcase.png"}


def test_tensorboard_has_figures_the_verdict_and_the_showcase(tmp_path, trial, context):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    summary, _ = trial
    (logger,) = make_loggers({"tensorboard": context.settings["logger"]["tensorboard"]})
    log_to_tensorboard(logger, context, summary)
    logger.finalize("success")
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (value,) = {event.value for event in events.Scalars("trial/robust_accuracy")}
    assert value == pytest.approx(summary.robust_accuracy.value)
    assert events.Tags()["images"] == ["trial/showcase"]
    assert any(tag.startswith("trial/verdict") for tag in events.Tags()["tensors"])


def test_figures_come_with_their_intervals_and_tags_with_their_names(trial):
    summary, _ = trial
    metrics = trial_metrics(summary)
    assert metrics["trial/robust_accuracy"] == summary.robust_accuracy.value
    assert metrics["trial/robust_accuracy_low"] <= metrics["trial/robust_accuracy_high"]
    assert metrics["trial/robust_accuracy_n"] == summary.robust_accuracy.n
    tags = trial_tags(replace(summary, attack="x" * 90), "eyes")
    assert {"region:eyes", f"seed:{summary.seed}", "synthetic"} <= set(tags)
    assert all(len(tag) <= 64 for tag in tags)
