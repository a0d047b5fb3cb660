"""Gradients from a loss of the SVM's scores down to the pixels, against finite differences in float64."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.attacks.goals import Criterion
from facetrial.attacks.loss_gradient import loss_gradient
from facetrial.attacks.losses import CrossEntropy, DifferenceOfLogitsRatio, Margin
from facetrial.recognition.embedders.inception_resnet_v1 import InceptionResnetV1
from facetrial.recognition.svm_head import SVMHead
from facetrial.recognition.victim import Victim
from tests.helpers.real import FACENET, lfw_faces
from tests.helpers.victims import pictures, trained

LOSSES = [CrossEntropy(), Margin(), DifferenceOfLogitsRatio()]


def victim_of(embedder: nn.Module, kernel: str, images: torch.Tensor, identities: torch.Tensor) -> Victim:
    """The embedder in float64 with an SVM fitted on these pictures."""
    embedder = embedder.eval().double()
    head = SVMHead(kernel)
    with torch.no_grad():
        embeddings = torch.cat([embedder(part.double()) for part in images.split(8)])
    head.fit(embeddings.numpy(), identities.numpy())
    return Victim(embedder, head, [str(i) for i in range(head.num_classes)]).freeze()


def assert_slope_is_right(victim: Victim, loss, images: torch.Tensor, criterion: Criterion) -> None:
    """Central differences along the gradient and along chance directions."""
    images = images.double().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss(victim(images), criterion).sum(), images)
    images = images.detach()
    directions = [gradient / gradient.norm()]
    directions += [torch.randn_like(images) for _ in range(2)]
    for direction in directions:
        direction = direction / direction.norm() + directions[0]  # never at right angles to the gradient
        expected = (gradient * direction).sum()
        with torch.no_grad():
            step = 1e-8 * direction  # small, so that no PReLU or ReLU turns
            rise = (
                loss(victim(images + step), criterion) - loss(victim(images - step), criterion)
            ).sum() / 2e-8
        assert abs(rise - expected) <= 1e-4 * abs(expected)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_a_small_network(kernel, loss):
    images, identities = pictures(30)
    embedder = copy.deepcopy(trained())
    images, criterion = (
        images * 0.98 + 0.01,
        Criterion(identities[:4]),
    )  # room for the differences inside [0, 1]
    victim = victim_of(embedder, kernel, images, identities)
    assert_slope_is_right(victim, loss, images[:4], criterion)


@pytest.mark.real
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_real_faces_to_the_studys_embedding_to_an_rbf_svm(shared, loss):
    images, identities = lfw_faces(shared, people=5, pictures=6, size=160, box=FACENET)
    images = images * 0.98 + 0.01
    embedder = InceptionResnetV1(str(shared / "weights" / "inception_resnet_v1_vggface2.safetensors"), 128)
    victim = victim_of(embedder, "rbf", images, identities)
    assert_slope_is_right(victim, loss, images[:2], Criterion(identities[:2]))
    assert_slope_is_right(victim, loss, images[:2], Criterion(identities[:2], torch.tensor([3, 4])))


def test_a_region_weighs_the_slope_and_what_is_not_finite_is_said():
    class Odd(nn.Module):
        def forward(self, images):
            sums = images.flatten(1).sum(1)
            # The second picture's scores do not depend on it; the third's slope is infinite.
            sums = torch.stack([sums[0], sums[1] * 0, (sums[2] - sums[2].detach()).abs().sqrt()])
            return torch.stack([sums, -sums], dim=1)

    images = torch.rand(3, 3, 4, 4, requires_grad=True)
    region = torch.tensor(np.tile([0.0, 0.5, 1.0, 1.0], (3, 1, 4, 1))).float()
    found = loss_gradient(
        Odd(), Margin(), images, images, Criterion(torch.zeros(3, dtype=torch.int64)), region
    )
    assert found.zero.tolist() == [False, True, False]
    assert found.broken.tolist() == [False, False, True]
    torch.testing.assert_close(found.gradient[0], -2 * region[0].expand(3, 4, 4))
    assert torch.equal(found.gradient[1:], torch.zeros(2, 3, 4, 4))
