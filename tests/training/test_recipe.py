"""What decides a recogniser beyond its own settings: landmarks that a defence trains with."""

import pytest

from tests.helpers.tiny import tiny_plan

ON_LANDMARKS = "defense=adv_landmarks"


def test_landmarks_count_only_where_a_defence_needs_them(tmp_path):
    for defense in ("defense=none", "defense=adv"):
        by_labels, by_mtcnn = (tiny_plan(tmp_path, defense, f"landmarks={s}") for s in ("labels", "mtcnn"))
        assert by_labels.recipe == by_mtcnn.recipe
    by_labels, by_mtcnn = (tiny_plan(tmp_path, ON_LANDMARKS, f"landmarks={s}") for s in ("labels", "mtcnn"))
    assert by_labels.recipe["landmarks"] != by_mtcnn.recipe["landmarks"]
    assert by_labels.path != by_mtcnn.path


def regressor(folder, *overrides):
    source = ["landmarks=regressor", "landmarks.data._target_=facetrial.data.SyntheticFaces"]
    return tiny_plan(folder, ON_LANDMARKS, *source, *overrides).recipe["landmarks"]


@pytest.mark.parametrize(
    "override", ["landmarks.model.max_epochs=3", "landmarks.data.split_seed=3", "landmarks.seed=3"]
)
def test_what_makes_the_landmark_network_counts(tmp_path, override):
    assert regressor(tmp_path, override) != regressor(tmp_path)


@pytest.mark.parametrize("override", ["paths.cache=elsewhere", "trainer.devices=2", "landmarks.data.limit=5"])
def test_where_and_how_it_runs_does_not(tmp_path, override):
    assert regressor(tmp_path, override) == regressor(tmp_path)


def test_a_landmark_checkpoint_counts_by_content(tmp_path):
    for name, content in (("first", b"a"), ("moved", b"a"), ("other", b"b")):
        (tmp_path / name).write_bytes(content)
    first, moved, other = (
        regressor(tmp_path, f"landmarks.checkpoint={tmp_path / name}") for name in ("first", "moved", "other")
    )
    assert first == moved
    assert first != other


LIGHTNINGS = "+callbacks.more._target_=lightning.pytorch.callbacks"


@pytest.mark.parametrize("callback", [f"{LIGHTNINGS}.EarlyStopping", f"{LIGHTNINGS}.Timer"])
def test_a_callback_that_may_change_a_training_counts(tmp_path, callback):
    usual, other = tiny_plan(tmp_path), tiny_plan(tmp_path, callback, "+callbacks.more.monitor=train/loss")
    assert other.path != usual.path
    assert tiny_plan(tmp_path, callback, "+callbacks.more.monitor=validation/loss").path != other.path
    assert regressor(tmp_path, callback) != regressor(tmp_path)


@pytest.mark.parametrize(
    "callback",
    [
        "callbacks=default",
        f"{LIGHTNINGS}.LearningRateMonitor",
        f"{LIGHTNINGS}.ModelCheckpoint",
        "+callbacks.more._target_=tests.helpers.tiny.Epochs",  # which says that it watches
    ],
)
def test_one_that_watches_it_does_not(tmp_path, callback):
    assert tiny_plan(tmp_path, callback).recipe == tiny_plan(tmp_path).recipe
    assert regressor(tmp_path, callback) == regressor(tmp_path)
