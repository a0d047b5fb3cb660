"""The wheel, built as pip builds it and started where there is no repository."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.helpers.commands import words_of
from tests.helpers.paths import CONF, ROOT

# What pip would look for on an index, where this package is not.
FROM_AN_INDEX = re.compile(r"(pip|pipx|uv)( tool)?( install)?( -\S+)* (install )?['\"]?facetrial\b(?!-)")
TEXTS = (".cff", ".md", ".py", ".toml", ".txt", ".yaml", ".yml", "Dockerfile", "Makefile")
BUILD = "from setuptools import build_meta; print(build_meta.build_wheel('out'))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Of a copy: a build leaves folders beside the sources."""
    sources = tmp_path_factory.mktemp("sources")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "src", "conf"):
        (sources / name).symlink_to(ROOT / name)
    stale = sources / "build" / "lib" / "facetrial" / "conf" / "gone.yaml"
    stale.parent.mkdir(parents=True)
    stale.write_text("of: an earlier build")
    subprocess.run([sys.executable, "-c", BUILD], cwd=sources, capture_output=True, check=True)
    (built,) = (sources / "out").glob("*.whl")
    return built


def test_it_brings_the_configs_and_the_command(wheel):
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        (points,) = (name for name in names if name.endswith("entry_points.txt"))
        assert "facetrial = facetrial.commands.main:main" in opened.read(points).decode()
    packed = {name.removeprefix("facetrial/conf/") for name in names if name.startswith("facetrial/conf/")}
    assert packed == {path.relative_to(CONF).as_posix() for path in CONF.rglob("*.yaml")}


def test_it_holds_a_trial_far_from_the_repository(wheel, tmp_path):
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(installed)
    home = tmp_path / "home"
    home.mkdir()
    words = words_of(home, "attack=landmarks", "defense=adv", "data.limit=4", "defense.adv.epochs=1")
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-m", "facetrial", "evaluate", *words],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (report,) = home.glob("outputs/evaluate/*/report.html")
    assert (report.parent / "summary.json").is_file()
    where = "import facetrial.runtime.started as s; print(s.config_folder())"
    found = subprocess.run(
        [sys.executable, "-c", where], env=environment, cwd=home, capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()) == installed / "facetrial" / "conf"


def test_nobody_is_told_to_install_it_from_an_index():
    assert FROM_AN_INDEX.search("pip install 'facetrial[onnx]'")
    assert FROM_AN_INDEX.search("pip install facetrial")
    assert FROM_AN_INDEX.search("uv tool install facetrial")
    places = (ROOT, *(ROOT / name for name in ("src", "conf", "docs", "benchmarks", ".github", "tests")))
    files = {
        path for place in places for path in place.glob("*" if place == ROOT else "**/*") if path.is_file()
    }
    told = {
        path for path in files if path.name.endswith(TEXTS) and FROM_AN_INDEX.search(path.read_text("utf-8"))
    }
    assert told == {Path(__file__)}
