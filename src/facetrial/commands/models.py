"""facetrial models [--json]: the recognisers that there are published weights of, and what is known of each."""

import dataclasses
import json
import sys
from typing import Any

from omegaconf import OmegaConf

from facetrial.recognition.embedders.published.facts import PUBLISHED, Published
from facetrial.recognition.embedders.published.fetching import kept_at
from facetrial.runtime.cli import run_from_command_line
from facetrial.runtime.started import config_folder

_TABLE = (
    "embedder.weights=",
    "embedder=",
    "million parameters",
    "MB",
    "faces",
    "LFW published",
    "measured",
    "here",
)
_END = """\
LFW: the share of its 6,000 pairs that are verified; empty is not known, or was not measured. v is a pixel, 0 to 255.
What is not here is fetched when it is first used, once, and checked; FILE cannot be, and has to be given.
facetrial models --json has the same for programs. Other networks: embedder=own, embedder=onnx."""


def main() -> None:
    match sys.argv[1:]:
        case []:
            print(_table(), *map(_details, PUBLISHED), _END, sep="\n\n")
        case ["--json"]:
            print(json.dumps([_known(weights) for weights in PUBLISHED], indent=1))
        case _:
            sys.exit("facetrial models takes no words but --json.")


def _known(weights: Published) -> dict[str, Any]:
    """All that is known, as plain values: the facts, how faces are cut for it, and where its file is kept."""
    config = OmegaConf.load(config_folder() / "embedder" / f"{weights.embedder}.yaml")
    path = kept_at(weights)
    return {
        **dataclasses.asdict(weights),
        "words": weights.words,
        "size": config.size,
        "alignment": config.alignment,
        "kept_at": str(path),
        "here": path.is_file(),
    }


def _table() -> str:
    rows = [_TABLE, *(_row(weights) for weights in PUBLISHED)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _row(weights: Published) -> tuple[str, ...]:
    known = _known(weights)
    return (
        weights.name,
        weights.embedder,
        f"{weights.parameters / 1e6:.2f}",
        "" if weights.megabytes is None else f"{weights.megabytes:.1f}",
        f"{known['size']} {known['alignment']}",
        _share(weights.published),
        _share(weights.measured),
        "yes" if known["here"] else "",
    )


def _details(weights: Published) -> str:
    path = kept_at(weights)
    where = f"{path}, fetched from {weights.url}" if weights.url else f"FILE, or {path}: then by its name"
    facts = {
        "use": weights.words,
        "pixels": weights.standardisation,
        "measured": weights.measured_how,
        "licence": weights.licence,
        "source": weights.source,
        "file": where,
        "checksum": weights.checksum or "not known: what is fetched cannot be checked",
    }
    lines = [f"  {name:<9} {said}" for name, said in facts.items() if said]
    return "\n".join([f"{weights.name}: {weights.what}", *lines])


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    run_from_command_line(main)
