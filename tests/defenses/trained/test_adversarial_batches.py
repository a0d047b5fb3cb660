"""What pictures and perturbed copies weigh, and how perturbing begins."""

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.defenses.trained.adversarial_batches import Schedule, Weights
from tests.helpers.adversarial import data_and_module


@pytest.mark.parametrize("weights", [(-1.0, 1.0, 0.0), (0.0, 0.0, 0.0)])
def test_senseless_weights_are_refused(weights):
    with pytest.raises(FacetrialError, match=r"defense\.adv\.weights"):
        Weights(*weights)


@pytest.mark.parametrize("setting", [{"begin": -1}, {"grow": 1.5}])
def test_a_senseless_schedule_is_refused(setting):
    with pytest.raises(FacetrialError, match=r"defense\.adv\.schedule"):
        data_and_module(schedule=Schedule(**setting))
