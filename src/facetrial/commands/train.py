"""facetrial train model=recognizer|landmarks: trains one of the two networks."""

import functools
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig

from facetrial.commands.words import misread
from facetrial.core.process.first_ahead import first_ahead
from facetrial.runtime.cli import friendly_errors, run_from_command_line
from facetrial.runtime.started import config_folder


@hydra.main(config_path=str(config_folder()), config_name="train", version_base="1.3")
@friendly_errors
def main(config: DictConfig) -> None:
    from facetrial.runtime.settings import check_settings

    check_settings(config)
    plan = instantiate(config.model.plan).of(config)
    with first_ahead(Path(HydraConfig.get().runtime.output_dir)):
        instantiate(config.model.train)(plan)


def start() -> None:
    """Runs it with the words of the command line."""
    run_from_command_line(main, functools.partial(misread, "train"))


if __name__ == "__main__":
    start()
