"""A recogniser that answers and shows nothing else: what it is shown, what is kept, how many it may be asked about."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.black_box.box import BlackBox, EightBits
from facetrial.recognition.embedders.contract import meeting_contract


class Box(BlackBox):
    """Says what `reply` makes of each picture, and counts them."""

    called = "the box"

    def __init__(self, cache=None, reply=None, rounded=True, **settings) -> None:
        settings = {"dimension": None, "at_once": 4, "identity": ["box"]} | settings
        super().__init__(16, "five_points", rounded=rounded, cache=cache, **settings)
        self.reply = reply or (lambda picture: (picture.reshape(-1)[:5].astype(float) + 1).tolist())
        self.shown: list[np.ndarray] = []
        self.calls: list[int] = []

    def ask(self, pictures):
        self.calls.append(len(pictures))
        self.shown += list(pictures)
        return [self.reply(picture) for picture in pictures]


def images(count=6, seed=0):
    return torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def test_it_meets_the_contract_and_has_no_slope(tmp_path):
    box = meeting_contract(Box(tmp_path), 16, "five_points", "box")
    assert isinstance(box, Box)
    assert (box.has_slope, box.dimension, box.last_blocks) == (False, 5, ("",))
    embeddings = box(images().requires_grad_())
    assert not embeddings.requires_grad
    assert embeddings.norm(dim=1).allclose(torch.ones(6))


def test_a_network_without_a_slope_must_say_so(tmp_path):
    box = Box(tmp_path)
    box.has_slope = True
    with pytest.raises(FacetrialError, match=r"without a gradient.*embedder=callable"):
        meeting_contract(box, 16, "five_points", "box")


def test_pictures_are_rounded_by_a_layer_that_says_so():
    box, exact = Box(), Box(rounded=False)
    given = images()
    assert box(given).equal(box(EightBits()(given)))
    assert [picture.dtype for picture in box.shown] == [np.uint8] * 12
    assert np.array_equal(box.shown[0], (given[0] * 255).round().permute(1, 2, 0).numpy().astype(np.uint8))
    assert not exact(given).equal(exact(EightBits()(given)))
    assert np.array_equal(exact.shown[0], given[0].permute(1, 2, 0).numpy())
    assert not box.identity.equal(exact.identity)


def test_no_picture_is_asked_about_twice(tmp_path):
    box, given = Box(tmp_path), images()
    first = box(torch.cat([given, given[:3]]))
    assert box.calls == [4, 2]
    assert first[:3].equal(first[6:])
    again = Box(tmp_path)
    assert again(given.flip(0)).equal(first[:6].flip(0))
    assert again.calls == []
    assert copy.deepcopy(again)(given).equal(first[:6])


def test_without_a_cache_it_is_asked_each_time():
    box = Box()
    box(images())
    box(images())
    assert box.calls == [4, 2, 4, 2]
    assert not box.keeps_answers


def test_another_one_has_answers_of_its_own(tmp_path):
    Box(tmp_path)(images())
    other = Box(tmp_path, identity=["other"])
    other(images())
    assert other.calls == [4, 2]


def test_the_budget_is_that_of_all_starts(tmp_path):
    box = Box(tmp_path, budget=5)
    with pytest.raises(FacetrialError, match=r"embedder\.budget=5 is used up.*Give a higher one"):
        box(images())
    assert box.calls == [4, 1]
    again = Box(tmp_path, budget=5)
    assert again(images()[:5]).isfinite().all()
    with pytest.raises(FacetrialError, match="is used up"):
        again(images())
    assert again.calls == []
    higher = Box(tmp_path, budget=7)
    assert higher(images()).equal(Box()(images()))
    assert higher.calls == [1]


def test_an_answer_that_is_none_keeps_those_before(tmp_path):
    def breaks(picture):
        return [1.0, float("nan") if picture[0, 0, 0] == 7 else float(picture[0, 0, 0])]

    given = torch.arange(8).view(8, 1, 1, 1).expand(8, 3, 16, 16) / 255
    with pytest.raises(FacetrialError, match="the box gave numbers that are not finite"):
        Box(tmp_path, breaks)(given)
    again = Box(tmp_path, breaks)
    again(given[:4])
    assert again.calls == []


def test_where_nobody_is_found_all_is_nan(tmp_path):
    box = Box(tmp_path, lambda picture: None if picture[0, 0, 0] < 100 else [3.0, 4.0])
    given = torch.stack([torch.full((3, 16, 16), value) for value in (0.9, 0.1)])
    found = box(given)
    assert found[0].tolist() == pytest.approx([0.6, 0.8])
    assert found[1].isnan().all()
    assert Box(tmp_path)(given)[1].isnan().all()


def test_nobody_on_the_first_pictures(tmp_path):
    with pytest.raises(FacetrialError, match=r"finds nobody on the 3 pictures.*give embedder\.dimension"):
        meeting_contract(Box(tmp_path, lambda picture: None), 16, "five_points", "box")
    box = meeting_contract(Box(tmp_path, lambda picture: None, dimension=5), 16, "five_points", "box")
    assert box.dimension == 5
    assert box(images()).shape == (6, 5)


def test_the_dimension_that_is_given_is_held(tmp_path):
    with pytest.raises(FacetrialError, match=r"answers of 5 numbers, and embedder\.dimension=4"):
        Box(tmp_path, dimension=4)(images())
    Box(tmp_path)(images())
    with pytest.raises(FacetrialError, match=r"answers of 5 numbers, and embedder\.dimension=4"):
        Box(tmp_path, dimension=4)


def test_scores_are_given_as_they_are(tmp_path):
    box = Box(tmp_path, lambda picture: {"Zoë": 2.0, "Ann": float(picture[0, 0, 0])})
    given = images()
    found = box(given)
    assert box.people == ("Ann", "Zoë")
    assert found[:, 0].tolist() == (given[:, 0, 0, 0] * 255).round().tolist()
    assert meeting_contract(box, 16, "five_points", "box") is box
    assert Box(tmp_path).people == ("Ann", "Zoë")


def test_what_tells_it_apart_is_in_its_state():
    first, same, other = Box(), Box(at_once=2, dimension=5), Box(identity=["other"])
    assert first.state_dict()["identity"].equal(same.state_dict()["identity"])
    assert not first.state_dict()["identity"].equal(other.state_dict()["identity"])


def test_embeddings_are_what_it_says_in_unit_norm():
    box = Box()
    found = box(images())
    said = np.stack([picture.reshape(-1)[:5].astype(np.float32) + 1 for picture in box.shown])
    assert found.allclose(F.normalize(torch.from_numpy(said)))
