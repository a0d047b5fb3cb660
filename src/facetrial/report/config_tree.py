"""The composed config on the console, as a tree."""

from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, ListConfig, OmegaConf
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from facetrial.core.errors import visible


class PrintConfig(Callback):
    """Hydra's callback that prints the config of each job before it starts."""

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        Console().print(config_tree(config))


def config_tree(config: DictConfig) -> Tree:
    """All keys of a config with their values, resolved; Hydra's own are left out."""
    tree = Tree("config")
    for key in config:
        if key != "hydra":
            _add(tree, str(key), config, key)
    return tree


def _add(tree: Tree, name: str, config: DictConfig | ListConfig, key: Any) -> None:
    missing = OmegaConf.is_missing(config, key)
    value = "???" if missing else config[key]
    if isinstance(value, DictConfig) and value:
        branch = tree.add(Text(name, "bold"))
        for inner in value:
            _add(branch, str(inner), value, inner)
        return
    plain = OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
    said = "null" if plain is None else str(plain).lower() if isinstance(plain, bool) else str(plain)
    tree.add(Text.assemble((name, "bold"), ": ", visible(said)))
