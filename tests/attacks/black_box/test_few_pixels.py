"""A few pixels by differential evolution: inside the region, never more than allowed, and better than chance."""

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import nn

from facetrial.api import attack
from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.few_pixels import (
    FewPixels,
    Places,
    first_generation,
    next_generation,
    painted,
)
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion, Impersonation
from facetrial.attacks.losses import Margin
from facetrial.attacks.referee import referee
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.regions.regions import Discs, Everywhere, Scattered
from tests.helpers.faces import some_faces
from tests.helpers.paths import CONF
from tests.helpers.trained import SIZE, known_pictures, trained_victim

REGIONS = {"everywhere": Everywhere(), "nose": Discs("nose", 0.4), "soft": Scattered(Discs(softness=0.5))}


class OnePixelDecides(nn.Module):
    """Class 1 is as sure as the pixel in row 3, column 7 is red and not green; class 0 where it is not."""

    def forward(self, images):
        red, green = images[:, 0, 3, 7], images[:, 1, 3, 7]
        # Neighbours tell a little, so that there is a slope to climb.
        near = images[:, 0, 1:6, 5:10].mean((1, 2))
        sure = red - green + 0.5 * near - 1.2
        return torch.stack([-sure, sure], dim=1)


@pytest.mark.parametrize("goal", [None, Impersonation("nearest")], ids=["dodging", "impersonation"])
@pytest.mark.parametrize("pixels", [1, 3])
@pytest.mark.parametrize("region", REGIONS)
def test_it_keeps_the_rules_and_comes_nearer_its_goal(region, pixels, goal):
    faces, victim = some_faces(4, size=SIZE), trained_victim()
    made = Attack(REGIONS[region], L0(pixels), FewPixels(Margin(), population=20, generations=2), goal)
    result = made(victim, faces, seed=0)
    assert result.attackable.all()
    referee(faces.images, result.images, result.region, "l0", pixels, list("abcd"))
    assert (result.steps == 0).all()
    criterion = Criterion(faces.identities, result.targets)
    before, after = (
        criterion.adversarial_margin(victim(faces.images)),
        criterion.adversarial_margin(victim(result.images)),
    )
    assert (after[before <= 0] > before[before <= 0]).any()
    assert (after >= before - 1e-5).all()


def test_it_finds_the_one_pixel_that_decides():
    images = torch.full((3, 3, 12, 12), 0.5)
    identities = torch.zeros(3, dtype=torch.int64)
    made = Attack(Everywhere(), L0(1), FewPixels(Margin(), population=100, generations=40))
    attacked, rows = attack(OnePixelDecides().eval(), images, identities, made)
    assert not rows["correct_attacked"].any()
    assert not rows["correct_8bit"].any()
    assert (rows["pixels_changed"] == 1).all()
    assert (attacked != images).any(1)[:, 3, 7].all()
    assert rows["queries"].max() < 1 + 100 * 41  # it stopped when they were fooled


def test_generations_are_worth_more_than_chance():
    images, identities = known_pictures(20, seed=6)
    margins = []
    for population, generations in ((600, 0), (40, 14)):  # 600 candidates each
        made = Attack(Everywhere(), L0(3), FewPixels(Margin(), population, generations), fast=False)
        _, rows = attack(trained_victim(), images, identities, made)
        margins.append(rows["margin_attacked"].mean())
    assert margins[1] < margins[0]


def test_more_pixels_fool_more():
    images, identities = known_pictures(24, seed=6)
    left = [
        attack(trained_victim(), images, identities, Attack(Everywhere(), L0(n), FewPixels(Margin(), 40, 8)))[
            1
        ]["correct_attacked"].mean()
        for n in (1, 20)
    ]
    assert left[1] < left[0]


@pytest.mark.parametrize("fast", [True, False])
def test_a_picture_is_attacked_the_same_in_any_batch(fast):
    images, identities = known_pictures(20, seed=6)
    made = Attack(Everywhere(), L0(8), FewPixels(Margin(), 30, 4), fast=fast)
    whole, rows = attack(trained_victim(), images, identities, made)
    parts, rows_of_parts = attack(trained_victim(), images, identities, made, batch_size=3)
    assert 0 < rows["correct_attacked"].sum() < 20
    assert (rows["correct_attacked"] == rows_of_parts["correct_attacked"]).all()
    assert ((whole - parts).abs().amax((1, 2, 3)) < 1e-6).float().mean() >= 0.9


def test_queries_are_what_the_victim_was_shown():
    victim, shown, faces = trained_victim(), 0, some_faces(5, size=SIZE)
    faces.images, faces.identities = known_pictures(5, seed=6)

    def count(module, arguments):
        nonlocal shown
        shown += len(arguments[0])

    handle = victim.register_forward_pre_hook(count)
    made = Attack(Everywhere(), L0(3), FewPixels(Margin(), 60, 2), fast=False)
    result = made(victim, faces, seed=0)
    handle.remove()
    assert int(result.queries.sum()) == shown
    assert result.queries.max() >= 1 + 60 * 3


def test_every_share_is_a_pixel_of_the_region_and_all_are_as_likely():
    region = torch.zeros(1, 1, 5, 6)
    region[0, 0, 1, 2:5] = 0.5
    region[0, 0, 3, ::5] = 1
    candidates = torch.rand(1, 10_000, 1, 5)
    counts = torch.bincount(Places(region).of(torch.tensor([0]), candidates).flatten(), minlength=30)
    inside = (region > 0).flatten()
    assert (counts[~inside] == 0).all()
    assert counts[inside].min() > 0.9 * 10_000 / 5
    ends = torch.tensor([0.0, 1.0]).expand(5, 2).T.reshape(1, 2, 1, 5)
    assert Places(region).of(torch.tensor([0]), ends).flatten().tolist() == [8, 23]


def test_everywhere_a_share_is_a_coordinate():
    candidates = torch.rand(1, 50, 2, 5)
    places = Places(torch.ones(1, 1, 8, 10)).of(torch.tensor([0]), candidates)
    across, down = (candidates[..., 0] * 10).long(), (candidates[..., 1] * 8).long()
    assert torch.equal(places, down * 10 + across)


def test_children_stay_in_range_and_come_of_three_others():
    draws = Draws(0, torch.arange(3))
    parents = first_generation(draws, 4, pixels=2)
    assert parents.shape == (3, 4, 2, 5)
    children = next_generation(draws, parents, 0.5, generation=0)
    assert children.min() >= 0
    assert children.max() <= 1
    # With four candidates the three others are all that there are: minus one is plain to see.
    for own in range(4):
        others = [i for i in range(4) if i != own]
        possible = [
            parents[:, i] + 0.5 * (parents[:, j] - parents[:, k])
            for i in others
            for j in others
            for k in others
            if len({i, j, k}) == 3
        ]
        folded = [
            torch.cat([1 - ((p[..., :2] % 2) - 1).abs(), p[..., 2:].clamp(0, 1)], dim=-1) for p in possible
        ]
        away = torch.stack([(each - children[:, own]).abs().amax((1, 2)) for each in folded])
        assert (away.amin(0) < 1e-6).all()


def test_without_difference_a_child_is_another_candidate():
    draws = Draws(0, torch.arange(2))
    parents = first_generation(draws, 30, pixels=1)
    children = next_generation(draws, parents, 1e-9, generation=3)
    same = (children - parents).abs().amax((2, 3)) < 1e-6
    assert not same.any()


def test_of_two_pixels_in_one_place_the_later_counts():
    images, region = torch.full((1, 3, 4, 4), 0.5), torch.ones(1, 1, 4, 4)
    region[0, 0, 1, 1] = 0.5
    candidates = torch.zeros(1, 1, 3, 5)
    candidates[0, 0, 1, 2:] = 1.0
    pictures = painted(images, region, candidates, torch.tensor([[[5, 5, 0]]]))
    assert pictures[0, :, 1, 1].tolist() == [0.75] * 3  # half covered
    assert pictures[0, :, 0, 0].tolist() == [0.0] * 3
    assert ((pictures != images).any(1).sum()) == 2


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            lambda: FewPixels(Margin(), population=3),
            "attack.method.population must be a whole number from 4 on",
        ),
        (
            lambda: FewPixels(Margin(), generations=-1),
            "attack.method.generations must be a whole number from 0 on",
        ),
        (lambda: FewPixels(Margin(), mutation=0), r"attack.method.mutation must lie in \(0, 2\], found 0"),
        (lambda: FewPixels(Margin(), at_once=0), "attack.method.at_once must be a whole number from 1 on"),
    ],
)
def test_what_it_cannot_be(made, message):
    with pytest.raises(FacetrialError, match=message):
        made()


def test_another_budget_is_refused():
    images, identities = known_pictures(2, seed=6)
    with pytest.raises(
        FacetrialError, match=r"few_pixels counts pixels: it needs attack/budget=l0.*norm linf"
    ):
        attack(trained_victim(), images, identities, Attack(Everywhere(), Linf(8), FewPixels(Margin())))


def test_more_pixels_than_the_region_holds_names_the_picture():
    faces = some_faces(3, size=SIZE)
    made = Attack(Discs("nose"), L0(300), FewPixels(Margin(), 4, 1))
    message = r"a/1\.png: the region holds \d+ pixels, attack.budget.pixels asks for 300"
    with pytest.raises(FacetrialError, match=message):
        made(trained_victim(), faces, seed=0, files=["a/1.png", "a/2.png", "a/3.png"])


@pytest.mark.parametrize(
    ("overrides", "pixels"),
    [
        (["attack=one_pixel"], 1),
        (["attack=three_pixels", "attack/region=nose"], 3),
        (["attack=five_pixels"], 5),
        (["attack=one_pixel", "attack.budget.pixels=7"], 7),
    ],
)
def test_the_pixels_are_chosen_on_the_command_line(overrides, pixels):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        made = instantiate(compose("evaluate", overrides).attack)
    assert isinstance(made.method, FewPixels)
    assert made.budget.pixels == pixels


def test_another_budget_on_the_command_line_reaches_the_methods_own_message():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        made = instantiate(compose("evaluate", ["attack=one_pixel", "attack/budget=linf"]).attack)
    with pytest.raises(FacetrialError, match="needs attack/budget=l0"):
        made(trained_victim(), some_faces(2, size=SIZE), seed=0)
