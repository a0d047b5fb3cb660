"""python train.py model=landmarks|recognizer: trains one of the two networks."""

import sys

import hydra
from hydra.utils import instantiate
from omegaconf import DictConfig

from facetrial.runtime.cli import check_command_line, friendly_errors


@hydra.main(config_path="conf", config_name="train", version_base="1.3")
@friendly_errors
def main(config: DictConfig) -> None:
    instantiate(config.model.train)(config)


if __name__ == "__main__":
    check_command_line(sys.argv[1:])
    main()
