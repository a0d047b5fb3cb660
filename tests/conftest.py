"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest
import torch
from hydra.core.hydra_config import HydraConfig

from tests.helpers.made_up import CHECKS

if "PYTEST_XDIST_WORKER" in os.environ:
    # Side by side, each takes one core, and so does what it starts.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
torch.set_num_threads(1)  # tiny networks run fastest on one thread, above all on a busy machine


@pytest.fixture(autouse=True)
def _same_start():
    torch.manual_seed(0)


def _keep_hydras_config():
    before = HydraConfig.instance().cfg
    yield
    HydraConfig.instance().cfg = before


@pytest.fixture(autouse=True)
def _no_trace_in_hydra():
    """A config that a test composes is Hydra's only until the test ends: it may say that this is a sweep."""
    yield from _keep_hydras_config()


@pytest.fixture(autouse=True, scope="module")
def _no_trace_of_a_module_in_hydra():
    """The same of what a module's tests share."""
    yield from _keep_hydras_config()


@pytest.fixture
def checks() -> dict:
    """What the checks of a made-up trial say."""
    return dict(CHECKS)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photographs and weights; tests that ask for it are skipped where it is absent."""
    folder = Path(os.environ.get("FACETRIAL_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(
            f"no real faces at {folder}: set FACETRIAL_SHARED to the folder that holds data/ and weights/"
        )
    return folder
