"""facetrial evaluate attack=landmarks defense=adv: puts a recogniser on trial."""

import functools
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from facetrial.commands.words import misread
from facetrial.core.process.first_ahead import first_ahead
from facetrial.runtime.cli import friendly_errors, run_from_command_line
from facetrial.runtime.started import config_folder


@hydra.main(config_path=str(config_folder()), config_name="evaluate", version_base="1.3")
@friendly_errors
def main(config: DictConfig) -> float | None:
    from facetrial.run.evaluate import evaluate

    folder = Path(HydraConfig.get().runtime.output_dir)
    with first_ahead(folder):
        summary = evaluate(config, folder)
    return None if summary is None else summary.left_robust.value


def start() -> None:
    """Runs it with the words of the command line."""
    run_from_command_line(main, functools.partial(misread, "evaluate"))


if __name__ == "__main__":
    start()
