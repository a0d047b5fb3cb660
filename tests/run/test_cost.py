"""What a defence costs: what the checkpoint says, and the clock."""

import re
import time
from types import SimpleNamespace

import pytest
import torch
from lightning import Trainer
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.core import progress
from facetrial.core.process.ticks import tick
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.defenses.detectors import FeatureSqueezing
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from facetrial.run.cost import cost, in_sight, passes_of, say_how_long
from facetrial.trial.certificate import Certificate
from tests.helpers.coloured_dataset import dataset


class Slow(nn.Module):
    """Takes a hundredth of a second a picture."""

    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1), requires_grad=False)

    def forward(self, images):
        time.sleep(0.01 * len(images))
        return torch.zeros(len(images), 2)


def test_cost_is_what_the_checkpoint_says_and_the_clock():
    found = cost(Slow(), dataset(40, seed=0), 12.5)
    assert found.train_seconds == 12.5
    assert 0 < found.answers_per_second <= 100
    assert found.pictures_timed > 4


def test_what_a_detector_asks_of_the_network_is_part_of_its_cost():
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.place = nn.Parameter(torch.zeros(1))
            self.asked = 0

        def forward(self, images):
            self.asked += len(images)
            time.sleep(0.3)
            return nn.functional.normalize(images.flatten(1)[:, :8] + 0.1)

    embedder = Counts()
    victim = Victim(embedder, GalleryHead(torch.eye(3, 8)), ["A", "B", "C"])
    faces = dataset(4, seed=0)
    asked = []
    for standing in (victim, defended(victim, [FeatureSqueezing({"depth": BitDepth(4)})], faces)):
        embedder.asked = 0
        cost(standing, faces, 1.0)
        asked.append(embedder.asked)
    assert asked == [2 * 4, 2 * 2 * 4]


def test_how_long_an_attack_takes_is_said_before_it_starts(caplog):
    faces, attack = dataset(8, seed=0), Attack(Everywhere(), Linf(4), PGD(Margin(), 10, 0.1))
    with caplog.at_level("INFO"):
        say_how_long(4, Slow(), faces, 8, attack)  # over before it could be said
        assert not caplog.messages
        say_how_long(3000, Slow(), faces, 8, attack)
    (said,) = caplog.messages
    assert re.fullmatch(
        r"Attacking 8 pictures takes about [4-9] min at most; those fooled sooner save time\.", said
    )


@pytest.mark.parametrize(("adaptive", "minutes"), [(True, "1[6-9]|[2-9][0-9]"), (False, "[2-9]")])
def test_an_attacker_who_averages_over_draws_takes_as_many_times_as_long(caplog, adaptive, minutes):
    attack = Attack(Everywhere(), Linf(4), PGD(Margin(), 10, 0.1), adaptive=adaptive)
    victim = defended(Slow(), [RandomResizePad(0.8, seed=0, samples=8)])
    with caplog.at_level("INFO"):
        say_how_long(2000, victim, dataset(8, seed=0), 8, attack)
    (said,) = caplog.messages
    assert re.search(rf"takes about ({minutes}) min at most", said), said


@pytest.mark.parametrize("shown", [True, False])
def test_progress_within_a_batch_is_shown_where_the_trainer_would_show_a_bar(monkeypatch, caplog, shown):
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    trainer = Trainer(accelerator="cpu", logger=False, enable_progress_bar=shown)
    trial = SimpleNamespace(progress=None)
    with caplog.at_level("INFO"), in_sight(trial, trainer, 10, 100):
        tick(500)
        trial.progress.over(10)
    said = [message for message in caplog.messages if message.startswith("Attacking 10 pictures: ")]
    assert [said_of.split()[3] for said_of in said] == (["50", "100"] if shown else [])
    if shown:
        assert trainer.progress_bar_callback.is_disabled  # two bars on one screen would overwrite each other


def test_a_certificate_is_part_of_what_a_picture_takes():
    trial = SimpleNamespace(certificate=Certificate(100, 900, 0.001), victim=nn.Identity())
    assert passes_of(trial, {"steps": 10}, 4, 0) == 31 + 1000
    trial.certificate = None
    assert passes_of(trial, {"steps": 10}, 4, 0) == 31
