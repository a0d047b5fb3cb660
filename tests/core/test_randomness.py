"""Draws that hang on seed, picture and stream alone, from a generator with known answers."""

import numpy as np
import pytest
import torch
from scipy import stats

from facetrial.core.randomness import Draws, philox, picture_key

# Known answers published with the Random123 library of Salmon et al. for philox4x32-10.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_philox_gives_the_published_answers(counter, key, answer):
    words = philox(tuple(torch.tensor([word]) for word in counter), key)
    assert tuple(word.item() for word in words) == answer


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_a_draw_does_not_depend_on_the_batch(batch_size):
    pictures = torch.tensor([picture_key(f"person/{i}.jpg") for i in range(64)])
    whole = Draws(0, pictures).normal((3, 21, 17), "noise")
    parts = [Draws(0, part).normal((3, 21, 17), "noise") for part in pictures.split(batch_size)]
    assert torch.equal(torch.cat(parts), whole)


def test_seed_picture_draw_and_stream_each_change_the_numbers():
    pictures = torch.tensor([5])
    first = Draws(0, pictures, 0).uniform((8,), "a")
    others = [
        Draws(1, pictures, 0).uniform((8,), "a"),
        Draws(2**32, pictures, 0).uniform((8,), "a"),
        Draws(0, pictures + 1, 0).uniform((8,), "a"),
        Draws(0, pictures, 1).uniform((8,), "a"),
        Draws(0, pictures, 0).uniform((8,), "b"),
    ]
    assert not any(torch.equal(first, other) for other in others)


def test_the_numbers_have_their_distributions():
    draws = Draws(3, torch.arange(20))
    uniform = draws.uniform((5000,), "u").numpy().ravel()
    normal = draws.normal((5000,), "n").numpy().ravel()
    assert uniform.min() > 0
    assert uniform.max() < 1
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3
    assert stats.kstest(normal, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(normal[:-1], normal[1:])[0, 1]) < 0.02
