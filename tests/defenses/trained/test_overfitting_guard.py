"""The guard against catastrophic overfitting."""

from types import SimpleNamespace

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.defenses.trained.overfitting_guard import OverfittingGuard


class Scripted(OverfittingGuard):
    """Finds the accuracies that it is given."""

    def __init__(self, *accuracies):
        super().__init__(attack=None, pictures=4, tolerance=0.2, seed=0)
        self.accuracies = list(accuracies)

    def accuracy(self, trainer, module):
        return self.accuracies.pop(0)


def trained(guard):
    """Epochs trained, and the weight that is left: epoch n leaves n."""
    module = torch.nn.Linear(1, 1, bias=False)
    module.log = lambda *_: None
    trainer = SimpleNamespace(current_epoch=0, should_stop=False)
    while guard.accuracies and not trainer.should_stop:
        torch.nn.init.constant_(module.weight, trainer.current_epoch)
        guard.on_train_epoch_end(trainer, module)
        trainer.current_epoch += 1
    return trainer.current_epoch, module.weight.item()


def test_a_collapse_ends_the_training_with_what_was_best():
    assert trained(Scripted(0.3, 0.5, 0.45, 0.1, 0.6)) == (4, 1.0)


def test_ups_and_downs_are_borne():
    assert trained(Scripted(0.3, 0.5, 0.35, 0.55, 0.4)) == (5, 4.0)


def test_the_best_survives_a_stop():
    first, second = Scripted(0.5, 0.4), Scripted(0.1)
    trained(first)
    second.load_state_dict(first.state_dict())
    module = torch.nn.Linear(1, 1, bias=False)
    module.log = lambda *_: None
    trainer = SimpleNamespace(current_epoch=2, should_stop=False)
    second.on_train_epoch_end(trainer, module)
    assert trainer.should_stop
    assert module.weight.item() == 0.0


@pytest.mark.parametrize("setting", [{"pictures": 0}, {"tolerance": 0.0}, {"tolerance": 1.0}])
def test_senseless_settings_are_refused(setting):
    with pytest.raises(FacetrialError, match="guard"):
        OverfittingGuard(**({"attack": None, "pictures": 4, "tolerance": 0.2, "seed": 0} | setting))
