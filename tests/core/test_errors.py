"""What is said holds nothing that a terminal obeys."""

import pytest

from facetrial.core.errors import Diverged, FacetrialError, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("José 李 ​🙂\tab\nline", "José 李 ​🙂\tab\nline"),
        ("\x1b]0;mine\x07", r"\x1b]0;mine\x07"),
        ("over\rwritten", r"over\rwritten"),
        ("\x9b31m", r"\x9b31m"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        ("\udcff", r"\udcff"),
        ("", ""),
    ],
)
def test_control_characters_are_written_out(text, shown):
    assert visible(text) == shown
    assert str(FacetrialError(text)) == str(Diverged(text)) == shown
