"""python train.py model=landmarks|recognizer: trains one of the two networks."""

import hydra
from hydra.utils import instantiate
from omegaconf import DictConfig

from facetrial.runtime.cli import friendly_errors, run_from_command_line


@hydra.main(config_path="conf", config_name="train", version_base="1.3")
@friendly_errors
def main(config: DictConfig) -> None:
    from facetrial.runtime.settings import check_settings  # seconds, which `--help` does not need

    check_settings(config)
    plan = instantiate(config.model.plan).of(config)
    instantiate(config.model.train)(plan)


if __name__ == "__main__":
    run_from_command_line(main)
