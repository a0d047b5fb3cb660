"""The name of this package's source, by which rows are taken over."""

import pytest

from facetrial.core import provenance
from facetrial.core.provenance import package_code


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of one file and one folder in the place of this one."""
    (tmp_path / "folder").mkdir()
    for name in ("__init__.py", "file.py", "folder/inner.py"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(provenance, "_ROOT", tmp_path)
    package_code.cache_clear()
    yield tmp_path
    package_code.cache_clear()


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
