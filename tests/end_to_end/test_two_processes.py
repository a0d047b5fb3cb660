"""Two processes of one Trainer, on the CPU: nothing is done twice, and the rows are those of one process."""

import subprocess
import sys

import pandas as pd

from facetrial.runtime.checkpoints import load_checkpoint
from tests.helpers.commands import TINY, results, run, start, words_of
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
