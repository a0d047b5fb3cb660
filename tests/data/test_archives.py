"""Zips as people, systems and attackers make them, and files that are none."""

import contextlib
import io
import os
import struct
import subprocess
import sys
import zipfile

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.data import archives
from facetrial.data.archives import read_file, read_from_zip

CONTENT = b"a,b\n" + b"".join(b"%d,%d\n" % (number, number * number) for number in range(3000))


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return bytearray(buffer.getvalue())


@pytest.fixture
def read(tmp_path):
    """What is read of `table.csv` in a zip of these bytes."""

    def reading(content: bytes) -> bytes | None:
        (tmp_path / "table.zip").write_bytes(content)
        return read_from_zip(tmp_path / "table.zip", "table.csv")

    return reading


WELL_MADE = {
    "plain": lambda: zipped({"table.csv": CONTENT}),
    "stored": lambda: zipped({"table.csv": CONTENT}, zipfile.ZIP_STORED),
    "in a folder": lambda: zipped({"data/": b"", "data/table.csv": CONTENT}),
    "in a folder of Windows": lambda: zipped({"data\\table.csv": CONTENT}),
    "of a Mac": lambda: zipped(
        {
            "__MACOSX/table.csv": b"\0",
            "__MACOSX/._table.csv": b"\0",
            "table.csv": CONTENT,
            ".DS/table.csv": b"",
        }
    ),
    "in a zip": lambda: zipped({"table.zip": zipped({"table.csv": CONTENT})}),
    "in a zip, of a Mac": lambda: zipped(
        {"__MACOSX/table.zip": b"\0", "table.zip": zipped({"table.csv": CONTENT})}
    ),
    "below a dot": lambda: zipped({"./table.csv": CONTENT}),
    "outside of the folder": lambda: zipped({"../../table.csv": CONTENT}),  # it is read and not unpacked
    "behind something else": lambda: bytearray(b"#!/bin/sh\n" * 50) + zipped({"table.csv": CONTENT}),
}


@pytest.mark.parametrize("kind", WELL_MADE)
def test_what_a_zip_holds_is_read(read, tmp_path, kind):
    assert read(WELL_MADE[kind]()) == CONTENT
    assert os.listdir(tmp_path) == ["table.zip"]
    assert not (tmp_path.parent / "table.csv").exists()


@pytest.mark.parametrize(
    "content",
    [
        zipped({"other.csv": CONTENT}),
        zipped({}),
        zipped({"__MACOSX/table.csv": CONTENT}),
        zipped({"table.csv/": b""}),
        zipped({"table.zip": zipped({"table.zip": zipped({"table.csv": CONTENT})})}),  # once is enough
    ],
)
def test_a_zip_without_it_holds_nothing(read, content):
    assert read(content) is None


def encrypted(content: bytearray) -> bytearray:
    content[6] |= 1
    content[content.rfind(b"PK\1\2") + 8] |= 1
    return content


def packed_by(method: int, content: bytearray) -> bytearray:
    at = content.rfind(b"PK\1\2") + 10
    content[8:10] = content[at : at + 2] = struct.pack("<H", method)
    return content


def lying(content: bytearray, size: int) -> bytearray:
    at = content.rfind(b"PK\1\2") + 24
    content[at : at + 4] = struct.pack("<I", size)
    return content


def long_list() -> bytes:
    return zipped({f"{'x' * 200}{number}": b"" for number in range(5000)})


BADLY_MADE = {
    "empty": (lambda: b"", "cannot be read as a zip"),
    "text": (lambda: b"a,b\n1,2\n", "cannot be read as a zip"),
    "cut": (lambda: zipped({"table.csv": CONTENT})[:-30], "cannot be read as a zip"),
    "encrypted": (
        lambda: encrypted(zipped({"table.csv": CONTENT})),
        "table.csv in .* is encrypted. Unpack it",
    ),
    "encrypted in a zip": (
        lambda: zipped({"table.zip": encrypted(zipped({"table.csv": CONTENT}))}),
        "table.csv in table.zip in .* is encrypted",
    ),
    "Deflate64": (lambda: packed_by(9, zipped({"table.csv": CONTENT})), "packed by Deflate64"),
    "bzip2": (
        lambda: zipped({"table.csv": CONTENT}, zipfile.ZIP_BZIP2),
        "packed by bzip2, which is not read",
    ),
    "LZMA": (lambda: zipped({"table.csv": CONTENT}, zipfile.ZIP_LZMA), "packed by LZMA, which is not read"),
    "Zstandard": (lambda: packed_by(93, zipped({"table.csv": CONTENT})), "packed by method 93"),
    "said to be too large": (
        lambda: lying(zipped({"table.csv": CONTENT}), 2**29 + 1),
        "more than 536,870,912",
    ),
    "said to be smaller": (lambda: lying(zipped({"table.csv": CONTENT}), 20), "cannot be read as a zip"),
    "twice": (
        lambda: zipped({"a/table.csv": CONTENT, "b/table.csv": b""}),
        "2 times .a/table.csv, b/table.csv",
    ),
    "of many files": (long_list, "lists too many files"),
}


@pytest.mark.parametrize("kind", BADLY_MADE)
def test_what_cannot_be_read_is_named(read, kind):
    make, said = BADLY_MADE[kind]
    with pytest.raises(FacetrialError, match=said):
        read(make())


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_flipped_byte_is_found_or_named(read, method):
    whole = zipped({"table.csv": CONTENT[:2000]}, method)
    for at in range(0, len(whole), 3):
        damaged = whole.copy()
        damaged[at] ^= 0x55
        with contextlib.suppress(FacetrialError):
            assert read(damaged) in (CONTENT[:2000], None), at


@pytest.mark.parametrize("method", ["DEFLATED", "BZIP2", "LZMA"])
def test_a_bomb_is_refused_within_little_memory(tmp_path, method):
    """In a new process: 600 MB of which the zip says that they are few."""
    lines = (
        "import struct, sys, zipfile",
        "from pathlib import Path",
        "from facetrial.core.errors import FacetrialError",
        "from facetrial.data.archives import read_from_zip",
        "from tests.helpers.memory import most_memory_used",
        "path = Path(sys.argv[1])",
        f"with zipfile.ZipFile(path, 'w', zipfile.ZIP_{method}, compresslevel=1) as z, z.open('table.csv', 'w') as m:",
        "    for _ in range(600): m.write(bytes(2**20))",
        "content = bytearray(path.read_bytes())",
        "at = content.rfind(b'PK' + bytes([1, 2])) + 24",
        "content[at : at + 4] = struct.pack('<I', 2**27)",
        "path.write_bytes(content)",
        "before = most_memory_used()",
        "try: read_from_zip(path, 'table.csv')",
        "except FacetrialError as error: print(error)",
        "print((most_memory_used() - before) // 2**20)",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines), tmp_path / "table.zip"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    said, peak = done.stdout.splitlines()
    assert "cannot be read" in said or "more than" in said or "packed by" in said
    assert int(peak) < 1000


def test_a_file_is_read_up_to_a_bound(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_file(tmp_path / "a") == read_file(tmp_path / "a", most=5) == b"12345"
    with pytest.raises(FacetrialError, match="holds more than 4 bytes"):
        read_file(tmp_path / "a", most=4)


def test_pipes_devices_and_folders_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "gone"):
        with pytest.raises(FacetrialError, match="is not a file"):
            read_file(path)
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(FacetrialError, match="is not a file"):
        read_file(tmp_path / "zero")


def test_what_the_disk_says_is_handed_on(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"12345")

    def failing(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(archives, "_all_of", failing)
    with pytest.raises(FacetrialError, match=r"a cannot be read: Input/output error"):
        read_file(tmp_path / "a")
