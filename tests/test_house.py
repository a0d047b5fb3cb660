"""The rules of docs/architecture.md that a machine can hold; the order of the packages is held by `make lint`."""

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest

from tests.helpers.import_graph import (
    PACKAGE,
    ROOT,
    SOURCE,
    circles,
    described,
    dotted,
    exports,
    file_graph,
    imported,
    lazy_imports,
    package_graph,
)
from tests.helpers.unmirrored import UNMIRRORED

MODULES = sorted((SOURCE / PACKAGE).rglob("*.py"))
TESTS = ROOT / "tests"
MOST_FILES, MOST_LINES = 15, 250
LARGEST_WITHOUT_TEST = 40

# Imports that may wait until they are needed, and why.
MAY_BE_LAZY = {
    "facetrial.run.evaluate": "start-up: seconds, which --help and completion do not need",
    "facetrial.runtime.settings": "start-up: seconds, which --help and completion do not need",
    "fcntl": "optional: Windows has none",
    "kagglehub": "start-up: only a download needs it, and it asks the network for its version",
    "lightning.pytorch": "start-up: seconds, which a command that Hydra ends, such as --help, does not need",
    "onnx": "optional: comes with the extra of that name",
    "sklearn.datasets": "start-up: only a download needs it",
    "timm": "optional: installed with facetrial[edgeface]",
    "torch": "start-up: a second, which the name of a folder, as --help shows it, does not need",
    "wandb": "start-up: a second, for those who log to it",
}


def name(path: Path) -> str:
    return path.relative_to(SOURCE / PACKAGE).as_posix()


def test_a_folder_holds_few_files_and_a_file_few_lines():
    folders = {path.parent for path in MODULES}
    counts = {folder: len(list(folder.glob("*.py"))) for folder in folders}
    assert {name(folder): count for folder, count in counts.items() if count > MOST_FILES} == {}
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name(path): count for path, count in lines.items() if count > MOST_LINES} == {}


def test_nothing_imports_in_a_circle():
    files = file_graph()
    assert len(files) == len(MODULES)
    assert not circles(files), described(circles(files))
    assert not circles(package_graph(files)), described(circles(package_graph(files)))


def test_a_circle_would_be_seen(tmp_path):
    (tmp_path / "house" / "attic").mkdir(parents=True)
    (tmp_path / "house" / "__init__.py").touch()
    (tmp_path / "house" / "attic" / "__init__.py").write_text("from house.attic.roof import tiles\n")
    (tmp_path / "house" / "attic" / "roof.py").write_text("def tiles():\n    from house import cellar\n")
    (tmp_path / "house" / "cellar.py").write_text("from house.attic import tiles\n")
    files = file_graph(tmp_path, "house")
    assert circles(files) == [["house.attic", "house.attic.roof", "house.cellar"]]
    assert circles(package_graph(files)) == [["attic", "cellar"]]


def test_lazy_imports_have_a_reason():
    trees = {path: ast.parse(path.read_text("utf-8")) for path in MODULES}
    found = {
        (name(path), module)
        for path, tree in trees.items()
        for _, module in lazy_imports(tree, exports(tree) if path.name == "__init__.py" else ())
    }
    assert {(file, module) for file, module in found if module not in MAY_BE_LAZY} == set()
    assert {module for _, module in found} == MAY_BE_LAZY.keys()


def test_every_package_has_its_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (contract,) = project["tool"]["importlinter"]["contracts"]
    packages = {
        path.name for path in (SOURCE / PACKAGE).iterdir() if path.is_dir() and any(path.rglob("*.py"))
    }
    assert set(contract["layers"]) == packages
    assert "ignore_imports" not in contract
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE) == contract["layers"][::-1]


@pytest.mark.parametrize("config", sorted((ROOT / "conf").rglob("*.yaml")), ids=lambda path: path.stem)
def test_configs_name_what_packages_export(config):
    for target in re.findall(rf"_target_: ({PACKAGE}\S*)", config.read_text("utf-8")):
        package, _, exported = target.rpartition(".")
        assert package.count(".") == 1, target
        assert exported in importlib.import_module(package).__all__, target


def test_what_is_no_code_is_in_the_wheel():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"][PACKAGE]
    packed = {path for pattern in patterns for path in (SOURCE / PACKAGE).glob(pattern)}
    files = {path for path in (SOURCE / PACKAGE).rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert packed == files - set(MODULES)
    assert SOURCE / PACKAGE / "py.typed" in packed


def test_packages_export_what_they_list():
    for path in (SOURCE / PACKAGE).rglob("__init__.py"):
        package = importlib.import_module(dotted(path))
        if path.parent.parent != SOURCE / PACKAGE and not hasattr(package, "__all__"):
            continue  # what lies in it is exported by the package around it
        assert len(package.__all__) == len(set(package.__all__))
        assert all(hasattr(package, exported) for exported in package.__all__)
        tree = ast.parse(path.read_text("utf-8"))
        on_demand = [alias.asname or alias.name for line in exports(tree) for alias in line.names]
        assert sorted(on_demand) == sorted(package.__all__), f"{path} imports at once, or not at all"
        assert ast.unparse(tree.body[-1]) == "export_on_demand(__name__)"


def mirror(module: Path) -> Path:
    """Where the tests of a module lie."""
    place = module.relative_to(SOURCE / PACKAGE)
    return TESTS / place.parent / f"test_{place.name}"


def holds_tests(path: Path) -> bool:
    return path.is_file() and re.search(r"^ *def test_", path.read_text("utf-8"), re.MULTILINE) is not None


def test_tests_mirror_the_package():
    large = [path for path in MODULES if len(path.read_text("utf-8").splitlines()) > LARGEST_WITHOUT_TEST]
    missing = {name(path) for path in large if not holds_tests(mirror(path))}
    assert missing == set(UNMIRRORED)
    assert all(places and reason for places, reason in UNMIRRORED.values())
    assert all(holds_tests(TESTS / place) for places, _ in UNMIRRORED.values() for place in places)


def test_no_test_imports_another():
    for path in TESTS.rglob("*.py"):
        for _, module, taken in imported(ast.parse(path.read_text("utf-8"))):
            words = f"{module}.{taken}".split(".") if module.partition(".")[0] == "tests" else []
            assert not any(word.startswith("test_") for word in words), f"{path.relative_to(ROOT)}: {module}"
