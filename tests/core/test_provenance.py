"""Names of what decides a result: this package's source, and the files of the data."""

import os

import pytest

from facetrial.core import provenance
from facetrial.core.provenance import (
    contents_of,
    data_files,
    data_recipe,
    files_known_today,
    package_code,
    what_code_does,
)


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


def test_an_installed_package_is_the_same_code_as_the_repositorys(package):
    before = package_code()
    (package / "conf").mkdir()
    (package / "conf" / "evaluate.yaml").write_text("seed: 0")  # beside the package, in the repository
    package_code.cache_clear()
    assert package_code() == before


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


class TestFiles:
    """Files of data count by what they hold, and are read once."""

    @pytest.fixture
    def data(self, tmp_path):
        for person in ("Ann", "Bob"):
            (tmp_path / "people" / person).mkdir(parents=True)
            for number in range(3):
                path = tmp_path / "people" / person / f"{number}.bmp"
                path.write_bytes(f"{person} {number}".encode())
                os.utime(path, (1e9, 1e9))
        return {
            "_target_": "facetrial.data.PeopleFolder",
            "root": str(tmp_path / "people"),
            "cache": str(tmp_path / "cache"),
        }

    @pytest.fixture
    def read(self, monkeypatch):
        """The names of the files that were read; what was changed just now counts as long settled."""
        names = []
        digest_of = provenance.file_digest
        monkeypatch.setattr(
            provenance, "file_digest", lambda path: names.append(path.name) or digest_of(path)
        )
        monkeypatch.setattr(provenance, "_MOMENT", -60.0)
        return names

    @pytest.mark.parametrize("times", ["new", "kept"])
    def test_others_of_the_same_names_and_sizes_are_others(self, data, tmp_path, read, times):
        before = data_recipe(data, ())
        first, second = (tmp_path / "people" / person / "0.bmp" for person in ("Ann", "Bob"))
        contents = first.read_bytes(), second.read_bytes()
        for path, content in zip((second, first), contents, strict=True):
            path.write_bytes(content)
            if times == "kept":
                os.utime(path, (1e9, 1e9))
        after = data_recipe(data, ())
        assert before["files"] != after["files"]
        assert before["files"].split(", content ")[0] == after["files"].split(", content ")[0]

    def test_they_are_read_once(self, data, tmp_path, read):
        first = data_files(data)
        assert len(read) == 6
        assert data_files(data) == first
        assert len(read) == 6
        (tmp_path / "people" / "Ann" / "1.bmp").write_bytes(b"another")
        assert data_files(data) != first
        assert read[6:] == ["1.bmp"]

    def test_wherever_they_lie(self, data, tmp_path):
        first = data_files(data)
        (tmp_path / "people").rename(tmp_path / "moved")
        assert data_files(data | {"root": str(tmp_path / "moved")}) == first
        assert (
            data_files({key: value for key, value in data.items() if key != "cache"} | {"root": None}) is None
        )

    def test_what_was_changed_a_moment_ago_is_read_again(self, data, tmp_path):
        path = tmp_path / "people" / "Ann" / "0.bmp"
        kept = tmp_path / "kept.json"
        for content in (b"one", b"two", b"six"):
            path.write_bytes(content)
            assert contents_of([path], kept) == [provenance.file_digest(path)]

    @pytest.mark.parametrize(
        "damage", [lambda text: text[:50], lambda text: text.replace("bmp", "bmq", 1), lambda text: ""]
    )
    def test_a_damaged_memory_is_made_again(self, data, tmp_path, read, damage):
        first = data_files(data)
        (kept,) = (tmp_path / "cache" / "contents").iterdir()
        whole = kept.read_text()
        kept.write_text(damage(whole))
        assert kept.read_text() != whole
        assert data_files(data) == first
        assert len(read) == 12

    def test_a_file_that_cannot_be_read_has_no_content(self, tmp_path):
        assert contents_of([tmp_path / "none", tmp_path]) == ["", ""]

    def test_recipes_of_0_1_know_names_and_sizes(self):
        asked = {"data": {"files": "6 files, 12ab, content 34cd", "size": 64}, "seed": 0}
        old = {"data": {"files": "6 files, 12ab", "size": 64}, "seed": 0}
        assert files_known_today(old, asked) == asked
        for other in ("6 files, 12a", "7 files, 12ab", "6 files, 12ab, content 34ce"):
            made_by = {"data": {"files": other, "size": 64}, "seed": 0}
            assert files_known_today(made_by, asked) == made_by
        assert files_known_today({"data": 3, "more": "x"}, asked) == {"data": 3, "more": "x"}
