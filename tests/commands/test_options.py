"""What the commands on photographs are told, and what the shell completes of it."""

import pytest

from facetrial.commands.completion import _OPTIONS, _PICTURES
from facetrial.commands.options import Asked, new_parser
from facetrial.core.errors import FacetrialError

PARSERS = {"photo": ["a photograph"], "verify": ["one", "another"]}


def asked(*words: str, command: str = "photo") -> Asked:
    return Asked(new_parser(command, "It says.", PARSERS[command], ["a.jpg"]), words)


def test_settings_come_after_options_and_between_them(tmp_path):
    found = asked("a.jpg", "--people", "P", "embedder=small", "--attack", "pgd", "~landmarks", "+data.x=1")
    assert found.settings == ["embedder=small", "~landmarks", "+data.x=1"]
    assert [path.name for path in found.pictures] == ["a.jpg"]
    assert found.attacked
    assert not found.one_of_several


@pytest.mark.parametrize("words", [("--attack", "pgd"), ("attack=pgd",)])
def test_an_attack_is_named_either_way_and_its_trial_has_it(words):
    found = asked(
        "a.jpg",
        "--people",
        "a folder, or two",
        *words,
        "--eps",
        "2",
        "attack/region=eyes",
        "data.face=central",
    )
    assert found.attacked
    with found.trial() as context:
        assert context.settings["attack"]["budget"]["eps"] == 2
        assert context.settings["data"]["root"] == "a folder, or two"
        assert context.settings["data"]["face"] == "central"
        assert context.settings["landmarks"]["_target_"] == "facetrial.landmarks.Mtcnn"
        assert context.region_name == "eyes"


def test_what_is_usual_here_gives_way_to_what_is_said():
    with asked(
        "a.jpg", "data=synthetic", "model=recognizer", "landmarks=labels", "embedder=small"
    ).trial() as context:
        assert context.settings["data"]["_target_"] == "facetrial.data.SyntheticFaces"
        assert context.settings["model"]["max_epochs"] == 12
        assert context.settings["landmarks"]["_target_"] == "facetrial.landmarks.Labels"


def test_a_file_that_is_there_may_have_any_name(tmp_path):
    odd = tmp_path / "ann=bob.jpg"
    odd.touch()
    assert asked(str(odd)).pictures == [odd]
    with pytest.raises(SystemExit):
        asked("ann=bob.jpg")


def test_settings_of_whole_trials_are_refused():
    for word in ("task=verification", "certificate=cohen", "+checks.more=1", "gate.min_robust=0.5"):
        with pytest.raises(FacetrialError, match="is of whole trials"):
            asked("a.jpg", word)


@pytest.mark.parametrize("command", ["photo", "verify"])
def test_the_shell_completes_all_options(command):
    parser = new_parser(command, "", PARSERS[command], [])
    known = {option for action in parser._actions for option in action.option_strings} - {"-h", "--help"}
    assert set(_OPTIONS[command]) - {"--threshold"} == known
    assert _PICTURES[command] == len(PARSERS[command])
