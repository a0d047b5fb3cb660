"""privacy=on: all that a trial writes is searched for the faces that it was held with; without it, they are there."""

import contextlib

import pytest
import wandb

from facetrial.core.errors import FacetrialError
from facetrial.run.context import TrialContext
from facetrial.run.privacy import check_private
from tests.helpers.commands import run_config
from tests.helpers.configs import composed
from tests.helpers.marked_faces import files_with_faces, marked_people

QUICK = (
    "data=lfw", "data.min_pictures=10", "embedder=small", "trainer.max_epochs=1", "trainer.accelerator=cpu",
    "trainer.enable_progress_bar=false", "callbacks=none", "landmarks=mtcnn",
)  # fmt: skip


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    marked_people(folder)
    return folder


def trial(home, people, *overrides):
    words = (
        *QUICK,
        f"data.root={people}",
        f"paths.models={home / 'models'}",
        f"paths.cache={home / 'cache'}",
    )
    done = run_config(home, home / "out", *words, *overrides)
    assert done.returncode == 0, done.said
    return done


@pytest.fixture(scope="module")
def shown(people, tmp_path_factory):
    """What a trial without privacy leaves, in a folder of its own."""
    home = tmp_path_factory.mktemp("shown")
    trial(home, people)
    return home


def test_without_it_the_search_finds_faces_wherever_they_are(shown):
    found = set(files_with_faces(shown))
    assert {"report.html", "showcase.png", "mean_face.png"} <= found
    assert {path.name for path in shown.glob("out/showcase/*-clean.png")} <= found
    assert {path.name for path in shown.glob("cache/crops/*.npy")} <= found
    assert {path.name for path in shown.glob("out/shards/*/showcase/*.npz")} <= found


def test_no_file_that_a_trial_writes_or_uploads_has_a_face(people, tmp_path):
    try:
        trial(tmp_path, people, "privacy=on", "logger=[csv,wandb]", "logger.wandb.offline=true")
    finally:
        with contextlib.suppress(Exception):
            wandb.finish()
    assert list(tmp_path.glob("out/wandb/offline-run-*/*.wandb"))
    assert (tmp_path / "out" / "verdicts.csv").is_file()
    assert "privacy=on" in (tmp_path / "out" / "report.html").read_text()
    assert files_with_faces(tmp_path) == []


def test_what_an_earlier_start_left_in_its_folder_goes_and_its_rows_are_taken_over(people, shown):
    before = (shown / "out" / "verdicts.csv").read_bytes()
    done = trial(shown, people, "privacy=on")
    assert "have their row from an earlier start" in done.said
    assert files_with_faces(shown / "out") == []
    assert (shown / "out" / "verdicts.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["save_images=true"], "save_images=true keeps attacked pictures"),
        (["physical=saved"], "physical=saved keeps attacked pictures"),
        (["embedder=command"], "embedder=command is given pictures as files.*embedder=http"),
        (
            ["data=lfw", "attack=landmarks"],
            "no landmark network at .* its training writes files with the faces",
        ),
    ],
)
def test_what_cannot_be_had_without_a_face_is_refused(tmp_path, words, said):
    config = composed(tmp_path, "privacy=on", f"paths.models={tmp_path}", *words)
    with pytest.raises(FacetrialError, match=said):
        check_private(TrialContext(config, tmp_path))


@pytest.mark.parametrize("words", [["attack=landmarks"], ["data=lfw", "attack=landmarks", "landmarks=mtcnn"]])
def test_what_can_is_not(tmp_path, words):
    check_private(
        TrialContext(composed(tmp_path, "privacy=on", f"paths.models={tmp_path}", *words), tmp_path)
    )
