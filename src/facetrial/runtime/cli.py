"""What the entry points share."""

import functools
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from facetrial.core.errors import FacetrialError
from facetrial.core.files import why_not_written
from facetrial.runtime.failures import forget_failure, write_failure
from facetrial.runtime.old_names import renamed_keys, use_new_targets
from facetrial.runtime.started import output_folder, sweep_folder

log = logging.getLogger(__name__)


def friendly_errors(main: Callable[..., Any]) -> Callable[..., Any]:
    """Ends with a sentence and exit code 1, not with a traceback, when a user can put the cause right.

    In a sweep, whatever the cause, it is kept in the run's folder, and the other runs go on, unless it cannot be kept.
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
        logging.raiseExceptions = False  # a log that cannot be written stops nothing, and has no traceback
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
            log.error("This run failed. %s", mistake or error, exc_info=mistake is None)
            try:
                write_failure(folder, mistake or error)
            except FacetrialError as unwritten:  # nor could any other run of the sweep be kept
                log.error("%s", unwritten)
                sys.exit(1)
            return None

    return wrapped


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


def _mistake(error: BaseException) -> FacetrialError | None:
    """What a user can put right, in what was raised: Hydra wraps what a constructor raises."""
    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, FacetrialError):
        inner = inner.__cause__
    if inner is None and (reason := why_not_written(error)) is not None:  # in a file that others write
        place = getattr(error, "filename", None) or output_folder() or "a file"
        inner = FacetrialError(
            f"cannot write {place}: {reason}. What was written whole before is kept. Make room, or choose another "
            "folder (paths.cache, paths.models or hydra.run.dir), and start again."
        )
    return inner
