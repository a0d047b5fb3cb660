"""Callbacks as a Trainer takes them."""

import pytest
from lightning import Trainer

from facetrial.runtime.callbacks import callbacks_of
from tests.helpers.configs import composed


@pytest.mark.parametrize(("shown", "names"), [("true", ["RichProgressBar"]), ("false", [])])
def test_progress_is_shown_where_it_is_wanted(tmp_path, shown, names):
    config = composed(tmp_path, f"trainer.enable_progress_bar={shown}")
    callbacks = callbacks_of(config)
    assert [type(callback).__name__ for callback in callbacks] == names
    Trainer(callbacks=callbacks, enable_progress_bar=shown == "true", logger=False)  # which would refuse both
