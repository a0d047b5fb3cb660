"""The command `facetrial`: each module but `main` and `options` is one of its commands, and is run as a script."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.commands.main import main

__all__ = ["main"]

export_on_demand(__name__)
