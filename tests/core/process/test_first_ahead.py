"""Of the processes that Slurm starts at once, the first goes ahead."""

import threading
import time

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.core.process import first_ahead as module
from facetrial.core.process.first_ahead import come_together, first_ahead


@pytest.fixture
def step(monkeypatch):
    """Has this process be one of a Slurm step's two, of a given number."""
    monkeypatch.setattr(module, "_EVERY", 0.01)

    def be(number: int, job: str = "7") -> None:
        for name, value in {"NTASKS": "2", "PROCID": str(number), "JOB_ID": job}.items():
            monkeypatch.setenv(f"SLURM_{name}", value)

    return be


@pytest.fixture
def waiting(tmp_path, step):
    """What the other process says, and the thread that it is; this process is the first from then on."""
    waited: list[str] = []
    step(1)
    other = _other(tmp_path, waited)
    step(0)
    return waited, other


def _other(folder, waited):
    """The other process, in a thread; `waited` gets a word when it goes on, or why it does not."""

    def wait():
        try:
            with first_ahead(folder):
                waited.append("went on")
        except FacetrialError as error:
            waited.append(str(error))

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    time.sleep(0.1)
    return thread


def test_the_others_wait_until_the_first_has_come_to_where_all_work_together(tmp_path, waiting):
    waited, other = waiting
    with first_ahead(tmp_path):
        come_together(1)  # to train alone
        time.sleep(0.1)
        assert waited == []
        come_together(2)
        other.join(5)
        assert waited == ["went on"]


def test_they_go_on_where_the_first_had_nothing_to_share(tmp_path, waiting):
    waited, other = waiting
    with first_ahead(tmp_path / "."):
        pass
    other.join(5)
    assert waited == ["went on"]


def test_they_end_where_the_first_failed(tmp_path, waiting):
    waited, other = waiting
    with pytest.raises(KeyError), first_ahead(tmp_path):
        raise KeyError("what it fails by")
    other.join(5)
    assert waited == ["the first process of this Slurm step failed; its output says why."]


def test_what_an_earlier_job_left_in_the_folder_means_nothing(tmp_path, step):
    step(0, job="6")
    with first_ahead(tmp_path):
        come_together(2)
    waited: list[str] = []
    step(1, job="7")
    other = _other(tmp_path, waited)
    assert waited == []
    step(0, job="7")
    with first_ahead(tmp_path):
        pass
    other.join(5)
    assert waited == ["went on"]


def test_one_process_leaves_no_sign(tmp_path, monkeypatch):
    for tasks in (None, "1"):
        if tasks is not None:
            monkeypatch.setenv("SLURM_NTASKS", tasks)
            monkeypatch.setenv("SLURM_PROCID", "0")
        with first_ahead(tmp_path):
            come_together(2)
        assert list(tmp_path.iterdir()) == []
