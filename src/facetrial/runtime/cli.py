"""What the entry points share."""

import contextlib
import copy
import functools
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from facetrial.core.errors import FacetrialError, visible
from facetrial.runtime.failures import forget_failure, set_apart, write_failure
from facetrial.runtime.machine import (
    machine_fault,
    print_in_any_encoding,
    take_own_device,
    was_interrupted,
    what_is_kept,
)
from facetrial.runtime.old_names import renamed_keys, use_new_targets
from facetrial.runtime.resolvers import run_name
from facetrial.runtime.started import overrides, sweep_folder

log = logging.getLogger(__name__)

_INTERRUPTED = 130  # the exit code that a shell gives what Ctrl-C ended


class _Said(SystemExit):
    """The end of a run of which it was said why it ended."""


def friendly_errors(main: Callable[..., Any]) -> Callable[..., Any]:
    """Ends with a sentence and exit code 1, not with a traceback, when a user can put the cause right.

    What the machine did is said with what is kept. Ctrl-C ends with a sentence and exit code 130, in a sweep too.
    Whatever else ends a run of a sweep is kept in the run's folder, and the other runs go on.
    """

    @functools.wraps(main)
    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        folder = sweep_folder()
        try:
            _make_ready()
            if folder is not None:
                if arguments:
                    take_own_device(arguments[0])
                forget_failure(folder)
            for argument in arguments:
                use_new_targets(argument)
            return main(*arguments, **keywords)
        except (KeyboardInterrupt, SystemExit) as ended:
            if not was_interrupted(ended):
                raise
            log.error("Stopped by Ctrl-C. %s", what_is_kept(*arguments[:1]))
            sys.exit(_INTERRUPTED)
        except Exception as error:
            mistake = _mistake(error) or machine_fault(error, *arguments[:1])
            log.debug("Where it was raised:", exc_info=error)
            if folder is None and mistake is None:
                raise
            if folder is None:
                log.error("%s", mistake)
                _set_apart(_mistake(error))
                raise _Said(1) from None
            log.error("This run failed. %s", mistake or error, exc_info=mistake is None)
            try:
                write_failure(folder, mistake or error)
            except (FacetrialError, OSError) as unwritten:
                # The others would end alike, and nobody would know.
                log.error("The sweep ends here. %s", _mistake(unwritten) or machine_fault(unwritten))
                sys.exit(1)
            return None

    return wrapped


def _set_apart(mistake: FacetrialError | None) -> None:
    """Has the folder of a run that came to nothing, by a user's mistake, out of the way of the others."""
    if mistake is None or not HydraConfig.initialized():
        return
    folder = Path(HydraConfig.get().runtime.output_dir)
    if folder.name == run_name(overrides()):  # and no folder that the user named
        with contextlib.suppress(FacetrialError, OSError):  # then it stays
            set_apart(folder, mistake)


def _make_ready() -> None:
    """Sees to it that the user's modules are found, and that what is said can be read."""
    print_in_any_encoding()
    # A module of the user's lies where the command was started; Python itself looks beside the script.
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    quiet_lightning()
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, VisibleFormatter):
            handler.setFormatter(VisibleFormatter(handler.formatter))
    logging.raiseExceptions = False  # a log that cannot be written stops nothing, and has no traceback


def quiet_lightning() -> None:
    """Lets Lightning say only what needs attention: its tips and devices would bury what we say."""
    import lightning.pytorch  # noqa: F401, sets its log level when it is imported: let that be before we do

    for name in ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module=r"lightning\.")


class VisibleFormatter(logging.Formatter):
    """Lines as another formatter writes them, but that a name in what is said is nothing that a terminal obeys."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self.formatter = formatter or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        record.msg, record.args = visible(record.getMessage()), None
        return self.formatter.format(record)


def run_from_command_line(
    main: Callable[[], Any], explain: Callable[[Sequence[str]], list[str]] = renamed_keys
) -> None:
    """Starts an entry point; where Hydra ends it, what Hydra would misunderstand or cannot explain is said.

    Args:
        main: the entry point.
        explain: gives a sentence for each word of a refused command line that has no meaning.
    """
    words = sys.argv[1:]
    print_in_any_encoding()
    refuse_doubles(words)
    try:
        main()
    except KeyboardInterrupt:  # before its part of the run begins, or between the runs of a sweep
        print(f"Stopped by Ctrl-C. {what_is_kept()}", file=sys.stderr)
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:  # who reads has read enough: `--help | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except SystemExit as ended:
        if ended.code and not isinstance(ended, _Said):
            for sentence in explain(words):
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


def _mistake(error: BaseException) -> FacetrialError | None:
    """What a user can put right, in what was raised: Hydra wraps what a constructor raises."""
    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, FacetrialError):
        inner = inner.__cause__
    return inner
