"""What is an answer, and what is refused with a sentence."""

import numpy as np
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.black_box.replies import Form, form_of, replies_of, vector_of


@pytest.mark.parametrize(
    "given",
    [
        np.ones((2, 3)),
        torch.ones(2, 3),
        [[1, 1, 1], [1.0, 1, 1]],
        [np.ones(3), torch.ones(3)],
        ([1, 1, 1], (1, 1, 1)),
    ],
)
def test_vectors_of_whatever_kind(given):
    found = [vector_of(reply, Form(3), "it") for reply in replies_of(given, 2, "it")]
    assert [vector.tolist() for vector in found] == [[1.0, 1.0, 1.0]] * 2
    assert all(vector.dtype == np.float32 for vector in found)


def test_numbers_of_json_are_those_of_float32():
    numbers = np.random.default_rng(0).standard_normal(100).astype(np.float32)
    assert vector_of([float(number) for number in numbers], Form(100), "it").tobytes() == numbers.tobytes()


def test_nobody_is_nan():
    assert np.isnan(vector_of(None, Form(3), "it")).all()


def test_scores_by_name_are_in_one_order():
    form = form_of({"Zoë": 0.1, "Ann": 0.9}, "it")
    assert form == Form(2, ("Ann", "Zoë"))
    assert vector_of({"Zoë": 0.25, "Ann": 0}, form, "it").tolist() == [0.0, 0.25]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"answers": []}, r"gave dict \{'answers': \[\]\}; expected a list"),
        (None, "gave nothing; expected a list"),
        ("abc", "gave str abc"),
        ([[1.0]], "1 answers for 2 pictures"),
        (np.ones((2, 3, 4)), r"shape \(2, 3, 4\); expected \(2, D\)"),
        (np.ones(2), r"shape \(2,\)"),
    ],
)
def test_what_is_no_list_of_answers(given, said):
    with pytest.raises(FacetrialError, match=f"it {said}|it gave .*{said}"):
        replies_of(given, 2, "it")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ([1.0, 2.0], "a vector of 2 numbers; expected 3"),
        ([0.0, 0, 0], "a vector of zeros.*null"),
        ([1.0, float("nan"), 0.0], "not finite"),
        ([1.0, float("inf"), 0.0], "not finite"),
        ([1e300, 1.0, 1.0], "too large for float32"),
        ([10**400, 1, 1], "expected a list of numbers"),
        ([1.0, "2", 3.0], "expected a list of numbers"),
        ([1.0, True, 3.0], "expected a list of numbers"),
        ([1.0, None, 3.0], "expected a list of numbers"),
        ([[1.0], [2.0], [3.0]], "expected a list of numbers"),
        ([], "expected a list of numbers"),
        ("\x1b[31m" + "x" * 1000, r"gave str \\x1b\[31mxxx.*…"),
        (np.array(["a", "b", "c"]), "expected a list of numbers"),
        ({"Ann": 1.0, "Bob": 2.0, "Zoë": 3.0}, "expected a list of numbers"),
        (3.5, "gave float 3.5"),
    ],
)
def test_what_is_no_vector(reply, said):
    with pytest.raises(FacetrialError, match=said):
        vector_of(reply, Form(3), "it")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"Ann": 1.0, "Tom": 2.0}, r"differ in Bob, Tom.*embedder\.version"),
        ({"Ann": 1.0}, "differ in Bob"),
        ({"Ann": 1.0, "Bob": "much"}, "expected a list of numbers"),
        ({"Ann": 1.0, "Bob": float("nan")}, "not finite"),
        ([1.0, 2.0], "gave scores of people before, and now list"),
    ],
)
def test_what_are_no_scores(reply, said):
    with pytest.raises(FacetrialError, match=said):
        vector_of(reply, Form(2, ("Ann", "Bob")), "it")


@pytest.mark.parametrize("reply", [{}, {"Ann": 1.0}, {1: 0.5, 2: 0.5}])
def test_scores_are_of_two_people_with_names(reply):
    with pytest.raises(FacetrialError, match="at least two, by their names"):
        form_of(reply, "it")


def test_scores_may_all_be_zero():
    assert vector_of({"Ann": 0, "Bob": 0}, Form(2, ("Ann", "Bob")), "it").tolist() == [0.0, 0.0]
