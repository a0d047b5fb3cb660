"""How far long work has come: who does it says so, and whoever shows it hears."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

GRADIENT = 3  # passes forward that one forward and backward take

Listener = Callable[[float], None]
_listeners: list[Listener] = []


def tick(passes: float) -> None:
    """Says that so many pictures went through a network, a gradient as `GRADIENT` of them."""
    for listener in _listeners:
        listener(passes)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Has what ticks heard while it lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
