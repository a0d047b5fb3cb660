"""What a machine does to a run: it ends with a sentence that names the file and what is kept."""

import errno
import io
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from omegaconf import OmegaConf

from facetrial.core.errors import FacetrialError
from facetrial.runtime import cli, machine
from facetrial.runtime.cli import friendly_errors
from facetrial.runtime.machine import device_of_worker, machine_fault, was_interrupted, what_is_kept
from tests.helpers.commands import command

CONFIG = OmegaConf.create({"paths": {"models": "nets", "cache": "~/cached"}})
KEPT = r"What was done until now is kept in nets, .*cached; the same command goes on from there\."


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Those of CONFIG, and where a command is started."""
    for folder in ("nets", "home/cached"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(number: int, file: str | bytes | None = "out/rows.csv") -> OSError:
    return OSError(number, os.strerror(number), file)


def caused(error: Exception) -> Exception:
    try:
        try:
            raise error
        except Exception as cause:
            raise RuntimeError("Error in call to target") from cause
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refused(errno.ENOSPC), r"Cannot read or write out/rows\.csv: No space left on device\. Make room"),
        (refused(errno.EROFS), r"rows\.csv: Read-only file system\. Allow it, or choose other folders"),
        (refused(errno.EACCES, b"out/r"), r"Cannot read or write out/r: Permission denied"),
        (refused(errno.ENOTDIR), "Not a directory"),
        (refused(errno.EMFILE), r"Too many open files.*ulimit -n"),
        (refused(errno.EIO, None), r"Cannot read or write a file: .*\. Put that right"),
        (refused(errno.ENOENT, "/elsewhere/face.png"), "/elsewhere/face.png: No such file"),
        (caused(refused(errno.ENOSPC)), "No space left"),
        (
            RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed"),
            r"Cannot write a file \(",
        ),
        (
            RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 57792 vs 57624"),
            "Make room",
        ),
        (ValueError("Error while serializing: No space left on device (os error 28)"), "Make room"),
        (MemoryError(), r"too little memory \(MemoryError\).*data\.batch_size"),
        (
            RuntimeError("CUDA out of memory. Tried to allocate 20 GiB\nmore"),
            r"\(RuntimeError: CUDA out of memory\. T",
        ),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "too little memory"),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed."), "too little memory"),
        (caused(MemoryError("40 GiB")), "too little memory"),
    ],
)
def test_what_the_machine_did(folders, error, said):
    fault = machine_fault(error, CONFIG)
    assert isinstance(fault, FacetrialError)
    with pytest.raises(FacetrialError, match=f"{said}.*{KEPT}"):
        raise fault


@pytest.mark.parametrize(
    "error",
    [
        ValueError("wrong"),
        OSError("no number"),
        ConnectionError("offline"),
        KeyError("memory"),
        UnicodeError(),
    ],
)
def test_what_it_did_not_do(error):
    assert machine_fault(error) is None


def test_a_name_that_the_file_system_cannot_have(monkeypatch):
    error = UnicodeEncodeError("ascii", "out/Zoë", 6, 7, "ordinal not in range(128)")
    assert machine_fault(error) is None
    monkeypatch.setattr(machine.sys, "getfilesystemencoding", lambda: "ascii")
    assert r"'out/Zo\xeb' cannot be a file's in ascii. Start with PYTHONUTF8=1" in str(machine_fault(error))


def test_only_folders_that_are_there_are_named(folders):
    (folders / "nets").rmdir()
    assert what_is_kept(CONFIG).startswith("What was done until now is kept in home/cached; ")


def test_without_a_config_no_folder_is_named():
    assert what_is_kept() == "What was done until now is kept; the same command goes on from there."


def test_ctrl_c_and_what_lightning_makes_of_it():
    assert was_interrupted(KeyboardInterrupt())
    assert not was_interrupted(SystemExit(1))
    with pytest.raises(SystemExit) as ended:
        exit_as_lightning_does()
    assert was_interrupted(ended.value)


def exit_as_lightning_does():
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        sys.exit(1)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), refused(errno.ENOSPC), MemoryError()])
def test_a_run_ends_with_one_sentence(folders, caplog, error):
    @friendly_errors
    def main(config):
        raise error

    with pytest.raises(SystemExit) as ended:
        main(CONFIG)
    assert ended.value.code == (130 if isinstance(error, KeyboardInterrupt) else 1)
    [record] = caplog.records
    assert record.exc_info is None
    assert "is kept in nets, " in record.getMessage()


def test_a_sweep_ends_where_a_failure_cannot_be_kept(tmp_path, caplog, monkeypatch):
    (tmp_path / "run").write_text("a file in the way")
    monkeypatch.setattr(cli, "sweep_folder", lambda: tmp_path / "run")
    monkeypatch.setattr(cli, "forget_failure", lambda folder: None)

    @friendly_errors
    def main():
        raise refused(errno.ENOSPC)

    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("This run failed. Cannot read or write out/rows.csv: No space left")
    assert second.startswith("The sweep ends here. cannot write ")


def test_an_exit_of_somebodys_is_left_alone(caplog):
    @friendly_errors
    def main():
        sys.exit(3)

    with pytest.raises(SystemExit, match="3"):
        main()
    assert not caplog.records


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_cannot_show_a_letter_shows_its_number(monkeypatch, encoding):
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    friendly_errors(lambda: print("Ł \udcff"))()
    sys.stdout.flush()
    assert b"\\u0141 \\udcff" in streams["stdout"].buffer.getvalue()


def test_a_command_in_a_terminal_without_letters(tmp_path):
    """Progress bars, log and tables: names and bars have letters that it cannot show."""
    words = [word for word in command(tmp_path, "data.limit=4", out="out") if "progress_bar" not in word]
    words.remove("callbacks=none")
    ascii_only = os.environ | {
        "PYTHONIOENCODING": "ascii",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, env=ascii_only, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    assert b"Error" not in done.stderr
    assert b"Nov\\xe1k" in done.stdout
    assert "Novák" in (tmp_path / "out" / "verdicts.csv").read_text("utf-8")


def test_a_run_that_ctrl_c_ends_is_gone_on_with(tmp_path):
    long = [
        "attack=pgd",
        "attack.budget.eps=0.2",
        "attack.method.steps=200",
    ]  # nobody is fooled before they are taken
    words = command(tmp_path, "data.batch_size=1", *long, out="out")
    with subprocess.Popen(
        words,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # What a shell starts in the background ignores Ctrl-C, and hands that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as started:
        deadline = time.monotonic() + 400
        while not list(tmp_path.glob("out/shards/*/*.csv")) and time.monotonic() < deadline:
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        said, _ = started.communicate(timeout=60)
    assert started.returncode == 130, said
    assert "Traceback" not in said
    assert "Stopped by Ctrl-C. What was done until now is kept in out, models;" in said
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "pictures have their row from an earlier start" in done.stdout


@pytest.mark.parametrize(
    "words", [["hydra.run.dir=taken/run"], ["-m", "hydra.sweep.dir=taken/sweep", "seed=0,1"]]
)
def test_a_folder_that_cannot_be_made_ends_a_command_with_a_sentence(tmp_path, words):
    Path(tmp_path, "taken").write_text("a file in the way")
    done = subprocess.run(
        command(tmp_path, *words), cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1
    assert done.stderr.startswith("cannot write taken/")
    assert "Traceback" not in done.stdout + done.stderr


def test_workers_share_the_devices_out():
    devices = ["0", "1", "2"]
    taken = [device_of_worker(worker, devices) for worker in range(4, 11)]
    assert sorted(taken.count(device) for device in devices) == [2, 2, 3]
    assert device_of_worker(5, ["7"]) is None
    assert device_of_worker(5, []) is None


@pytest.mark.parametrize(
    ("process", "trainer", "visible", "seen"),
    [
        ("LokyProcess-2", {"accelerator": "auto", "devices": 1}, None, "2"),
        ("LokyProcess-2", {"accelerator": "gpu", "devices": 1}, "5,GPU-ab", "5"),
        ("LokyProcess-9", {"accelerator": "gpu", "devices": 1}, "5", "5"),  # it has one by now
        ("LokyProcess-2", {"accelerator": "auto", "devices": 2}, None, None),
        ("LokyProcess-2", {"accelerator": "auto", "devices": [1]}, None, None),
        ("LokyProcess-2", {"accelerator": "cpu", "devices": 1}, None, None),
        ("MainProcess", {"accelerator": "auto", "devices": 1}, None, None),
    ],
)
def test_a_worker_of_a_sweep_sees_one_device(monkeypatch, process, trainer, visible, seen):
    monkeypatch.setattr(machine.multiprocessing, "current_process", lambda: SimpleNamespace(name=process))
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    machine.take_own_device(OmegaConf.create({"trainer": trainer}))
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == seen
    machine.take_own_device(OmegaConf.create({"trainer": trainer}))
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == seen


def test_workers_of_joblib_have_numbers():
    """What `take_own_device` goes by."""
    joblib = pytest.importorskip("joblib")
    names = joblib.Parallel(n_jobs=2)(
        joblib.delayed(lambda: multiprocessing.current_process().name)() for _ in range(2)
    )
    assert all(re.fullmatch(r"LokyProcess-\d+", name) for name in names)
