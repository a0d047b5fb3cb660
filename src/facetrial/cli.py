"""What the entry points share."""

import functools
import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

import lightning.pytorch  # noqa: F401, sets its log level when it is imported: let that be before `explained` does

import facetrial.config  # noqa: F401, registers the resolvers that the configs use
from facetrial.errors import FacetrialError

log = logging.getLogger(__name__)


def explained(main: Callable[..., Any]) -> Callable[..., Any]:
    """Ends with a sentence and exit code 1, not with a traceback, when a user can put the cause right."""

    @functools.wraps(main)
    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        # A module of the user's lies where the command was started; Python itself looks beside the script.
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        # Of Lightning, what needs attention: its tips and devices would bury ours.
        for name in ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero"):
            logging.getLogger(name).setLevel(logging.WARNING)
        warnings.filterwarnings("ignore", module=r"lightning\.")
        try:
            return main(*arguments, **keywords)
        except FacetrialError as error:
            return _end(error)
        except Exception as error:
            cause: BaseException | None = error
            while cause is not None:  # Hydra wraps what a constructor raises
                if isinstance(cause, FacetrialError):
                    return _end(cause)
                cause = cause.__cause__
            raise

    return wrapped


def _end(error: FacetrialError) -> None:
    log.error("%s", error)
    sys.exit(1)
