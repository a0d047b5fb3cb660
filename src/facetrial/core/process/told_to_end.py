"""What a process does when it is told to end."""

import signal
import threading
from types import FrameType


def ends_when_told() -> None:
    """Has SIGTERM end the process at once, as Ctrl-C does, until Lightning puts back what was there before.

    Lightning notes the signal and asks for it between batches of a training; a test loop never does, and would go on
    to its end. Outside the main thread, where no signal can be heard, nothing is changed.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
