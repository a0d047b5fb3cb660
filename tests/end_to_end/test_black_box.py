"""Trials of recognisers without slopes: verdicts are those of the same network in process, whatever is killed."""

import contextlib
import os
import subprocess
import time

import numpy as np
import pytest

from tests.helpers.commands import command, results, run
from tests.helpers.paths import ROOT
from tests.helpers.service import command as service_command
from tests.helpers.service import free_port, serving

SIZE = "embedder.size=48"
IN_PROCESS = ["embedder=own", "embedder._target_=tests.helpers.served.Network", SIZE, "trainer.max_epochs=0"]
SQUARE = [
    "attack=square",
    "attack.budget.eps=24",
    "attack.method.queries=12",
    "attack.fast=false",
    "data.limit=10",
]
VERDICTS = [
    f"{what}_{version}" for what in ("predicted", "correct") for version in ("clean", "attacked", "8bit")
]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
    "OMP_NUM_THREADS": "1",
}


def by_http(url, *more):
    return ["embedder=http", f"embedder.url={url}", SIZE, "trainer.max_epochs=0", *more]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("black_box")


@contextlib.contextmanager
def started(words, said):
    """A process that is killed when the block ends; what it says goes to the end of the file `said`."""
    with said.open("a") as file:
        process = subprocess.Popen(words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=file)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def answered(log):
    return log.read_text().split() if log.is_file() else []


def test_a_service_that_dies_and_a_trial_that_is_killed(home):
    port, log, said = free_port(), home / "answered", home / "said"
    words = by_http(f"http://127.0.0.1:{port}/", "embedder.encoding=float32", "embedder.patience=120")
    trial = command(home, *words, *SQUARE, out="http")
    stalls = service_command(port, log, stall_after=60)
    with started(stalls, said) as service, started(trial, said) as killed:
        while len(answered(log)) < 60:
            assert killed.poll() is None, said.read_text()
            time.sleep(0.1)
        time.sleep(0.5)  # the next request is there by now, and is not answered
    before, starts = answered(log), 0
    with started(trial, said) as again:
        while again.poll() is None:
            starts += 1
            with started(service_command(port, log, die_after=25, every=4), said) as service:
                while again.poll() is None and service.poll() is None:
                    time.sleep(0.1)
        assert again.returncode == 0, said.read_text()
    assert starts >= 2
    assert len(answered(log)) > len(before)
    assert len(answered(log)) == len(set(answered(log)))
    done = run(home, *IN_PROCESS, *SQUARE, out="in_process")
    assert done.returncode == 0, done.said
    (found, rows), (_, expected) = results(home / "http"), results(home / "in_process")
    assert rows[VERDICTS].equals(expected[VERDICTS])
    assert np.allclose(rows["margin_attacked"], expected["margin_attacked"], atol=1e-3)
    assert rows["queries"].tolist() == expected["queries"].tolist()
    assert found["trusted"], found["checks"]


def test_pictures_are_those_of_files_and_the_budget_is_kept_to(home):
    noise = ["attack=random", "attack.budget.rms=0.2"]
    assert run(home, *IN_PROCESS, *noise, out="noise").returncode == 0
    with serving() as service:
        words = by_http(service.url, *noise)
        done = run(home, *words, "embedder.budget=50", out="noise_http")
        assert done.returncode == 1
        assert "embedder.budget=50 is used up" in done.said
        assert len(service.answered) == 50
        done = run(home, *words, "embedder.budget=1000", out="noise_http")
        assert done.returncode == 0, done.said
        assert len(service.answered) == len(set(service.answered))
    (found, rows), (_, expected) = results(home / "noise_http"), results(home / "noise")
    for version in ("clean", "8bit"):
        assert rows[f"predicted_{version}"].equals(expected[f"predicted_{version}"])
        assert np.allclose(rows[f"margin_{version}"], expected[f"margin_{version}"], atol=1e-3)
    assert found["trusted"], found["checks"]
    assert found["black_box"]
    assert found["cost"] is None
    assert found["embedder"] == f"http ({service.url.removeprefix('http://')}, png)"
    for check in ("true_slopes", "reference", "same_alone"):
        assert found["checks"][check]["passed"] is None
    assert "shows no slope" in found["checks"]["true_slopes"]["detail"]
    assert "shows no slope" in found["checks"]["reference"]["detail"]
    assert "Next: attack=square" in done.said
    # All is kept: the same trial in another folder asks nobody.
    assert run(home, *words, out="noise_again").returncode == 0
    assert results(home / "noise_again")[1][VERDICTS].equals(rows[VERDICTS])


NOBODY = by_http("http://127.0.0.1:1/")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["attack=pgd"], r"embedder=http answers and shows no slope, by which attack=pgd goes"),
        (["attack=auto"], "attack=square"),
        (["attack=universal"], "attack=hop_skip_jump"),
        (["attack=transfer", "attack.surrogate=command"], "embedder=command answers and shows no slope"),
        (["trainer.max_epochs=3"], "take it as it is, trainer.max_epochs=0"),
        (["defense=adv_pgd"], "trains against|take it as it is"),
    ],
)
def test_what_needs_slopes_is_refused_before_anybody_is_asked(home, words, said):
    done = run(home, *NOBODY, *words, out="refused")
    assert done.returncode == 1
    assert "cannot be reached" not in done.said
    assert any(part in done.said for part in said.split("|")), done.said


def test_who_scores_people_itself(home):
    words = [
        "embedder=callable",
        "embedder.function=tests.helpers.served.score",
        SIZE,
        "trainer.max_epochs=0",
    ]
    done = run(home, *words, "model/head=scores", "attack=landmarks", out="scores")
    assert done.returncode == 0, done.said
    found, _ = results(home / "scores")
    assert found["trusted"], found["checks"]
    assert found["clean_accuracy"]["value"] > 0.5
    done = run(home, *words, out="wrong")
    assert done.returncode == 1
    assert "model/head=scores" in done.said
