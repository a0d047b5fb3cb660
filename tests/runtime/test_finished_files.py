"""Files of a finished run are read as it left them, or named."""

import pytest

from facetrial.core.errors import Damaged, FacetrialError
from facetrial.core.plain import write_json
from facetrial.runtime.finished_files import DONE, as_left, read_finished, write_finished


@pytest.fixture
def run(tmp_path):
    for name in ("verdicts.csv", "showcase/01.png", "images/Ann/1.png", "patch/Ann.pdf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    write_finished(tmp_path, "asked", "code")
    return tmp_path


def test_it_lists_what_the_trial_left(run):
    found = read_finished(run)
    assert (found.asked, found.code) == ("asked", "code")
    assert sorted(found.files) == ["images/Ann/1.png", "patch/Ann.pdf", "showcase/01.png", "verdicts.csv"]
    assert found.changed(run) == []
    (run / "patch" / "Ann.pdf").write_text("")
    (run / "verdicts.csv").unlink()
    assert sorted(found.changed(run)) == ["patch/Ann.pdf", "verdicts.csv"]


def test_a_file_is_as_it_was_left_or_named(run):
    assert as_left(run, "verdicts.csv").read_text() == "verdicts.csv"
    (run / "verdicts.csv").write_text("Verdicts.csv")
    with pytest.raises(
        Damaged, match=r"verdicts\.csv is damaged, or was changed .* Start the same trial again"
    ):
        as_left(run, "verdicts.csv")
    (run / "verdicts.csv").unlink()  # whoever reads it sees that
    assert as_left(run, "verdicts.csv") == run / "verdicts.csv"


def test_a_list_of_files_that_is_damaged_is_named(run):
    (run / DONE).write_text((run / DONE).read_text().replace("asked", "basked"))
    with pytest.raises(Damaged, match=r"done\.json is damaged"):
        as_left(run, "verdicts.csv")


@pytest.mark.parametrize(
    "content", [{"asked": "a", "code": "b"}, [], {"asked": "a", "code": "b", "files": {"c": 1}}]
)
def test_runs_of_other_versions_are_read_as_they_are(run, content):
    write_json(content, run / DONE)
    with pytest.raises(FacetrialError, match=r"done\.json"):
        read_finished(run)
    assert as_left(run, "verdicts.csv") == run / "verdicts.csv"


def test_nor_do_runs_without_a_list_have_one(tmp_path):
    assert read_finished(tmp_path) is None
    assert as_left(tmp_path, "verdicts.csv") == tmp_path / "verdicts.csv"
