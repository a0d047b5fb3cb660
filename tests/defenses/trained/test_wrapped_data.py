"""Faces that are changed while they train: all else is what stands behind the wrappers."""

from types import SimpleNamespace

import pytest
import torch

from facetrial.defenses.trained.wrapped_data import WrappedFaces
from tests.helpers.tiny import ColouredPeople


class Remembers(ColouredPeople):
    """Goes on with the number of pictures that it gave."""

    given = 0

    def state_dict(self):
        return {"given": self.given}

    def load_state_dict(self, state_dict):
        self.given = state_dict["given"]

    def on_after_batch_transfer(self, batch, dataloader_idx):
        self.given += len(batch) * self.trainer.training
        return batch


@pytest.fixture
def inner() -> Remembers:
    return Remembers(batch_size=8)


def test_pictures_and_names_are_those_behind_all_wrappers(inner):
    outer = WrappedFaces(WrappedFaces(inner))
    outer.setup()
    assert outer.clean_faces is inner
    for part in ("names", "train_faces", "validation_faces", "test_faces", "synthetic", "asks_victim"):
        assert getattr(outer, part) is getattr(inner, part)
    for ours, theirs in zip(outer.head_batches(), inner.head_batches(), strict=True):
        assert torch.equal(ours.images, theirs.images)


def test_a_training_that_was_cut_short_goes_on_with_what_is_behind_all_wrappers(inner):
    outer = WrappedFaces(WrappedFaces(inner))
    outer.setup()
    batch = inner.train_faces.batch(range(5))
    outer.trainer = SimpleNamespace(training=True)  # Lightning tells the outermost alone
    assert outer.on_after_batch_transfer(batch, 0) is batch
    again = Remembers()
    WrappedFaces(WrappedFaces(again)).load_state_dict(outer.state_dict())
    assert again.given == 5
