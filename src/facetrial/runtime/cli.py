"""What the entry points share."""

import copy
import functools
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from facetrial.core.errors import FacetrialError, visible
from facetrial.runtime.failures import forget_failure, write_failure
from facetrial.runtime.old_names import renamed_keys, use_new_targets
from facetrial.runtime.started import sweep_folder

log = logging.getLogger(__name__)


def friendly_errors(main: Callable[..., Any]) -> Callable[..., Any]:
    """Ends with a sentence and exit code 1, not with a traceback, when a user can put the cause right.

    In a sweep, whatever the cause, it is kept in the run's folder, and the other runs go on.
    """

    @functools.wraps(main)
    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        # A module of the user's lies where the command was started; Python itself looks beside the script.
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        import lightning.pytorch  # noqa: F401, sets its log level when it is imported: let that be before we do

        # Of Lightning, what needs attention: its tips and devices would bury ours.
        for name in ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero"):
            logging.getLogger(name).setLevel(logging.WARNING)
        warnings.filterwarnings("ignore", module=r"lightning\.")
        for handler in logging.getLogger().handlers:
            if not isinstance(handler.formatter, VisibleFormatter):
                handler.setFormatter(VisibleFormatter(handler.formatter))
        folder = sweep_folder()
        if folder is not None:
            forget_failure(folder)
        try:
            for argument in arguments:
                use_new_targets(argument)
            return main(*arguments, **keywords)
        except Exception as error:
            mistake = _mistake(error)
            if folder is None and mistake is None:
                raise
            if folder is None:
                log.error("%s", mistake)
                sys.exit(1)
            write_failure(folder, mistake or error)
            log.error("This run failed. %s", mistake or error, exc_info=mistake is None)
            return None

    return wrapped


class VisibleFormatter(logging.Formatter):
    """Lines as another formatter writes them, but that a name in what is said is nothing that a terminal obeys."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self.formatter = formatter or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        record.msg, record.args = visible(record.getMessage()), None
        return self.formatter.format(record)


def run_from_command_line(main: Callable[[], Any]) -> None:
    """Starts an entry point; where Hydra ends it, what Hydra would misunderstand or cannot explain is said."""
    words = sys.argv[1:]
    refuse_doubles(words)
    try:
        main()
    except SystemExit as ended:
        if ended.code:
            for sentence in renamed_keys(words):
                print(sentence, file=sys.stderr)
        raise


def refuse_doubles(words: Sequence[str]) -> None:
    """Ends with a sentence where a command line names a defence twice.

    Hydra would speak of parts of it that the user has never named, or lay one over the other without a word.
    """
    for word in words:
        for listed in re.findall(r"\[(.*?)\]", word) if word.startswith("defense=") else ():
            names = [name.strip() for name in listed.split(",")]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                sys.exit(
                    f"defense=[{listed}] names {', '.join(twice)} twice. Name each defence once, and change it with "
                    "defense.NAME.KEY=VALUE."
                )


def _mistake(error: BaseException | None) -> FacetrialError | None:
    """What a user can put right, in what was raised: Hydra wraps what a constructor raises."""
    while error is not None and not isinstance(error, FacetrialError):
        error = error.__cause__
    return error
