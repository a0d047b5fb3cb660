"""The commands on photographs in this process: how they end, and what they say."""

import contextlib
import io
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from tests.helpers.commands import Done
from tests.helpers.untouched import untouched

SMALL = ("embedder=small", "embedder.size=32", "embedder.channels=4", "trainer.accelerator=cpu")


def ask(main: Callable[[], None], home: Path, *words: str, settings: tuple[str, ...] = SMALL) -> Done:
    """A command started in `home` with these words, and by default settings of a network that was never trained."""
    shown, code = io.StringIO(), 0
    handler = logging.StreamHandler(shown)
    before = sys.argv
    with (
        untouched(),
        contextlib.chdir(home),
        contextlib.redirect_stdout(shown),
        contextlib.redirect_stderr(shown),
    ):
        logging.getLogger().addHandler(handler)
        sys.argv = ["facetrial", *words, *settings]
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            sys.argv = before
    return Done(code, shown.getvalue())
