"""What a report says of pictures that could not be used."""

from dataclasses import replace

import pytest

from facetrial.metrics.parts import LeftOut
from facetrial.report.console import caption
from facetrial.report.sections.left_out import left_out_of_all, left_out_section, left_out_sentence
from facetrial.report.wording import sentences
from tests.helpers.defended import trial

TRIAL = trial("pgd", "none", 0.5)
BAD = {"Ann/1.jpg": "an empty file", "Bob/\x1b[2J.png": "damaged: broken data"}


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (LeftOut(1, {"a": "b"}, ()), "1 picture of the data could not be used. They stand in no figure."),
        (
            LeftOut(2, BAD, ("Bob",)),
            "2 pictures of the data could not be used; 1 person, of whom too few are left, is left out. "
            "They stand in no figure.",
        ),
        (
            LeftOut(0, {}, ("Bob", "Cem")),
            "2 people, of whom too few are left, are left out. They stand in no figure.",
        ),
    ],
)
def test_they_are_counted(left_out, said):
    assert left_out_sentence(left_out) == said
    assert said in sentences(replace(TRIAL, left_out=left_out))


def test_each_is_named_with_its_reason():
    summary = replace(TRIAL, left_out=LeftOut(2, BAD, ("Bob",)))
    section = left_out_section(summary)
    assert section.tables[0].lines == [
        ["Ann/1.jpg", "an empty file"],
        [r"Bob/\x1b[2J.png", "damaged: broken data"],
        ["Bob", "a person of whom too few pictures are left"],
    ]
    assert section.note == ""
    assert "2 pictures could not be used" in caption(summary)


def test_of_many_the_rest_is_counted():
    many = {f"Ann/{number}.jpg": "an empty file" for number in range(250)}
    section = left_out_section(replace(TRIAL, left_out=LeftOut(250, many, ())))
    assert len(section.tables[0].lines) == 200
    assert section.note == "50 more stand in summary.json."


def test_nothing_is_said_where_all_were_used():
    assert left_out_section(TRIAL) is None
    assert not any("could not be used" in said for said in sentences(TRIAL))


def test_of_several_trials_each_is_named_once():
    one, other = LeftOut(2, BAD, ("Bob",)), LeftOut(1, {"Cem/1.jpg": "a copy of Cem/2.jpg"}, ("Bob",))
    section = left_out_of_all([TRIAL, *(replace(TRIAL, left_out=found) for found in (one, one, other))])
    assert [line[0] for line in section.tables[0].lines] == [
        "Ann/1.jpg",
        r"Bob/\x1b[2J.png",
        "Cem/1.jpg",
        "Bob",
    ]
    assert section.sentences == [left_out_sentence(LeftOut(3, {}, ("Bob",)))]
    assert left_out_of_all([TRIAL]) is None
