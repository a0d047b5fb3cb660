"""Two processes of one Trainer, on the CPU: nothing is done twice, and the rows are those of one process."""

import os
import socket
import subprocess
import sys

import pandas as pd

from facetrial.runtime.checkpoints import load_checkpoint
from tests.helpers.commands import TINY, command, results, run, start, words_of
from tests.helpers.paths import ROOT

DDP = ["trainer.accelerator=cpu", "trainer.devices=2", "trainer.strategy=ddp"]
FITTED = [*TINY, "attack=universal", "attack.method.epochs=2", "attack/region=eyes", "data.batch_size=2"]


def test_an_attack_is_fitted_once_and_leaves_the_rows_of_one_process(tmp_path):
    alone = run(tmp_path, *FITTED, out="one")
    assert alone.returncode == 0, alone.said
    done = start(tmp_path, *FITTED, *DDP, out="two")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count("Fitting the attack on") == 1
    (_, rows), (_, whole) = results(tmp_path / "two"), results(tmp_path / "one")
    exact = ["file", "linf", "pixels_changed", "picture_digest", "predicted_attacked"]
    pd.testing.assert_frame_equal(rows[exact], whole[exact], check_exact=True)


def test_a_recogniser_is_trained_by_both_and_its_head_fitted_once(tmp_path):
    words = [word for word in words_of(tmp_path, *TINY) if not word.startswith("landmarks")]
    place = f"hydra.run.dir={tmp_path / 'train'}"
    done = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *words, "model=recognizer", *DDP, place],
        cwd=tmp_path, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count("Fitting the head on") == said.count("Saved ") == 1
    (path,) = (tmp_path / "models").glob("recognizer-*.ckpt")
    assert 0 <= load_checkpoint(path, "recognizer")["metrics"]["test/head_accuracy"] <= 1


def _as_slurm_starts(home, words):
    """What two processes say that Slurm starts at once, one on each of two nodes, and their exit codes."""
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    step = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "1", "SLURM_NNODES": "2"}
    at = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "SLURM_LOCALID": "0"}
    processes = [
        subprocess.Popen(
            words, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | step | at | {"SLURM_PROCID": str(number), "SLURM_NODEID": str(number)},
        )
        for number in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=500)[0] for process in processes]
    return "\n".join(said), [process.returncode for process in processes]


def test_two_nodes_of_slurm_do_nothing_twice_and_leave_the_rows_of_one_process(tmp_path):
    alone = run(tmp_path / "alone", *FITTED, out="one")
    assert alone.returncode == 0, alone.said
    nodes = ["trainer.accelerator=cpu", "trainer.num_nodes=2", "trainer.strategy=ddp"]
    said, codes = _as_slurm_starts(tmp_path, command(tmp_path, *FITTED, *nodes, out="two"))
    assert codes == [0, 0], said
    assert said.count("training it first") == said.count("Fitting the attack on") == 1
    (_, rows), (_, whole) = results(tmp_path / "two"), results(tmp_path / "alone" / "one")
    exact = ["file", "linf", "pixels_changed", "picture_digest", "predicted_attacked"]
    pd.testing.assert_frame_equal(rows[exact], whole[exact], check_exact=True)


def test_a_node_of_slurm_ends_where_the_first_fails(tmp_path):
    nodes = ["trainer.accelerator=cpu", "trainer.num_nodes=2", "trainer.strategy=ddp"]
    said, codes = _as_slurm_starts(tmp_path, command(tmp_path, *TINY, *nodes, "data.people=1", out="two"))
    assert codes == [1, 1], said
    assert "the first process of this Slurm step failed" in said
