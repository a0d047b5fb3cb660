"""What a method is given and what it learns by asking: scores, gradients against finite differences, and counts."""

import copy
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.attacks.asked import Asked
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion
from facetrial.attacks.losses import CrossEntropy, DifferenceOfLogitsRatio, Margin
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import Counts, Gradient
from facetrial.attacks.surrogate import View
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.recognition.embedders.inception_resnet_v1 import InceptionResnetV1
from facetrial.recognition.svm_head import SVMHead
from facetrial.recognition.victim import Victim
from tests.helpers.faces import some_faces
from tests.helpers.real import FACENET, lfw_faces
from tests.helpers.victims import SIZE, Linear, pictures, trained

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

    region = torch.tensor(np.tile([0.0, 0.5, 1.0, 1.0], (3, 1, 4, 1))).float()
    problem = Problem(
        Odd(), Odd(), Criterion(torch.zeros(3, dtype=torch.int64)), torch.rand(3, 3, 4, 4), region, Linf(8),
        torch.zeros(3, 15, 2), Draws(0, torch.arange(3)), ["a", "b", "c"], Counts.of(torch.arange(3)), torch.arange(3),
    )  # fmt: skip
    found = problem.ask(torch.arange(3), problem.images, Margin())
    assert found.zero.tolist() == [False, True, False]
    assert found.broken.tolist() == [False, False, True]
    torch.testing.assert_close(found.gradient[0], -2 * region[0].expand(3, 4, 4))
    assert torch.equal(found.gradient[1:], torch.zeros(2, 3, 4, 4))


def test_scores_that_are_no_numbers_are_remembered_of_who_asks_for_no_gradient():
    class Odd(nn.Module):
        def forward(self, images):
            return torch.log(images.mean((2, 3)) - 0.5)  # of what is dark, no number

    images = torch.tensor([0.9, 0.1]).reshape(2, 1, 1, 1).expand(2, 3, 4, 4)
    counts = Counts.of(torch.arange(2))
    problem = Problem(
        Odd(), Odd(), Criterion(torch.zeros(2, dtype=torch.int64)), images, torch.ones(2, 1, 4, 4), Linf(8),
        torch.zeros(2, 15, 2), Draws(0, torch.arange(2)), ["a", "b"], counts, torch.arange(2),
    )  # fmt: skip
    problem.ask(torch.arange(2), images)
    assert counts.gradient.tolist() == [int(Gradient.NOT_ASKED), int(Gradient.NOT_FINITE)]


def test_a_victim_without_a_slope_is_named():
    class Detached(nn.Module):
        def forward(self, images):
            return images.detach().mean((2, 3))

    problem = Problem(
        Detached(), Detached(), Criterion(torch.zeros(2, dtype=torch.int64)), torch.rand(2, 3, 4, 4),
        torch.ones(2, 1, 4, 4), Linf(8), torch.zeros(2, 15, 2), Draws(0, torch.arange(2)), ["a", "b"],
        Counts.of(torch.arange(2)), torch.arange(2),
    )  # fmt: skip
    with pytest.raises(FacetrialError, match="the network Detached has no slope"):
        problem.ask(torch.arange(2), problem.images, Margin())


def test_of_a_part_every_field_is_the_pictures_own():
    victim, proxy, confirmer = Linear(), Linear(), Linear()
    whole = Problem(
        victim,
        proxy,
        Criterion(torch.tensor([3, 1, 2]), torch.tensor([0, 2, 1])),
        torch.rand(3, 3, 4, 4),
        torch.rand(3, 1, 4, 4),
        Linf(8).scaled(torch.tensor([0.1, 0.2, 0.3])),
        torch.rand(3, 15, 2),
        Draws(0, torch.tensor([7, 8, 9])),
        ["a", "b", "c", "d"],
        Counts.of(torch.arange(4)),
        torch.tensor([0, 1, 3]),
        View(torch.rand(3, 2, 3), 4),
        torch.rand(3, 3, 4, 4),
        confirmer,
        5,
    )
    whole.undefended = whole.asking(Asked(proxy, victim, whole.images, abstain_columns=2))
    rows = torch.tensor([2, 0])
    part = whole.select(rows)
    seen = {
        "victim": part.victim is victim,
        "proxy": part.proxy is proxy,
        "confirmer": part.confirmer is confirmer,
        "forward_passes": part.forward_passes == 5,
        "counts": part.counts is whole.counts,
        "places": part.places.tolist() == [3, 0],
        "criterion": (part.criterion.identities.tolist(), part.criterion.targets.tolist())
        == ([2, 3], [1, 0]),
        "budget": torch.equal(part.budget.part.flatten(), torch.tensor([0.3, 0.1])),
        "draws": part.draws.pictures.tolist() == [9, 7],
        "all_files": part.files == ["d", "a"],
        "view": torch.equal(part.view.maps, whole.view.maps[rows]),
        "undefended": torch.equal(part.undefended.images, part.images)
        and part.undefended.counts is whole.undefended.counts,
    }
    for name in ("images", "region", "landmarks", "start"):
        seen[name] = torch.equal(getattr(part, name), getattr(whole, name)[rows])
    assert all(seen.values()), seen
    assert seen.keys() == {field.name for field in fields(Problem)}
    assert len(part) == 2
    assert not part.certain


def test_before_somebody_else_what_is_asked_counts_apart():
    problem = linear_problem()
    aside = problem.asking(
        Asked(Linear(seed=1), Linear(seed=2), problem.images, forward_passes=3, abstain_columns=1)
    )
    assert (aside.forward_passes, aside.criterion.abstain_columns, problem.criterion.abstain_columns) == (
        3,
        1,
        0,
    )
    aside.ask(torch.tensor([0]), problem.images[:1], Margin())
    assert aside.queries.tolist() == [1, 0, 0]
    assert problem.queries.tolist() == [0, 0, 0]


def linear_problem(count: int = 3, view: View | None = None) -> Problem:
    victim = Linear().eval()
    faces = some_faces(count, size=SIZE, people=4)
    region = torch.tensor(np.tile([0.0, 0.5, 1.0, 1.0], (count, 1, SIZE, SIZE // 4))).float()
    return Problem(
        victim, victim, Criterion(faces.identities), faces.images, region, Linf(8), faces.landmarks,
        Draws(0, faces.pictures), list("abcdef"[:count]), Counts.of(faces.indices), faces.indices, view,
    )  # fmt: skip


class TestAsk:
    """Whoever is asked, the pictures are mapped, scored, and counted."""

    def test_scores_are_the_proxys_or_whose_they_are_asked_of(self):
        problem, other = linear_problem(), Linear(seed=1).eval()
        rows, pictures = torch.tensor([2, 0]), torch.rand(2, 3, SIZE, SIZE)
        assert torch.equal(problem.ask(rows, pictures), problem.proxy(pictures))
        assert torch.equal(problem.ask(rows, pictures, of=other, times=5), other(pictures))
        torch.testing.assert_close(problem.ask(rows, pictures, at_once=1), problem.proxy(pictures))
        assert problem.queries.tolist() == [7, 0, 7]
        assert problem.counts.steps.tolist() == problem.counts.gradient.tolist() == [0, 0, 0]

    def test_a_loss_gives_its_gradient_within_the_region(self):
        problem = linear_problem()
        rows, pictures = torch.arange(3), problem.images.clone().requires_grad_(True)
        (expected,) = torch.autograd.grad(
            Margin()(problem.proxy(pictures), problem.criterion).sum(), pictures
        )
        found = problem.ask(rows, pictures, Margin())
        torch.testing.assert_close(found.gradient, expected * problem.region)
        torch.testing.assert_close(problem.ask(rows, pictures, Margin(), everywhere=True).gradient, expected)
        torch.testing.assert_close(found.loss, Margin()(found.scores, problem.criterion))
        aside = Criterion(problem.criterion.identities, (problem.criterion.identities + 1) % 4)
        assert not torch.equal(problem.ask(rows, pictures, Margin(), criterion=aside).loss, found.loss)
        assert problem.queries.tolist() == problem.counts.steps.tolist() == [3, 3, 3]
        assert problem.counts.gradient.tolist() == [Gradient.FINE] * 3

    def test_what_is_shown_in_a_pictures_place_is_asked_about_and_its_gradient_is_the_pictures(self):
        problem = linear_problem()
        rows = torch.arange(3)
        plain = problem.ask(rows, problem.images, Margin())
        darker = problem.ask(rows, problem.images, Margin(), augment=lambda pictures: pictures * 0.99)
        torch.testing.assert_close(darker.scores, problem.proxy(problem.images * 0.99))
        torch.testing.assert_close(darker.gradient, plain.gradient * 0.99)

    def test_a_surrogates_view_is_taken_of_all(self):
        view = View(torch.tensor([[[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]]]).expand(3, 2, 3).contiguous(), SIZE)
        problem = linear_problem(view=view)
        rows = torch.tensor([1, 2])
        seen = view(rows, problem.images[rows])
        torch.testing.assert_close(problem.ask(rows, problem.images[rows]), problem.proxy(seen))
        torch.testing.assert_close(
            problem.ask(rows, problem.images[rows], Margin()).scores, problem.proxy(seen)
        )

    def test_parts_and_copies_count_together(self):
        problem = linear_problem()
        part = problem.select(torch.tensor([2, 1]))
        part.ask(torch.tensor([0, 0]), torch.rand(2, 3, SIZE, SIZE))
        replace(part, budget=Linf(4)).ask(torch.tensor([1]), torch.rand(1, 3, SIZE, SIZE), Margin())
        assert problem.queries.tolist() == [0, 1, 2]
        assert part.queries.tolist() == [2, 1]
        assert problem.counts.steps.tolist() == [0, 1, 0]
