"""Pictures on a device: the same batches, and only where they fit."""

import numpy as np
import torch
from torch.utils.data import DataLoader

from facetrial.faces.batch import same_batch
from facetrial.faces.on_device import OnDevice, on_device
from tests.helpers.six_pictures import assert_same, dataset


def test_batches_are_those_of_the_faces():
    faces = dataset()
    near = OnDevice(faces, torch.from_numpy(faces.pixels[faces.rows]))
    for found, expected in zip(
        DataLoader(near, 3, sampler=[2, 0, 3, 1], collate_fn=same_batch),
        [faces.batch([2, 0, 3]), faces.batch([1])],
        strict=True,
    ):
        assert_same(found, expected)
    moved = OnDevice(faces, torch.from_numpy(faces.pixels[faces.rows]).to("meta")).__getitems__([0, 1])
    assert {value.device.type for value in vars(moved).values()} == {"meta"}


def test_they_stay_beside_a_cpu_and_where_there_is_too_little_room(monkeypatch):
    faces = dataset()
    assert on_device(faces, torch.device("cpu")) is faces
    size = len(faces) * int(np.prod(faces.pixels.shape[1:]))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (4 * size - 1, 8 * size))
    assert on_device(faces, torch.device("cuda")) is faces
