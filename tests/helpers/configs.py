"""Configs as the entry points get them."""

from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from tests.helpers.paths import CONF


def named(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def composed(folder: Path, *overrides: str, entry: str = "evaluate") -> DictConfig:
    """The config of an entry point as `main` gets it, with Hydra's own part set."""
    overrides = [f"hydra.runtime.output_dir={folder}", f"paths.cache={folder}", *overrides]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(entry, overrides, return_hydra_config=True)
    HydraConfig.instance().set_config(config)
    with open_dict(config):
        del config["hydra"]
    OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    return config
