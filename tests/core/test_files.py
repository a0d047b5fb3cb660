"""Files are there whole or not at all, and what is sealed is as it was written or known not to be."""

import errno
import os
import signal
import stat
import subprocess
import sys

import numpy as np
import pytest
import torch

from facetrial.core.errors import Damaged, FacetrialError
from facetrial.core.files import check_seal, check_writable, read_sealed, recalled, written_whole


def test_it_takes_its_place_when_the_block_ends(tmp_path):
    path = tmp_path / "made" / "on the way" / "rows.csv"
    with written_whole(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".csv"
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "rows.csv"
    path.write_text("old")

    def breaks_off():
        with written_whole(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        breaks_off()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="rights are the system's")
def test_its_rights_are_those_of_any_new_file(tmp_path):
    usual = tmp_path / "usual"
    usual.touch()
    with written_whole(tmp_path / "whole") as temporary:
        temporary.write_text("mkstemp alone would let nobody else read it")
    assert stat.S_IMODE((tmp_path / "whole").stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(FacetrialError, match=r"cannot write .*file/below/rows\.csv.*Choose a folder"),
        written_whole(tmp_path / "file" / "below" / "rows.csv"),
    ):
        pass


def test_a_folder_is_tried_without_a_trace(tmp_path):
    check_writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(FacetrialError, match="cannot write"):
        check_writable(tmp_path / "file")


KILLED = """
import os, signal, sys
from facetrial.core.files import written_whole
with written_whole(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print("writes", flush=True)
    if sys.argv[2] == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""


def test_what_a_killed_process_was_writing_is_swept_up_and_what_another_is_writing_is_not(tmp_path):
    def start(name, how):
        arguments = [sys.executable, "-c", KILLED, str(tmp_path / name), how]
        return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    writing = start("writing.csv", "waits")
    assert writing.stdout.readline() == "writes\n"
    assert start("killed.csv", "dies").wait(60) == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    with written_whole(tmp_path / "rows.csv") as temporary:
        temporary.write_text("whole")
    assert sorted(path.name.split("-")[0] for path in tmp_path.iterdir()) == [".writing.being", "rows.csv"]
    writing.communicate(timeout=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "writing.csv"]


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("error", [FULL, RuntimeError("torch's own")], ids=["plain", "wrapped"])
def test_a_full_disk_is_a_sentence_that_names_the_file(tmp_path, error):
    error.__context__ = None if error is FULL else FULL
    (tmp_path / "rows.csv").write_text("old")
    with (
        pytest.raises(FacetrialError, match=r"cannot write .*rows\.csv: No space left .* Make room"),
        written_whole(tmp_path / "rows.csv"),
    ):
        raise error
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_torch_on_a_full_disk(tmp_path):
    """A limit on the size of files stands for the disk."""
    script = (
        "import resource, torch\n"
        "from facetrial.runtime.checkpoints import save_checkpoint\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        f"save_checkpoint({str(tmp_path / 'model.ckpt')!r}, 'recognizer', {{'w': torch.zeros(99999)}}, {{}})\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert f"FacetrialError: cannot write {tmp_path / 'model.ckpt'}: File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def sealed(tmp_path):
    path = tmp_path / "sealed.txt"
    with written_whole(path, seal=True) as temporary:
        temporary.write_bytes(b"what it holds")
    return path


def test_a_sealed_file_comes_back(sealed):
    assert read_sealed(sealed) == b"what it holds"
    assert recalled(sealed, bytes.decode) == "what it holds"
    assert sealed.read_bytes().startswith(b"what it holds\n# facetrial")
    check_seal(sealed)


def test_every_flipped_bit_and_every_cut_is_found(sealed):
    whole = sealed.read_bytes()
    flipped = [
        whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
        for at in range(len(whole))
        for bit in range(8)
    ]
    for content in [*flipped, *(whole[:length] for length in range(len(whole))), whole + b" "]:
        sealed.write_bytes(content)
        with pytest.raises(Damaged, match=r"sealed\.txt is damaged"):
            read_sealed(sealed)
        with pytest.raises(Damaged, match=r"sealed\.txt is damaged"):
            check_seal(sealed)


def test_what_is_damaged_is_removed_to_be_made_again(sealed, caplog):
    assert recalled(sealed, lambda content: {}[content]) is None
    assert "sealed.txt cannot be read: KeyError" in caplog.text
    assert not sealed.exists()
    caplog.clear()
    assert recalled(sealed, bytes.decode) is None
    assert not caplog.text
    sealed.write_bytes(b"not sealed")
    assert recalled(sealed, bytes.decode) is None
    assert f"{sealed} is damaged" in caplog.text
    assert not sealed.exists()


def test_what_the_memory_cannot_hold_is_not_damaged(sealed):
    def too_much(content):
        raise MemoryError

    with pytest.raises(MemoryError):
        recalled(sealed, too_much)
    assert sealed.exists()


def test_a_folder_in_its_place_is_named(tmp_path):
    with pytest.raises(FacetrialError, match=r"cannot read .*: Is a directory"):
        read_sealed(tmp_path)


class TestZipFiles:
    """Those from before there were seals go by the checksums of their parts."""

    @pytest.fixture
    def path(self, tmp_path):
        np.savez(tmp_path / "kept.npz", numbers=np.arange(99))
        return tmp_path / "kept.npz"

    def test_one_without_a_seal_is_read(self, path):
        assert read_sealed(path, zipped=True) == path.read_bytes()
        with pytest.raises(Damaged):
            read_sealed(path)

    def test_one_that_is_damaged_is_not(self, path):
        whole = path.read_bytes()
        for content in (whole[:-1], whole[:300] + b"?" + whole[301:], whole + b"?", b""):
            path.write_bytes(content)
            with pytest.raises(Damaged):
                read_sealed(path, zipped=True)

    @pytest.mark.parametrize("mmap", [False, True])
    def test_others_read_a_sealed_one(self, tmp_path, mmap):
        with written_whole(tmp_path / "model.ckpt", seal=True) as temporary:
            torch.save({"w": torch.arange(9)}, temporary)
        found = torch.load(tmp_path / "model.ckpt", weights_only=True, mmap=mmap)
        assert found["w"].tolist() == list(range(9))
        with written_whole(tmp_path / "kept.npy", seal=True) as temporary:
            np.save(temporary, np.arange(9))
        assert np.load(tmp_path / "kept.npy", mmap_mode="r" if mmap else None).tolist() == list(range(9))


def test_looking_whether_a_folder_can_be_written_to_touches_no_file_of_it(tmp_path):
    (tmp_path / "probe").write_text("mine")
    check_writable(tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("probe", "mine")]
