"""Names that packages export are imported when they are asked for, and are then what an eager import would give."""

import importlib
import pickle
import subprocess
import sys

import pytest

import facetrial
from tests.helpers.paths import ROOT

HEAVY = ("torch", "lightning", "pandas", "matplotlib", "sklearn", "scipy", "kornia", "torchvision", "wandb")


def left_loaded(code: str) -> set[str]:
    """The heavy packages that a new process has imported after running `code`."""
    ask = f"{code}\nimport sys; print(*(name for name in {HEAVY} if name in sys.modules))"
    return set(
        subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    )


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A package whose function `attic` lies in the module `attic`, with a module that it does not export."""
    (tmp_path / "a_house").mkdir()
    (tmp_path / "a_house" / "__init__.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "from facetrial.core.exports import export_on_demand\n"
        "if TYPE_CHECKING:\n"
        "    from a_house.attic import attic, roof as top\n"
        "__all__ = ['attic', 'top']\n"
        "export_on_demand(__name__)\n"
    )
    (tmp_path / "a_house" / "attic.py").write_text("def attic(): ...\nroof = 'tiles'\n")
    (tmp_path / "a_house" / "cellar.py").write_text("depth = 2\n")
    (tmp_path / "a_house" / "broken.py").write_text("import nowhere_to_be_found\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("a_house")
    for name in [name for name in sys.modules if name.partition(".")[0] == "a_house"]:
        del sys.modules[name]


def test_nothing_heavy_is_imported_before_it_is_asked_for():
    assert (
        left_loaded("import facetrial, facetrial.core.errors, facetrial.runtime.cli, facetrial.attacks")
        == set()
    )
    assert left_loaded(f"import sys; sys.path.insert(0, {str(ROOT)!r}); import evaluate, train") == set()
    assert "lightning" not in left_loaded("from facetrial.attacks import Linf")


def test_a_name_is_imported_when_it_is_asked_for(house):
    assert "a_house.attic" not in sys.modules
    assert {"attic", "top"} <= set(dir(house))
    assert house.top == "tiles"
    assert "a_house.attic" in sys.modules


def test_a_function_is_not_hidden_by_the_module_of_its_name(house):
    module = importlib.import_module("a_house.attic")
    assert house.attic is module.attic
    assert importlib.import_module("facetrial.run.evaluate").evaluate is facetrial.run.evaluate


def test_a_module_that_is_not_exported_is_found_as_well(house):
    assert house.cellar.depth == 2
    assert facetrial.attacks.goals.Dodging is facetrial.attacks.Dodging


def test_what_is_not_there_is_not_found(house):
    with pytest.raises(AttributeError, match="module 'a_house' has no attribute 'nothing'"):
        _ = house.nothing
    assert not hasattr(house, "__wrapped__")
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from a_house import nothing")


def test_a_module_that_breaks_says_why(house):
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        _ = house.broken


def test_an_export_can_be_replaced_and_pickled(house, monkeypatch):
    monkeypatch.setattr(house, "top", "thatch")
    assert house.top == "thatch"
    assert pickle.loads(pickle.dumps(facetrial.attacks.PGD)) is facetrial.attacks.PGD
