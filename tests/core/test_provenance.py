"""The name of this package's source, by which rows are taken over."""

import pytest

from facetrial.core import provenance
from facetrial.core.provenance import package_code, what_code_does


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of one file and one folder in the place of this one."""
    (tmp_path / "folder").mkdir()
    for name in ("__init__.py", "file.py", "folder/inner.py"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(provenance, "_ROOT", tmp_path)
    package_code.cache_clear()
    what_code_does.cache_clear()
    yield tmp_path
    package_code.cache_clear()
    what_code_does.cache_clear()


@pytest.mark.parametrize("part", ["moved", "moved.py", "folder/moved.py"])
def test_a_part_that_is_missing_is_named(package, part):
    with pytest.raises(FileNotFoundError, match=part):
        package_code("file.py", "folder", part)


def test_a_folder_of_which_only_the_cache_is_left_is_missing(package):
    assert package_code("folder") != package_code("file.py")
    package_code.cache_clear()
    (package / "folder" / "__pycache__").mkdir()
    (package / "folder" / "inner.py").rename(package / "folder" / "__pycache__" / "inner.pyc")
    with pytest.raises(FileNotFoundError, match="folder"):
        package_code("folder")


def test_the_whole_package_counts_where_no_part_is_named(package):
    whole = package_code()
    assert whole == package_code(".") == package_code("__init__.py", "file.py", "folder")
    package_code.cache_clear()
    (package / "folder" / "inner.py").write_text("changed")
    assert package_code() != whole


CODE = '''"""What it is for."""
import math  # needed


def f(x: float, *, y=(1, 2)) -> float:
    """What it gives."""
    if x < 0:
        raise ValueError(f"x must be positive, found {x}")
    return x + sum(y) * math.pi
'''


def does(package, text: str) -> str:
    (package / "file.py").write_text(text)
    what_code_does.cache_clear()
    return what_code_does("file.py")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # needed", ""),
        ("import math", "import cmath, math"),
        ("What it is for.", "What it's good for."),
        ('    """What it gives."""\n', ""),
        ("x must be positive, found {x}", "give a positive x"),
        ("sum(y) * math.pi", "(\n        sum(y)\n        * math.pi\n    )"),
        ("(1, 2)", "(1, 2,)"),
    ],
)
def test_how_code_is_written_does_not_count(package, old, new):
    assert old in CODE
    assert does(package, CODE.replace(old, new)) == does(package, CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x + sum", "x - sum"),
        ("(1, 2)", "(1, 3)"),
        ("(1, 2)", "None"),
        ("x < 0", "x <= 0"),
        ("raise ValueError", "return print"),
        ("math.pi", "math.e"),
    ],
)
def test_what_code_does_counts(package, old, new):
    assert does(package, CODE.replace(old, new)) != does(package, CODE)


def test_where_files_lie_does_not_count(package):
    before = what_code_does(".")
    (package / "file.py").rename(package / "folder" / "moved.py")
    what_code_does.cache_clear()
    assert what_code_does(".") == before


def test_what_is_not_python_does_not_count(package):
    before = what_code_does("folder")
    (package / "folder" / "notes.txt").write_text("new")
    what_code_does.cache_clear()
    assert what_code_does("folder") == before
    with pytest.raises(FileNotFoundError, match="moved"):
        what_code_does("moved.py")


def test_the_name_is_the_same_for_every_python(package):
    assert does(package, CODE) == "6b3b9c33be03bcbd"
