"""Batches of faces and the pictures they are cut from: rows stay together, and what does not fit is said."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import picture_key
from facetrial.faces.batch import Faces, _looked_up, as_images, check_images, pictures_a_batch
from tests.helpers.faces import some_faces
from tests.helpers.six_pictures import assert_same, dataset


def test_parts_put_together_are_the_whole():
    faces = some_faces(5, size=8)
    assert_same(Faces.cat([faces.select(rows) for rows in torch.arange(5).split(2)]), faces)
    assert_same(
        faces.select(torch.tensor([False, True, False, True, False])), faces.select(torch.tensor([1, 3]))
    )


def test_a_batch_holds_the_stored_pictures_in_zero_to_one():
    data = dataset()
    batch = data.batch([2, 0])
    assert batch.images.shape == (2, 3, 4, 5)
    assert batch.images.flatten(1).unique(dim=1).flatten().tolist() == pytest.approx([3 / 255, 5 / 255])
    assert batch.identities.tolist() == [1, 1]
    assert batch.indices.tolist() == [2, 0]
    assert torch.equal(batch.landmarks, torch.from_numpy(data.landmarks[[2, 0]]))
    assert_same(data[2], data.batch([2]))


@pytest.mark.parametrize(("size", "lengths"), [(1, [1] * 4), (3, [3, 1]), (4, [4]), (9, [4])])
def test_batches_are_all_pictures_in_order(size, lengths):
    data = dataset()
    batches = list(data.batches(size))
    assert [len(batch) for batch in batches] == lengths
    assert_same(Faces.cat(batches), data.batch(np.arange(4)))
    assert list(data.subset([]).batches(size)) == []


def test_other_devices_look_up_what_a_cpu_divides():
    pixels = torch.arange(240, dtype=torch.uint8).reshape(2, 5, 8, 3)
    assert torch.equal(_looked_up(pixels.permute(0, 3, 1, 2)), as_images(pixels))


def test_all_of_a_batch_moves():
    moved = some_faces(2, size=8).to(torch.device("meta"))
    assert {value.device.type for value in vars(moved).values()} == {"meta"}
    [batch] = dataset().batches(4, torch.device("meta"))
    assert {value.device.type for value in vars(batch).values()} == {"meta"}


def test_a_subset_shares_pixels_and_keeps_what_draws_depend_on():
    data = dataset()
    part = data.subset([3, 0]).subset([1])
    assert part.pixels is data.pixels
    assert part.files == ["b/5"]
    whole, alone = data.batch([0]), part.batch([0])
    alone.indices = whole.indices
    assert_same(alone, whole)
    assert alone.pictures.tolist() == [picture_key("b/5")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"landmarks": np.zeros((4, 5, 2))}, r"landmarks: expected shape \(4, 15, 2\), found \(4, 5, 2\)"),
        ({"boxes": np.zeros((3, 4))}, r"boxes: expected shape \(4, 4\)"),
        ({"files": ["a", "b", "c", "a"]}, "expected 4 different file names, found 3"),
    ],
)
def test_parts_that_do_not_fit(changes, message):
    with pytest.raises(FacetrialError, match=message):
        dataset(**changes)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.rand(2, 1, 4, 4), r"\(B, 3, H, W\), found \(2, 1, 4, 4\)"),
        (np.zeros((1, 3, 4, 4)), "found ndarray"),
        (torch.rand(1, 3, 4, 4).double(), "float32, found torch.float64"),
        (torch.rand(1, 3, 4, 4) + 1, r"\[0, 1\]"),
        (torch.rand(1, 3, 4, 4) - 1, r"\[0, 1\]"),
        (torch.full((1, 3, 4, 4), torch.nan), r"\[0, 1\]"),
        (torch.rand(1, 3, 4, 4).to_sparse(), "dense tensor, found torch.sparse_coo"),
        (torch.rand(1, 3, 4, 4, device="meta"), "dense tensor, found torch.strided on meta"),
        (torch.nested.nested_tensor([torch.rand(3, 4, 4)], layout=torch.jagged), "dense tensor, found"),
    ],
)
def test_images_that_are_none(images, message):
    with pytest.raises(FacetrialError, match=message):
        check_images(images)


@pytest.mark.parametrize("images", [torch.rand(2, 3, 4, 5), torch.zeros(0, 3, 4, 4), torch.ones(1, 3, 4, 4)])
def test_images_pass_as_they_are(images):
    assert check_images(images) is images


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("identities", torch.zeros(4, dtype=torch.int64), "one length, found .*'identities': 4"),
        ("identities", torch.zeros(5, dtype=torch.int32), "int64, found torch.int32"),
        ("identities", torch.zeros(5), "int64, found torch.float32"),
        ("landmarks", torch.zeros(6, 15, 2), "'landmarks': 6"),
    ],
)
def test_a_batch_of_parts_that_do_not_fit(part, value, said):
    with pytest.raises(FacetrialError, match=said):
        replace(some_faces(5, size=8), **{part: value})


def test_a_gpu_is_given_more_pictures_at_a_time():
    assert pictures_a_batch(torch.device("cpu")) == 64
    assert pictures_a_batch(torch.device("cuda:1")) == 1024
