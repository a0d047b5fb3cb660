"""What is fitted on some pictures and tested on others: the protocol, and the universal perturbation."""

from itertools import pairwise

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian, Uniform
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.examples import Examples
from facetrial.attacks.fitted.universal import Universal
from facetrial.attacks.goals import Dodging, Impersonation
from facetrial.attacks.losses import CrossEntropy, Margin
from facetrial.attacks.problem import Gradient
from facetrial.attacks.referee import referee
from facetrial.attacks.surrogate import Surrogate
from facetrial.core.errors import FacetrialError
from facetrial.faces.batch import FaceDataset
from facetrial.regions.regions import Discs, Everywhere
from tests.helpers.victims import SIZE, Linear, known_faces, trained

BUDGETS = {"linf": Linf(32), "l2": L2(3.0), "rms": RMS(0.1)}
NUMBERS = [str(i) for i in range(60)]


def halves():
    """Pictures to fit on and others, of the same six people."""
    faces = known_faces(120)
    return faces.select(torch.arange(60)), faces.select(torch.arange(60, 120))


def universal(per="person", epochs=6):
    return Universal(CrossEntropy(), per, epochs, 0.25, 0.5)


def share_that_fell(attacked, faces):
    winners = trained()(attacked.images).argmax(1)
    fell = winners != faces.identities if attacked.targets is None else winners == attacked.targets
    return float(fell[attacked.attackable].float().mean())


@pytest.mark.parametrize("goal", [Dodging(), Impersonation(2)], ids=lambda goal: goal.name)
@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("per", ["person", "all"])
def test_it_fells_pictures_that_it_was_not_fitted_on_as_noise_does_not(per, budget, goal):
    known, others = halves()
    attack = Attack(Everywhere(), BUDGETS[budget], universal(per), goal)
    attack.fit(trained(), known, seed=0)
    attacked = attack(trained(), others, seed=0)
    referee(others.images, attacked.images, attacked.region, budget, attack.budget.limit, NUMBERS)
    noise = Attack(Everywhere(), BUDGETS[budget], Gaussian() if budget == "rms" else Uniform(), goal)
    assert share_that_fell(noise(trained(), others, seed=0), others) <= 0.05
    assert share_that_fell(attacked, others) > 0.5
    assert len(attack.method.fitted["patterns"]) == (6 if per == "person" else 1)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("softness", [0.0, 0.5])
def test_it_stays_in_each_pictures_own_region(budget, softness):
    known, others = halves()
    attack = Attack(Discs("nose", 0.5, softness), BUDGETS[budget], universal())
    attack.fit(trained(), known, seed=0)
    attacked = attack(trained(), others, seed=0)
    referee(others.images, attacked.images, attacked.region, budget, attack.budget.limit, NUMBERS)
    changed = (attacked.images != others.images).any(1)
    assert len(attacked.region.flatten(1).unique(dim=0)) > 1
    assert changed.flatten(1).any(1).all()
    assert attacked.reached.all()


def test_pictures_of_a_person_share_their_pattern_and_those_of_others_have_another():
    known, others = halves()
    others = others.with_images(torch.full_like(others.images, 0.5))
    attack = Attack(Everywhere(), Linf(32), universal())
    attack.fit(trained(), known, seed=0)
    change = attack(trained(), others, seed=0).images - 0.5
    assert torch.equal(change[0], change[6])
    assert not torch.equal(change[0], change[1])


def test_against_a_linear_victim_it_is_the_best_there_is():
    # Of two people, person 0 is taken for person 1 best by eps along the sign of the difference of weights.
    victim = Linear(people=2)
    faces = known_faces(16)
    faces.identities = torch.zeros(16, dtype=torch.int64)
    attack = Attack(Everywhere(), Linf(4), Universal(Margin(), "all", 5, 0.5))
    attack.fit(victim, faces, seed=0)
    best = Linf(4).limit * (victim.weight[1] - victim.weight[0]).sign().unflatten(0, (3, SIZE, SIZE))
    torch.testing.assert_close(attack.method.fitted["patterns"][0], best)


def test_a_second_fit_and_other_batches_of_the_test_give_the_same():
    known, others = halves()
    attack = Attack(Everywhere(), Linf(32), universal(epochs=2))
    attack.fit(trained(), known, seed=0)
    patterns = attack.method.fitted["patterns"]
    whole = attack(trained(), others, seed=0).images
    parts = [attack(trained(), others.select(rows), seed=0).images for rows in torch.arange(60).split(7)]
    assert torch.equal(torch.cat(parts), whole)
    attack.fit(trained(), known, seed=0)
    torch.testing.assert_close(attack.method.fitted["patterns"], patterns)
    attack.fit(trained(), known, seed=1)
    assert not torch.equal(attack.method.fitted["patterns"], patterns)


def test_what_is_saved_comes_back(tmp_path):
    known, others = halves()
    attack = Attack(Everywhere(), Linf(32), universal(epochs=2))
    attack.fit(trained(), known, seed=0)
    attack.method.save(tmp_path / "fitted.safetensors")
    again = Attack(Everywhere(), Linf(32), universal(epochs=2))
    again.method.load(tmp_path / "fitted.safetensors")
    assert torch.equal(again(trained(), others, 0).images, attack(trained(), others, 0).images)
    assert [path.name for path in tmp_path.iterdir()] == ["fitted.safetensors"]


def test_fitting_that_was_cut_short_goes_on_from_its_last_whole_epoch(tmp_path, monkeypatch):
    known, _ = halves()
    attack = Attack(Everywhere(), Linf(32), universal(epochs=4))
    attack.fit(trained(), known, seed=0)
    whole = attack.method.fitted
    unfinished, epochs = tmp_path / "unfinished.safetensors", []
    step = Universal._step

    def counted(method, problem, state, epoch):
        if len(epochs) == 5 and epoch == 2:
            raise KeyboardInterrupt
        epochs.append(epoch)
        step(method, problem, state, epoch)

    monkeypatch.setattr(Universal, "_step", counted)
    attack = Attack(Everywhere(), Linf(32), universal(epochs=4))
    with pytest.raises(KeyboardInterrupt):
        attack.fit(trained(), known, 0, unfinished)
    assert attack.method.fitted is None
    assert epochs == [0, 0, 1, 1, 2]
    monkeypatch.setattr(Universal, "_step", step)
    attack.fit(trained(), known, 0, unfinished)
    assert list(tmp_path.iterdir()) == []
    for name, tensor in whole.items():
        torch.testing.assert_close(attack.method.fitted[name], tensor)


def test_pictures_on_disk_are_fetched_as_those_in_memory():
    known, _ = halves()
    pixels = known.images.mul(255).round()
    known = known.with_images(pixels / 255)
    files = [f"{i}.png" for i in range(60)]
    dataset = FaceDataset(
        pixels=pixels.to(torch.uint8).permute(0, 2, 3, 1).numpy(),
        rows=torch.arange(60).numpy(),
        identities=known.identities.numpy(),
        files=files,
        names=list("abcdef"),
        landmarks=known.landmarks.numpy(),
        boxes=known.boxes.numpy(),
        five_points=torch.zeros(60, 5, 2).numpy(),
    )
    known.pictures = torch.from_numpy(dataset.pictures)
    attack = Attack(Everywhere(), Linf(32), universal(epochs=1))
    attack.fit(trained(), known, seed=0)
    patterns = attack.method.fitted["patterns"]
    attack.fit(trained(), dataset, seed=0)
    torch.testing.assert_close(attack.method.fitted["patterns"], patterns)


def test_a_surrogate_is_asked_in_the_victims_place():
    known, others = halves()
    attack = Attack(Everywhere(), Linf(32), universal(), surrogate=Surrogate(trained()))
    attack.fit(Linear(people=6), known, seed=0)
    assert share_that_fell(attack(Linear(people=6), others, seed=0), others) > 0.9


def test_a_victim_without_a_slope_is_recorded():
    known, others = halves()

    class Flat(torch.nn.Module):
        def forward(self, images):
            return images.sum((1, 2, 3))[:, None] * torch.zeros(1, 6)

    attack = Attack(Everywhere(), Linf(32), universal(epochs=1), fast=False)
    attack.fit(Flat().eval(), known, seed=0)
    attacked = attack(Flat().eval(), others, seed=0)
    assert set(attacked.gradient.tolist()) == {int(Gradient.ZERO)}
    assert torch.equal(attacked.images, others.images)
    assert not attacked.reached.any()


@pytest.mark.parametrize("size", [1, 7, 64])
def test_minibatches_go_once_through_all_pictures_group_by_group(size):
    groups = torch.arange(40) % 5
    seen = []
    examples = Examples(groups, torch.arange(40) + 9, 0, lambda rows: seen.append(rows.tolist()))
    list(examples.minibatches(0, size, groups))
    rows = [row for batch in seen for row in batch]
    assert sorted(rows) == list(range(40))
    assert {len(batch) for batch in seen[:-1]} <= {size}
    assert sum(groups[a] != groups[b] for a, b in pairwise(rows)) == 4
    seen.clear()
    list(examples.minibatches(1, size, groups))
    assert rows != [row for batch in seen for row in batch]


class TestMistakes:
    def test_not_fitted(self):
        with pytest.raises(FacetrialError, match=r"Universal has not been fitted; call attack\.fit\("):
            Attack(Everywhere(), Linf(8), universal())(trained(), known_faces(2), seed=0)

    def test_nothing_to_fit(self):
        with pytest.raises(FacetrialError, match="Uniform is not one that is fitted"):
            Attack(Everywhere(), Linf(8), Uniform()).fit(trained(), known_faces(2), seed=0)

    def test_no_pictures(self):
        with pytest.raises(FacetrialError, match="no picture"):
            Attack(Everywhere(), Linf(8), universal()).fit(trained(), known_faces(0), seed=0)

    def test_no_picture_that_can_be_attacked(self):
        faces = known_faces(4)
        faces.landmarks[:] = torch.nan
        with pytest.raises(FacetrialError, match="none of the 4 training pictures can be attacked"):
            Attack(Discs("nose"), Linf(8), universal()).fit(trained(), faces, seed=0)

    def test_a_person_it_was_not_fitted_on(self):
        faces = known_faces(12)
        attack = Attack(Everywhere(), Linf(8), universal(epochs=1))
        attack.fit(trained(), faces.select(faces.identities != 3), seed=0)
        with pytest.raises(FacetrialError, match=r"c\.png shows person number 3.*attack\.method\.per=all"):
            attack(trained(), faces.select(torch.tensor([1, 2, 3])), seed=0, files=["a", "b", "c.png"])

    def test_pictures_of_another_size(self):
        faces = known_faces(6)
        attack = Attack(Everywhere(), Linf(8), universal(epochs=1))
        attack.fit(trained(), faces, seed=0)
        with pytest.raises(FacetrialError, match=r"20x16 pixels.*16x16"):
            attack(trained(), faces.with_images(torch.zeros(6, 3, 20, 16)), seed=0)

    @pytest.mark.parametrize("budget", [L0(5), L1(5.0)])
    def test_a_budget_without_a_ball(self, budget):
        with pytest.raises(FacetrialError, match=f"norm {budget.norm} has no"):
            Attack(Everywhere(), budget, universal()).fit(trained(), known_faces(6), seed=0)

    @pytest.mark.parametrize(
        ("key", "value"),
        [("per", "group"), ("epochs", 0), ("epochs", 1.5), ("step", 0.0), ("momentum", 1.0), ("batch", 0)],
    )
    def test_settings(self, key, value):
        settings = {"loss": Margin(), "per": "all", "epochs": 2, "step": 0.1} | {key: value}
        with pytest.raises(FacetrialError, match=rf"attack\.method\.{key}"):
            Universal(**settings)
