"""What the command `facetrial` says, and to what it hands its words."""

import re
import subprocess
import sys

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

import facetrial
from facetrial.commands.main import COMMANDS, main
from tests.helpers.paths import CONF, ROOT


def said(monkeypatch, capsys, *words: str) -> str:
    monkeypatch.setattr(sys, "argv", ["facetrial", *words])
    main()
    return capsys.readouterr().out


def test_every_module_beside_it_is_a_command():
    modules = {path.stem for path in (ROOT / "src" / "facetrial" / "commands").glob("*.py")}
    assert modules - {"__init__", "main", "options", "words"} == set(COMMANDS)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_the_commands_within_twenty_lines(monkeypatch, capsys, words):
    lines = said(monkeypatch, capsys, *words).splitlines()
    assert len(lines) <= 20
    for name, does in COMMANDS.items():
        assert any(name in line and does in line for line in lines)


def test_the_version(monkeypatch, capsys):
    assert said(monkeypatch, capsys, "--version") == f"facetrial {facetrial.__version__}\n"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("evalute", "Did you mean evaluate?"),
        ("zzz", "There are evaluate, train, photo, verify, models, completion."),
        ("attack=pgd", "Settings come after the command: facetrial evaluate attack=pgd."),
    ],
)
def test_what_is_no_command_is_told(monkeypatch, word, meant):
    monkeypatch.setattr(sys, "argv", ["facetrial", word])
    with pytest.raises(SystemExit, match=re.escape(f"no command {word!r}. {meant}")):
        main()


@pytest.mark.parametrize("name", ["evaluate", "train"])
def test_a_command_gets_its_words(monkeypatch, capsys, name):
    out = said(monkeypatch, capsys, name, "--cfg", "job", "seed=7")
    assert OmegaConf.create(out).seed == 7


def examples() -> list[str]:
    pages = [(ROOT / "src" / "facetrial" / "commands" / "main.py"), *sorted((CONF / "run").glob("*.yaml"))]
    found = re.findall(
        r"^ +facetrial ((?:evaluate|train)\b.*?)(?:  .*)?$", "\n".join(map(str, map(read, pages))), re.M
    )
    return [line for line in dict.fromkeys(found) if "WORDS" not in line]


def read(path) -> str:
    return path.read_text("utf-8")


@pytest.mark.parametrize("line", examples())
def test_the_examples_of_the_help_compose(line):
    command, *words = line.split()
    single = [word.split(",")[0] if "-m" in words else word for word in words if word != "-m"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        compose(command, single)


def test_examples_are_found():
    assert len(examples()) >= 8


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_the_first_twenty_lines_of_its_help_are_the_useful_ones(monkeypatch, capsys, command):
    with pytest.raises(SystemExit, match="0"):  # as Hydra ends it
        said(monkeypatch, capsys, command, "--help")
    lines = capsys.readouterr().out.splitlines()
    first = "\n".join(lines[:20])
    assert lines[0].startswith(f"facetrial {command} WORDS: ")
    assert f"facetrial {command} data=folder data.root=PEOPLE" in first
    for setting in ("data=", "embedder=", "embedder.weights=FILE", "trainer.accelerator=", "--cfg job"):
        assert f"\n  {setting}" in first, setting
    everything = "\n".join(lines)
    assert "\nembedder: callable, command, edgeface, " in everything  # what each group has
    assert "\nseed: 0\n" in everything  # and what is set


def test_who_reads_enough_of_the_help_leaves_no_traceback():
    done = subprocess.run(
        f"{sys.executable} -m facetrial evaluate --help | head -1", shell=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("facetrial evaluate WORDS")
    assert "Traceback" not in done.stderr
