"""How a tiny landmark network is made, within seconds."""

from pathlib import Path

from hydra import compose, initialize_config_dir

from facetrial.landmarks.plan import LandmarkPlan
from tests.helpers.paths import ROOT

TINY = [
    "model.network.widths=[4,4,8,8]",
    "model.network.blocks=[0,0,0,0]",
    "model.network.hidden=16",
    "logger=none",
    "callbacks=none",
    "trainer.accelerator=cpu",
    "trainer.enable_progress_bar=false",
    "trainer.max_epochs=2",
]


def tiny_plan(folder: Path, *overrides: str) -> LandmarkPlan:
    """The plan of `python train.py model=landmarks`, with a tiny network."""
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        places = [
            f"trainer.default_root_dir={folder}",
            f"paths.models={folder / 'models'}",
            f"paths.cache={folder / 'cache'}",
        ]
        words = ["model=landmarks", "landmarks=labels", *TINY, *places, *overrides]
        return LandmarkPlan.of(compose("train", words))
