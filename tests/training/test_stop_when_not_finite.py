"""A training that diverges stops, says so, and keeps the last good epoch."""

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.training.lightning_module import Recognizer
from facetrial.training.train import train_recognizer
from tests.helpers.adversarial import COUNTED
from tests.helpers.tiny import Epochs, tiny_plan


@pytest.mark.parametrize(
    ("defense", "rate"),
    [("none", 1e30), ("adv_pgd", 1e30), ("trades", 1e30), ("trades", 100), ("consistent", 1e30)],
)
def test_a_training_that_diverges_stops_and_says_so(tmp_path, defense, rate):
    plan = tiny_plan(
        tmp_path,
        f"defense={defense}",
        f"model.optimizer.lr={rate}",
        "trainer.max_epochs=3",
        *([] if defense == "none" else [f"++defense.{defense}.from_clean=false"]),
    )
    said = (
        r"(loss became|no longer finite|infinite or zero).*epoch 0.*no whole epoch yet.*model\.optimizer\.lr"
    )
    with pytest.raises(FacetrialError, match=said):
        train_recognizer(plan)
    assert not plan.path.exists()


def test_of_a_training_that_diverges_later_the_last_good_epoch_is_kept(tmp_path, monkeypatch):
    own = Recognizer.training_step

    def spoilt(self, batch, batch_idx):
        return own(self, batch, batch_idx) * (torch.nan if self.current_epoch == 1 else 1.0)

    plan = tiny_plan(tmp_path, "trainer.max_epochs=3", COUNTED)
    with monkeypatch.context() as patch:
        patch.setattr(Recognizer, "training_step", spoilt)
        with pytest.raises(FacetrialError, match=r"loss became nan in epoch 1.*is kept in .*last\.ckpt"):
            train_recognizer(plan)
    train_recognizer(plan)
    assert Epochs.trained == (1, 2)
