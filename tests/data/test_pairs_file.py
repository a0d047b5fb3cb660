"""LFW's lists of pairs, as published and as people break them."""

from pathlib import Path

import numpy as np
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.data.pairs_file import Pair, files_of_pairs, read_pairs
from tests.helpers.photographs import draw_people, lfw


def written(folder: Path, *lines: str) -> Path:
    path = folder / "pairs.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_two_folds(tmp_path):
    path = written(
        tmp_path, "2\t1", "Ann_Lee\t1\t4", "Ann_Lee\t2\tBob\t1", "José\t1\t2", "Bob\t11\tJosé\t2"
    )  # fmt: skip
    assert read_pairs(path) == [
        Pair("Ann_Lee/Ann_Lee_0001", "Ann_Lee/Ann_Lee_0004", True, 0),
        Pair("Ann_Lee/Ann_Lee_0002", "Bob/Bob_0001", False, 0),
        Pair("José/José_0001", "José/José_0002", True, 1),
        Pair("Bob/Bob_0011", "José/José_0002", False, 1),
    ]
    assert read_pairs(path)[1].people == ("Ann_Lee", "Bob")
    assert read_pairs(path)[1].turned.people == ("Bob", "Ann_Lee")


def test_one_fold_as_lfw_writes_those_for_development(tmp_path):
    pairs = read_pairs(written(tmp_path, "1", "Ann 1 4", "Ann 2 Bob 1"))
    assert [(pair.same, pair.fold) for pair in pairs] == [(True, 0), (False, 0)]


BODY = "Ann Lee\t1\t2\nBob\t3\t4\nAnn Lee\t1\tBob\t2\nBob\t1\tCem\t2\n"


@pytest.mark.parametrize(
    "content",
    [
        ("1\t2\n" + BODY).replace("\n", "\r\n").encode(),
        ("1\t2\n" + BODY).replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + ("1\t2\n" + BODY).encode(),
        ("1\t2\n" + BODY).replace("\n", "\t\t\n").encode(),
        ("\t1\t2\n" + BODY).replace("\n", " \n\n").encode(),
        ("1\t2\n" + BODY).replace("\t", " \t ").encode(),
        ("1\t2\n" + BODY).replace("\t1", "\t0001").encode(),
    ],
)
def test_lists_as_notepad_and_spreadsheets_leave_them(tmp_path, content):
    (tmp_path / "pairs.txt").write_bytes(content)
    pairs = read_pairs(tmp_path / "pairs.txt")
    assert pairs[0] == Pair("Ann Lee/Ann Lee_0001", "Ann Lee/Ann Lee_0002", True, 0)
    assert pairs[3] == Pair("Bob/Bob_0001", "Cem/Cem_0002", False, 0)
    assert len(pairs) == 4


@pytest.mark.parametrize("number", ["²", "①", "１", "٣", "9" * 5000, "-1", "+1", "1.0", "1_0", "1e3", ""])  # noqa: RUF001
def test_digits_that_are_no_numbers_are_named(tmp_path, number):
    for lines, said in (
        (["1\t1", f"Ann\t{number}\t1", "Ann\t1\tBob\t1"], "line 2 of .*name, number, number"),
        (["1\t1", "Ann\t1\t2", f"Ann\t1\tBob\t{number}"], "line 3 of .*name, number, name, number"),
        ([f"{number or 'x'}\t1", "Ann\t1\t2", "Ann\t1\tBob\t1"], "not a list of pairs"),
    ):
        with pytest.raises(FacetrialError, match=said):
            read_pairs(written(tmp_path, *lines))


@pytest.mark.parametrize("content", [b"\xff\xfe1\x00", b"\x80\x81", bytes(100), bytes(2**26 + 1)])
def test_content_that_is_no_list_is_named(tmp_path, content):
    (tmp_path / "pairs.txt").write_bytes(content)
    with pytest.raises(FacetrialError, match=r"pairs\.txt"):
        read_pairs(tmp_path / "pairs.txt")


def test_pictures_that_differ_in_their_ending_alone_are_named(tmp_path):
    files = {"Ann/Ann_0001.jpg": Path("a"), "Ann/Ann_0001.png": Path("b"), "Bob/Bob_0001.png": Path("c")}
    with pytest.raises(FacetrialError, match=r"Ann/Ann_0001\.jpg and Ann/Ann_0001\.png differ in it alone"):
        files_of_pairs([Pair("Ann/Ann_0001", "Bob/Bob_0001", False, 0)], files)
    files["Cem/Cem_0001.png"] = Path("d")
    assert files_of_pairs([Pair("Cem/Cem_0001", "Bob/Bob_0001", False, 0)], files)


def test_a_list_names_nothing_outside_of_the_folder(tmp_path):
    pairs = read_pairs(written(tmp_path, "1\t1", "../../etc\t1\t2", "/etc/passwd\t1\tBob\t1"))
    with pytest.raises(FacetrialError, match="are not below data"):
        files_of_pairs(pairs, {"Bob/Bob_0001.png": tmp_path / "Bob"})


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "not a list of pairs"),
        (["name\timagenum1"], "not a list of pairs"),
        (["1\t2", "Ann\t1\t2"], r"announcing 1 x 2 x 2 = 4 pairs and holds 1; is it whole"),
        (["1\t1", "Ann\t1\tBob\t2", "Ann\t1\t2"], "line 2 of .*of one person: name, number, number"),
        (["1\t1", "Ann\t1\t2", "Ann\t1\t3"], "line 3 of .*of two people"),
        (["1\t1", "Ann\t1\t1", "Ann\t1\tBob\t1"], "compared with itself"),
        (["1\t1", "Ann\t1\t2", "Ann\t1\tAnn\t3"], "two people, found 'Ann' twice"),
        (["1\t2", "Ann\t1\t2", "Ann\t2\t1", "Ann\t1\tBob\t1", "A\t1\tB\t1"], "twice, in lines 2 and 3"),
    ],
)
def test_lists_that_are_not(tmp_path, lines, said):
    with pytest.raises(FacetrialError, match=said):
        read_pairs(written(tmp_path, *lines))


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(FacetrialError, match=r"task\.pairs=.*LFW's format"):
        read_pairs(tmp_path / "gone.txt")


def test_pictures_are_found_whatever_their_ending(tmp_path):
    pairs = [Pair("Ann/Ann_0001", "Bob/Bob_0001", False, 0)]
    files = {"Ann/Ann_0001.jpg": Path("a"), "Bob/Bob_0001.png": Path("b"), "Bob/Bob_0002.png": Path("c")}
    assert files_of_pairs(pairs, files) == {
        "Ann/Ann_0001": "Ann/Ann_0001.jpg",
        "Bob/Bob_0001": "Bob/Bob_0001.png",
    }
    with pytest.raises(FacetrialError, match=r"1 of the 2 pictures .* such as Bob/Bob_0001"):
        files_of_pairs(pairs, {"Ann/Ann_0001.jpg": Path("a")})


def test_people_with_a_single_picture_are_cut_like_the_others(tmp_path):
    root = draw_people(tmp_path / "data", {"Ann": 4, "Bob": 1})
    data = lfw(root, tmp_path)
    faces = data.faces_of(["Bob/Bob_0001.jpg", "Ann/Ann_0003.jpg"])
    assert faces.names == ["Ann", "Bob"]
    assert faces.identities.tolist() == [1, 0]
    np.testing.assert_array_equal(faces.pixels[1], data.all_faces.pixels[2])
    (root / "Bob" / "Bob_0001.jpg").write_bytes(b"")
    with pytest.raises(
        FacetrialError, match=r"1 picture\(s\) below .* cannot be used: Bob/Bob_0001.jpg \(an empty file\)"
    ):
        data.faces_of(["Bob/Bob_0001.jpg"])
    with pytest.raises(FacetrialError, match="not in"):
        data.faces_of(["Bob/Bob_0002.jpg"])


@pytest.mark.real
def test_the_first_fold_of_lfw(shared):
    pairs = read_pairs(shared / "data/lfw_home/pairs_1fold.txt")
    assert len(pairs) == 600
    assert sum(pair.same for pair in pairs) == 300
    assert all((pair.people[0] == pair.people[1]) == pair.same for pair in pairs)
