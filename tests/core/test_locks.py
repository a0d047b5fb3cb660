"""Of several processes that need one file made, one makes it."""

import errno
import fcntl
import multiprocessing
import os
import signal
import time

from facetrial.core.locks import file_lock

START = multiprocessing.get_context("fork")


def make(path, log):
    """What a job does that needs `path`, and a line in `log` where it had to make it."""
    with file_lock(path):
        if not path.exists():
            with log.open("a") as lines:
                lines.write("made\n")
            time.sleep(0.3)
            path.touch()


def hold(path, held):
    with file_lock(path):
        held.set()
        time.sleep(60)


def test_side_by_side_it_is_made_once(tmp_path):
    path, log = tmp_path / "models" / "network.ckpt", tmp_path / "log"
    jobs = [START.Process(target=make, args=(path, log)) for _ in range(3)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(60)
    assert [job.exitcode for job in jobs] == [0, 0, 0]
    assert log.read_text() == "made\n"
    assert [p.name for p in path.parent.iterdir()] == [path.name]  # no lock is left


def test_who_is_killed_holds_nothing(tmp_path):
    path, held = tmp_path / "network.ckpt", START.Event()
    job = START.Process(target=hold, args=(path, held))
    job.start()
    assert held.wait(60)
    os.kill(job.pid, signal.SIGKILL)
    job.join(60)
    make(path, tmp_path / "log")
    assert path.exists()


def test_within_itself_and_below_a_trainer_nobody_waits(tmp_path, monkeypatch):
    path, held = tmp_path / "network.ckpt", START.Event()
    with file_lock(path), file_lock(path):
        pass
    job = START.Process(target=hold, args=(path, held))
    job.start()
    assert held.wait(60)
    monkeypatch.setenv("LOCAL_RANK", "1")
    with file_lock(path):
        assert job.is_alive()
    job.kill()
    job.join(60)


def test_a_file_system_that_knows_no_locks_is_told_of_and_worked_on(tmp_path, monkeypatch, caplog):
    def no_locks(file, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    for name in ("first", "second"):
        make(tmp_path / name, tmp_path / "log")
        assert (tmp_path / name).exists()
    assert (
        caplog.text.count("cannot be locked (No locks available): let one process at a time work there") == 1
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "log", "second"]
