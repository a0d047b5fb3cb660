"""Programs that read paths and print answers."""

import os
import sys
import time

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.black_box.program import CommandEmbedder
from facetrial.recognition.embedders.contract import meeting_contract
from tests.helpers.paths import ROOT

PROGRAM = """
import json, os, sys
sys.path[:0] = [{root!r}, {src!r}]
import numpy as np
from PIL import Image
def read(path):
    return np.load(path) if path.endswith(".npy") else np.asarray(Image.open(path))
def vector(path):
    picture = read(path)
    with open({log!r}, "a") as file:
        file.write("x")
    return [float(picture[0, 0, 0]) + 1, float(picture.mean()), 1.0]
{rest}
"""
BY_STDIN = "for line in sys.stdin: print(json.dumps(vector(line.strip())), flush=True)"
BY_ARGUMENTS = "for path in sys.argv[1:]: print(json.dumps(vector(path)))"


def pictures(count=6, side=16):
    return torch.randint(0, 256, (count, 3, side, side), generator=torch.Generator().manual_seed(0)) / 255


def box(folder, rest=BY_STDIN, **settings):
    file = folder / "embed.py"
    file.write_text(PROGRAM.format(root=str(ROOT), src=str(ROOT / "src"), log=str(folder / "log"), rest=rest))
    return CommandEmbedder([sys.executable, str(file)], 16, cache=str(folder), **settings)


def expected(given):
    raw = torch.stack([255 * given[:, 0, 0, 0] + 1, 255 * given.mean((1, 2, 3)), torch.ones(len(given))], 1)
    return torch.nn.functional.normalize(raw)


@pytest.mark.parametrize(("paths", "rest"), [("stdin", BY_STDIN), ("arguments", BY_ARGUMENTS)])
def test_what_it_prints_is_the_answer(tmp_path, paths, rest):
    asked = meeting_contract(box(tmp_path, rest, paths=paths, at_once=4), 16, "five_points", "command")
    assert asked(pictures()).allclose(expected(pictures()), atol=1e-5)
    assert (tmp_path / "log").read_text() == "x" * 9
    assert box(tmp_path, rest, paths=paths)(pictures()).equal(asked(pictures()))
    assert (tmp_path / "log").read_text() == "x" * 9


def test_by_stdin_it_is_started_once(tmp_path):
    rest = f"open({str(tmp_path / 'started')!r}, 'a').write('s')\n{BY_STDIN}"
    box(tmp_path, rest, at_once=1)(pictures())
    assert (tmp_path / "started").read_text() == "s"


def test_float32_pictures_are_files_of_numpy(tmp_path):
    given = torch.rand(3, 3, 16, 16)
    found = box(tmp_path, encoding="float32")(given)
    raw = torch.stack([given[:, 0, 0, 0] + 1, given.mean((1, 2, 3)), torch.ones(3)], 1)
    assert found.allclose(torch.nn.functional.normalize(raw), atol=1e-5)


def test_it_ends_with_who_asked_it_and_leaves_no_picture(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    asked = box(tmp_path, f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n{BY_STDIN}")
    asked(pictures())
    assert not list(tmp_path.glob("facetrial-*"))
    pid = int((tmp_path / "pid").read_text())
    del asked
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("it still runs")


def test_one_that_dies_is_started_again(tmp_path, caplog):
    rest = (
        f"first = not os.path.exists({str(tmp_path / 'died')!r})\n"
        f"open({str(tmp_path / 'died')!r}, 'a').close()\n"
        "for number, line in enumerate(sys.stdin):\n"
        "    if first and number == 2: sys.exit('out of memory')\n"
        "    print(json.dumps(vector(line.strip())), flush=True)\n"
    )
    assert box(tmp_path, rest)(pictures()).allclose(expected(pictures()), atol=1e-5)
    assert "has ended after 2 of 6 answers (exit code 1: out of memory). It is started again" in caplog.text


@pytest.mark.parametrize(
    ("paths", "rest", "said"),
    [
        ("stdin", "sys.exit('no licence')", "ended after 0 of 6 answers.*no licence"),
        (
            "stdin",
            "for line in sys.stdin: print('Loading model…', flush=True)",
            "printed what is no JSON: 'Loading",
        ),
        ("stdin", "for line in sys.stdin: print('[1, NaN]', flush=True)", "not finite"),
        ("stdin", "for line in sys.stdin: print('{}', flush=True)", "scores of 0 people"),
        (
            "stdin",
            "import time\nfor line in sys.stdin: time.sleep(60)",
            "printed 0 of 6 answers, and no other within 1",
        ),
        ("arguments", "print('[1, 2]')", "ended after 1 of 6 answers"),
        ("arguments", f"{BY_ARGUMENTS}\nprint('[1, 2]')", "printed more lines than it was given paths"),
        ("arguments", f"{BY_ARGUMENTS}\nsys.exit(3)", "has failed .exit code 3"),
        ("arguments", "raise ValueError('\\x1b[31mred')", r"ended after 0 .*ValueError: \\x1b\[31mred"),
    ],
)
def test_what_is_no_answer(tmp_path, paths, rest, said):
    asked = box(tmp_path, rest, paths=paths, timeout=1.0 if "time" in rest else 60.0)
    with pytest.raises(FacetrialError, match=said):
        asked(pictures())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (None, r"embedder\.command is not given"),
        ([], r"embedder\.command is not given"),
        (["no-such-program"], "no program 'no-such-program'"),
        (["/etc/passwd"], "no program '/etc/passwd' that can be run"),
        ("python embed.py", "must be"),
    ],
)
def test_what_is_no_command(tmp_path, command, said):
    with pytest.raises(FacetrialError, match=said):
        CommandEmbedder(command, 16, cache=str(tmp_path))


def test_another_file_is_another_recogniser(tmp_path):
    first = box(tmp_path).identity
    assert box(tmp_path).identity.equal(first)
    assert not box(tmp_path, BY_STDIN + " # else").identity.equal(first)
    assert not box(tmp_path, version="2").identity.equal(first)
    assert not box(tmp_path, encoding="float32").identity.equal(first)
