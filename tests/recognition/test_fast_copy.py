"""The copy that steps are chosen by stays near its victim, follows it, and is not used where it does not."""

import copy
import operator
import threading

import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.faces.batch import Faces
from facetrial.recognition import fast_copy as fast
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.fast_copy import FastCopies, FastCopy, folded, nearest_copy
from facetrial.recognition.svm_head import SVMHead
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from tests.helpers.victims import Linear, known_faces, pictures, trained


def with_svm(embedder: nn.Module, images: torch.Tensor, identities: torch.Tensor) -> Victim:
    head = SVMHead()
    with torch.no_grad():
        head.fit(embedder(images).numpy(), identities.numpy())
    return Victim(embedder, head, [str(i) for i in range(head.num_classes)]).freeze()


@pytest.fixture
def victim() -> Victim:
    return with_svm(copy.deepcopy(trained()), *pictures(30))


def count(network: nn.Module, kind: type) -> int:
    return sum(isinstance(module, kind) for module in network.modules())


@pytest.mark.parametrize("embedder", [MobileFaceNet().eval(), trained()], ids=lambda e: type(e).__name__)
def test_folding_leaves_no_batch_norm_behind_a_convolution_and_changes_nothing(embedder):
    embedder = copy.deepcopy(embedder)
    for module in embedder.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d)):
            module.running_mean = torch.rand_like(module.running_mean)
            module.running_var = 0.5 + torch.rand_like(module.running_var)
    before = {name: value.clone() for name, value in embedder.state_dict().items()}
    images = torch.rand(4, 3, 112, 112)
    with torch.no_grad():
        torch.testing.assert_close(folded(embedder)(images), embedder(images), rtol=1e-4, atol=1e-5)
    assert count(embedder, nn.BatchNorm2d) > 0
    assert count(folded(embedder), nn.BatchNorm2d) == 0
    assert all(torch.equal(value, before[name]) for name, value in embedder.state_dict().items())


def test_a_network_that_cannot_be_traced_is_copied_as_it_is():
    class Bends(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = trained()

        def forward(self, images):
            return self.network(images) if images.sum() > 0 else images.flatten(1)[:, :6]

    images, _ = pictures(6)
    with torch.no_grad():
        assert torch.equal(folded(Bends().eval())(images), trained()(images))


@pytest.mark.parametrize("low", [False, True])
def test_a_copys_scores_and_slopes_are_near_the_victims(victim, low):
    images, _ = pictures(12)
    images.requires_grad_(True)
    made = FastCopy(victim, low)
    slopes = [
        torch.autograd.grad(network(images)[:, 0].sum(), images)[0].flatten(1) for network in (victim, made)
    ]
    alike = nn.functional.cosine_similarity(*slopes)
    away = (made(images) - victim(images)).abs().amax().item()
    assert alike.min() > (0.98 if low else 0.9999)
    assert away < (0.1 if low else 1e-4)
    assert made.head.weight.dtype == torch.float64


def test_a_copy_that_differs_is_not_used(victim, monkeypatch, caplog):
    images, _ = pictures(6)
    monkeypatch.setattr(fast, "folded", lambda network: nn.Sequential(copy.deepcopy(network), Negative()))
    assert nearest_copy(victim, images) is victim
    assert "it is not used" in caplog.text


class Locked(nn.Module):
    """Cannot be copied."""

    def __init__(self):
        super().__init__()
        self.network, self.lock = trained(), threading.Lock()

    def forward(self, images):
        with self.lock:
            return self.network(images)


def test_what_cannot_be_copied_is_asked_itself(caplog):
    images, _ = pictures(6)
    locked = Locked().eval()
    assert nearest_copy(locked, images) is locked
    assert "No copy in float32: TypeError" in caplog.text


def test_an_error_without_words_is_told_by_its_type(victim, monkeypatch, caplog):
    def fails(network):
        raise NotImplementedError

    monkeypatch.setattr(fast, "folded", fails)
    assert nearest_copy(victim, pictures(6)[0]) is victim
    assert "No copy in float32: NotImplementedError" in caplog.text


class Negative(nn.Module):
    def forward(self, embeddings):
        return -embeddings


def test_a_copy_is_made_again_when_the_victim_changes(victim):
    images, _ = pictures(6)
    copies = FastCopies()
    first = copies.of(victim, images)
    assert first is not victim
    assert copies.of(victim, images) is first
    with torch.no_grad():
        victim.embedder[0].weight.mul_(1.5)
    second = copies.of(victim, images)
    assert second is not first
    assert copies.of(copy.deepcopy(victim), images) is not second


def test_no_picture_leaves_the_next_ones_their_copy(victim, caplog):
    faces = known_faces(3)
    attack = Attack(Everywhere(), Linf(8), PGD(Margin(), 1, 0.5))
    assert len(attack(victim, faces.select(torch.arange(0)), seed=0).images) == 0
    assert "No copy" not in caplog.text
    assert isinstance(attack._copies.of(victim, faces.images), FastCopy)


def test_the_victim_itself_stays_as_it_was(victim):
    before = {name: value.clone() for name, value in victim.state_dict().items()}
    faces: Faces = known_faces(6)
    Attack(Everywhere(), Linf(8), PGD(Margin(), 3, 0.5))(victim, faces, seed=0)
    assert all(torch.equal(value, before[name]) for name, value in victim.state_dict().items())
    assert not victim.training


def test_fast_can_be_turned_off(victim, monkeypatch):
    monkeypatch.setattr(FastCopies, "of", lambda *_: pytest.fail("a copy was asked for"))
    Attack(Everywhere(), Linf(8), PGD(Margin(), 1, 0.5), fast=False)(victim, known_faces(3), seed=0)


def test_both_ways_find_the_same(victim):
    faces = known_faces(60)
    left = []
    for quick in (True, False):
        attack = Attack(Everywhere(), Linf(14), PGD(Margin(), 20, 0.15), fast=quick)
        attacked = attack(victim, faces, seed=0)
        left.append(victim(attacked.images).argmax(1) == faces.identities)
    assert (left[0] != left[1]).float().mean() <= 0.05
    assert 0 < left[1].float().mean() < 1


def test_a_classifier_without_convolutions():
    victim = Linear()
    images = torch.rand(4, 3, 16, 16)
    torch.testing.assert_close(FastCopies().of(victim, images)(images), victim(images), rtol=0.02, atol=0.02)


def test_factors_behind_convolutions_become_part_of_them():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1, bias=False)

        def forward(self, images):
            first = 0.5 * self.first(images)
            second = self.second(first)
            twice = second + second * 3.0  # the convolution itself is used too
            return images + twice * 0.17

    network, images = Scaled().eval(), torch.rand(2, 3, 8, 8)
    before = network.first.weight.clone()
    made = folded(network)
    factors = [node for node in made.graph.nodes if node.target is operator.mul]
    assert len(factors) == 2
    torch.testing.assert_close(made(images), network(images))
    assert torch.equal(network.first.weight, before)


class Scaled(nn.Module):
    """A network with a setting that is no parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.network = copy.deepcopy(trained())
        self.scale = 1.0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.scale * self.network(images)


def other_data(network: Scaled) -> None:
    for parameter in network.parameters():
        parameter.data = parameter.data.flip(0)


def other_scale(network: Scaled) -> None:
    network.scale = -1.0


@pytest.mark.parametrize("change", [other_data, other_scale])
def test_a_copy_follows_what_leaves_no_trace_in_the_parameters(change):
    victim, images = Scaled().eval().requires_grad_(False), pictures(4)[0]
    copies = FastCopies()
    first = copies.of(victim, images)
    assert copies.of(victim, images) is first
    change(victim)
    again = copies.of(victim, images)
    assert again is not first
    assert torch.allclose(again(images).float(), victim(images), atol=0.1 * float(victim(images).std()))


def test_a_copy_follows_a_head_for_more_people(victim):
    images, identities = pictures(30)
    copies = FastCopies()
    copies.of(victim, images[:4])
    victim.head = with_svm(victim.embedder, images[:24], identities[:24] % 3).head
    victim.names = ["a", "b", "c"]
    assert copies.of(victim, images[:4])(images[:4]).shape == (4, 3)
