"""Words that the shell completes, in a real shell."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BASH = (
    'source <(facetrial completion bash); COMP_LINE="$1"; COMP_POINT=${#1}; COMP_WORDBREAKS="$2"; _facetrial; '
    'echo "${COMPREPLY[@]}"'
)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> str:
    """A PATH on which this Python's `facetrial` comes first."""
    folder: Path = tmp_path_factory.mktemp("bin")
    (folder / "facetrial").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m facetrial "$@"\n')
    (folder / "facetrial").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("line", "breaks", "completed"),
    [
        ("facetrial ev", "=", "evaluate"),
        ("facetrial completion z", "=", "zsh"),
        ("facetrial models --", "=", "--json"),
        ("facetrial evaluate attack=lan", ":", "attack=landmarks"),
        ("facetrial evaluate attack=lan", " =:", "landmarks"),  # bash replaces what comes after the "="
        ("facetrial evaluate attack=pgd attack.method.ste", "=", "attack.method.step= attack.method.steps="),
        ("facetrial train model=tr", ":", "model=transfer"),
        ("facetrial nothing a", "", ""),
        ("facetrial photo a.jpg --p", "=", "--people"),
        ("facetrial photo a.jpg --attack tra", "=", "transfer"),
        ("facetrial photo a", "=", ""),  # a file, which bash completes
        ("facetrial verify a.jpg b", "=", ""),
        ("facetrial verify a.jpg b.jpg --people p embedder=edg", ":", "embedder=edgeface"),
    ],
)
def test_bash_completes(path, line, breaks, completed):
    done = subprocess.run(
        ["bash", "-c", BASH, "bash", line, breaks],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == completed


def test_another_shell_is_told_what_there_is(path):
    done = subprocess.run(
        ["facetrial", "completion", "csh"], env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert 'eval "$(facetrial completion bash)" into ~/.bashrc' in done.stderr
