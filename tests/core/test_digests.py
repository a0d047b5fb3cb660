"""Short names of contents: equal where the contents are, and what they always were."""

import hashlib

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.core.digests import digest


def blake(content: bytes, size: int = 8) -> str:
    return hashlib.blake2b(content, digest_size=size).hexdigest()


@pytest.mark.parametrize(
    ("parts", "content"),
    [
        ((b"ab", "c"), b"abc"),
        (("é",), "é".encode()),
        ((np.arange(3, dtype=np.int16)[::-1],), np.array([2, 1, 0], np.int16).tobytes()),
        ((torch.arange(6.0).reshape(2, 3).T,), np.arange(6, dtype=np.float32).reshape(2, 3).T.tobytes()),
        (({"b": 1, "a": [None, "x"]},), b'{"a": [null, "x"], "b": 1}'),
        (([1, "x"], 1.5), b'[1, "x"]1.5'),
        (({},), b"{}"),
    ],
)
def test_it_is_of_the_content(parts, content):
    assert digest(*parts) == blake(content)
    assert digest(*parts, size=4) == blake(content, 4)


def test_an_iterator_counts_part_by_part():
    assert digest((part for part in ("a", b"b")), 1.5) == blake(b"ab1.5")


def test_a_modules_state_counts_by_names_and_bits():
    state = nn.BatchNorm1d(2).state_dict()
    content = b"".join(name.encode() + state[name].numpy().tobytes() for name in sorted(state))
    assert digest(state) == blake(content)
    assert digest({"w": torch.ones(2, dtype=torch.bfloat16)}) == blake(b"w" + b"\x80\x3f" * 2)
    assert digest({"w": torch.zeros(1)}) != digest({"w": -torch.zeros(1)})
