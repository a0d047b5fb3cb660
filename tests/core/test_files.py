"""Files are there whole or not at all."""

import os
import stat

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.core.files import check_writable, written_whole


def test_it_takes_its_place_when_the_block_ends(tmp_path):
    path = tmp_path / "made" / "on the way" / "rows.csv"
    with written_whole(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".csv"
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "rows.csv"
    path.write_text("old")

    def breaks_off():
        with written_whole(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        breaks_off()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="rights are the system's")
def test_its_rights_are_those_of_any_new_file(tmp_path):
    usual = tmp_path / "usual"
    usual.touch()
    with written_whole(tmp_path / "whole") as temporary:
        temporary.write_text("mkstemp alone would let nobody else read it")
    assert stat.S_IMODE((tmp_path / "whole").stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(FacetrialError, match=r"cannot write .*file/below/rows\.csv.*Choose a folder"),
        written_whole(tmp_path / "file" / "below" / "rows.csv"),
    ):
        pass


def test_a_folder_is_tried_without_a_trace(tmp_path):
    check_writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(FacetrialError, match="cannot write"):
        check_writable(tmp_path / "file")
