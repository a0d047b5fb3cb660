"""The gradient attacks that docs/own-attack.md writes as its examples, as they stand there."""

import re

import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy
from facetrial.regions.regions import Everywhere
from tests.helpers.paths import ROOT
from tests.helpers.victims import SAME_ENOUGH, known_faces, robust, trained

PAGE = (ROOT / "docs" / "own-attack.md").read_text()


def block(kind: str, name: str) -> str:
    """What the page writes as the file `name`."""
    return re.search(rf"```{kind} {name}\n(.*?)```", PAGE, re.DOTALL)[1]


def test_type_checkers_accept_what_the_page_writes(tmp_path, monkeypatch):
    checker = pytest.importorskip("mypy.api")
    files = dict(re.findall(r"```python (\S+)\n(.*?)```", PAGE, re.DOTALL))
    for name, code in files.items():
        (tmp_path / name).write_text(code)
    monkeypatch.chdir(ROOT)  # where its settings and what it has seen before lie
    said, _, status = checker.run([str(tmp_path / name) for name in files])
    assert status == 0, said


SETTINGS = {"steps": 6, "step": 0.25, "momentum": 1.0, "random_start": False, "early_stop": False}


@pytest.fixture(scope="module")
def own() -> dict:
    names: dict = {"__name__": "my_gradients"}
    exec(block("python", "my_gradients.py"), names)
    return names


class Counted(nn.Module):
    def __init__(self):
        super().__init__()
        self.network, self.shown, self.sloped = trained(), 0, 0
        self.eval()

    def forward(self, images):
        self.shown += len(images)
        self.sloped += len(images) * torch.is_grad_enabled()
        return self.network(images)


def attack(method, at_once=None, eps=8) -> Attack:
    return Attack(Everywhere(), Linf(eps), method(CrossEntropy(), **SETTINGS, at_once=at_once), fast=False)


@pytest.mark.parametrize(("name", "a_step", "gradients"), [("NIFGSM", 2, 1), ("VMIFGSM", 6, 6)])
def test_all_that_they_ask_is_counted(own, name, a_step, gradients):
    faces, victim = known_faces(12), Counted()
    found = attack(own[name])(victim, faces, seed=0)
    assert int(found.queries.sum()) == victim.shown
    assert int(found.steps.sum()) == victim.sloped
    assert (found.queries == 6 * a_step + 1).all()  # and the picture after the last step
    assert (found.steps == 6 * gradients).all()


@pytest.mark.parametrize("name", ["NIFGSM", "VMIFGSM"])
def test_they_fool_about_as_many_as_momentum_alone_at_any_batch_size(own, name):
    faces, victim = known_faces(60), trained()
    left, parts, plain = (
        robust(victim, faces, attack(method, at_once, eps=16)(victim, faces, seed=0))
        for method, at_once in ((own[name], None), (own[name], 7), (PGD, None))
    )
    assert (left != parts).float().mean() <= SAME_ENOUGH
    assert 0 < left.float().mean() <= plain.float().mean() + 0.05 < 1


def test_looking_ahead_asks_elsewhere_and_neighbours_change_the_way(own):
    faces, victim = known_faces(6), trained()
    pictures = [
        attack(method)(victim, faces, seed=0).images for method in (PGD, own["NIFGSM"], own["VMIFGSM"])
    ]
    assert not torch.equal(pictures[0], pictures[1])
    assert not torch.equal(pictures[0], pictures[2])


@pytest.mark.parametrize("name", ["NIFGSM", "VMIFGSM"])
def test_they_are_short(name):
    code = block("python", "my_gradients.py")
    (lines,) = re.findall(rf"^class {name}\(.*?(?=^class |\Z)", code, re.DOTALL | re.MULTILINE)
    assert len(lines.strip().splitlines()) <= 40
    config = block("yaml", f"my_conf/attack/method/{name[:-4].lower()}_fgsm.yaml")
    assert len(config.splitlines()) <= 8
