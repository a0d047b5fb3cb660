"""What callers say of pictures: every usual form is taken, and what is none of them is refused by its name."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.faces.given import as_files, as_identities, as_landmarks, as_names

WHO = [2, 0, 1, 2]
INTEGERS = [torch.int8, torch.uint8, torch.int16, torch.uint16, torch.int32, torch.int64, torch.uint64]


@pytest.mark.parametrize(
    "given",
    [
        WHO,
        tuple(WHO),
        np.array(WHO, dtype=np.uint64),
        np.array([*WHO, 9])[3::-1][::-1],  # a view, backwards
        pd.Series(WHO, dtype="Int64"),
        [torch.tensor(number) for number in WHO],
        *(torch.tensor(WHO).to(kind) for kind in INTEGERS),
    ],
    ids=lambda given: f"{type(given).__name__}-{getattr(given, 'dtype', '')}",
)
def test_identities_of_any_integers(given):
    found = as_identities(given, 4, 3)
    assert found.dtype == torch.int64
    assert found.tolist() == WHO


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (torch.tensor(WHO).float(), "whole numbers.*found float32"),
        (torch.tensor(WHO).bfloat16(), "found a tensor of torch.bfloat16"),
        ([1.0, float("nan"), 0, 1], "found float64"),
        (torch.tensor(WHO) > 0, "found bool"),
        (list("abca"), "found <U1"),
        ([None] * 4, "a list that is not of numbers"),
        ([2**70] * 4, "a list that is not of numbers"),
        (None, "a NoneType that is not of numbers"),
        ((number for number in WHO), "a generator that is not of numbers"),
        ([[0], [0, 1]], "found a list"),
        (torch.tensor(WHO).to_sparse(), "found a tensor of torch.int64"),
        (torch.tensor(WHO)[:, None], r"shape \(4,\), found int64 of shape \(4, 1\).*flatten"),
        (torch.eye(3)[WHO], r"of shape \(4, 3\).*argmax"),
        (torch.tensor(1), r"of shape \(\)"),
        (WHO[:3], r"each of 4 pictures.*of shape \(3,\)"),
        ([], r"of shape \(0,\)"),
        ([0, 1, 3, 0], "from 0 to 2, since the victim scores 3 people; found 3 for picture 2"),
        ([0, -1, 1, 0], "found -1 for picture 1"),
        (np.full(4, 2**63, dtype=np.uint64), "found 9223372036854775808 for picture 0"),
    ],
)
def test_identities_that_are_none(given, said):
    with pytest.raises(FacetrialError, match=f"identities must .*{said}"):
        as_identities(given, 4, 3)


POINTS = torch.rand(2, 15, 2) * 40


@pytest.mark.parametrize(
    "given", [POINTS, POINTS.double(), POINTS.numpy(), POINTS.tolist(), POINTS.clone().requires_grad_()]
)
def test_landmarks_of_any_numbers(given):
    assert torch.equal(as_landmarks(given, 2), POINTS)
    assert as_landmarks(POINTS.int() * torch.ones(1, dtype=torch.int32), 2).dtype == torch.float32
    assert as_landmarks(POINTS * torch.nan, 2).isnan().all()
    assert torch.equal(as_landmarks(POINTS[:, :5], 2), POINTS[:, :5])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (POINTS[:, :7], r"shape \(2, 15, 2\), or \(2, 5, 2\) of.*found float32 of shape \(2, 7, 2\)"),
        (POINTS[:1], r"of shape \(1, 15, 2\)"),
        (POINTS.flatten(1), r"of shape \(2, 30\)"),
        ("points.csv", "found <U10"),
        (POINTS / 0, "finite, or NaN"),
        (POINTS.double() * 1e300, "finite, or NaN"),
    ],
)
def test_landmarks_that_are_none(given, said):
    with pytest.raises(FacetrialError, match=f"landmarks must .*{said}"):
        as_landmarks(given, 2)


@pytest.mark.parametrize(
    "given", [["a", "b"], ("a", "b"), np.array(["a", "b"]), [Path("a"), Path("b")], dict(a=1, b=2)]
)
def test_names_of_pictures_and_people(given):
    assert as_files(given, 2) == as_names(given, 2) == ["a", "b"]


def test_pictures_without_names_are_numbered():
    assert as_files(None, 3) == ["0", "1", "2"]
    assert as_files(range(3), 3) == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("abc", "found text"),
        (3, "found int"),
        (["a", "b"], "each of 3 .*, found 2"),
        (["a", "b", "a"], "all be different, found 'a' 2 times; 2 of 3 differ"),
        ([1, "1", 2], "found '1' 2 times"),
    ],
)
def test_names_that_are_none(given, said):
    with pytest.raises(FacetrialError, match=f"files must .*{said}"):
        as_files(given, 3)
    with pytest.raises(FacetrialError, match=f"names must .*{said}"):
        as_names(given, 3)
