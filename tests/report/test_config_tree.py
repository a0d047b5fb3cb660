"""The composed config as a tree: every key with its value, and nothing of Hydra's own."""

import io

from omegaconf import OmegaConf
from rich.console import Console

from facetrial.report.config_tree import PrintConfig, config_tree


def printed(config) -> str:
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(config_tree(OmegaConf.create(config)))
    return console.export_text()


def test_every_key_stands_below_its_part_with_its_value():
    text = printed(
        {
            "attack": {"budget": {"eps": 8.0, "_target_": "facetrial.attacks.Linf"}, "surrogate": None},
            "defense": {},
            "resume": True,
            "same": "${attack.budget.eps}",
            "needed": "???",
            "list": ["[red]a", "b\x1b"],
            "hydra": {"verbose": True},
        }
    )
    lines = [line.strip("│├└─ ") for line in text.splitlines()]
    assert lines == [
        "config", "attack", "budget", "eps: 8.0", "_target_: facetrial.attacks.Linf", "surrogate: null",
        "defense: {}", "resume: true", "same: 8.0", "needed: ???", r"list: ['[red]a', 'b\x1b']",
    ]  # fmt: skip


def test_it_is_printed_before_a_job(capsys):
    PrintConfig().on_job_start(OmegaConf.create({"seed": 3, "hydra": {"verbose": True}}))
    assert "seed: 3" in capsys.readouterr().out
