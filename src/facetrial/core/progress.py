"""Progress of what takes a while: a bar in a terminal, a line now and then elsewhere."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from facetrial.core.process.ticks import heard_by

log = logging.getLogger(__name__)

_EVERY = 30.0  # seconds between lines
_REDRAW = 0.2  # seconds between two moves of a bar
_WORTH_SAYING = 10.0  # seconds


@contextmanager
def progress_bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; yields the function that moves it on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # A console of its own, since only one bar may live on each.
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(description, total=total)
        yield lambda count: progress.advance(task, count)


class LongWork:
    """How far work on many items has come that is over sooner for some than for others: its share only grows.

    Args:
        items: how many, such as pictures.
        passes: of a network for each, at most.
        show: is told the share that is done, and the seconds that the rest takes at most.
        clock: seconds.
    """

    def __init__(
        self,
        items: int,
        passes: float,
        show: Callable[[float, float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._items, self._passes = items, passes
        self._done, self._within, self._share = 0, 0.0, 0.0
        self._show, self._clock, self._started = show, clock, clock()

    def passed(self, passes: float) -> None:
        """So many passes of the items that are worked on are done."""
        self._within += passes
        self._grow()

    def over(self, items: int) -> None:
        """So many items are done with, however many passes they took."""
        self._done, self._within = self._done + items, 0.0
        self._grow()

    def _grow(self) -> None:
        now = (self._done + self._within / self._passes) / self._items
        self._share = max(self._share, min(now, 1.0))
        if self._share > 0:
            self._show(self._share, (self._clock() - self._started) * (1 / self._share - 1))


@contextmanager
def long_work(description: str, items: int, passes: float, shown: bool = True) -> Iterator[LongWork]:
    """Shows how far what ticks has come: a bar in a terminal, elsewhere a line in the log every half minute.

    Args:
        description: of the work.
        items, passes: as for `LongWork`.
        shown: whether anything is.
    """
    console = Console(stderr=True)
    drawn = shown and console.is_terminal
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}"),
    )
    progress = Progress(*columns, console=console) if drawn else nullcontext()
    with progress as bar:
        task = None if bar is None else bar.add_task(description, total=1.0, left="")
        last = time.monotonic()

        def show(share: float, seconds: float) -> None:
            nonlocal last
            if time.monotonic() - last < (_REDRAW if drawn else _EVERY):
                return
            last = time.monotonic()
            left = f"{in_short(seconds)} more at most"
            if bar is not None and task is not None:
                bar.update(task, completed=share, left=left)
            else:
                log.info("%s: %.0f %%, %s.", description, 100 * share, left)

        work = LongWork(items, passes, show if shown else lambda *_: None)
        with heard_by(work.passed):
            yield work


def in_short(seconds: float) -> str:
    """A time in words.

    >>> in_short(42), in_short(200), in_short(9000)
    ('42 s', '3 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def estimate_in_words(seconds: float) -> str | None:
    """ "about 3 min"; None where it is not worth a word.

    >>> estimate_in_words(200), estimate_in_words(9000), estimate_in_words(2)
    ('about 3 min', 'about 2.5 h', None)
    """
    if seconds < _WORTH_SAYING:
        return None
    return f"about {in_short(10 * round(seconds / 10) if seconds < 90 else seconds)}"
