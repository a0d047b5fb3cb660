"""What is fitted on some pictures and tested on others: the protocol, cut short, saved, and misused."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Uniform
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.universal import Universal
from facetrial.attacks.result import Gradient
from facetrial.attacks.surrogate import Surrogate
from facetrial.core.errors import FacetrialError
from facetrial.faces.batch import FaceDataset
from facetrial.regions.regions import Discs, Everywhere
from tests.helpers.fitted import halves, share_fooled, universal
from tests.helpers.victims import Linear, known_faces, trained


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
    assert share_fooled(attack(Linear(people=6), others, seed=0), others) > 0.9


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
