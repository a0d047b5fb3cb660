"""What a process keeps for its next trial: in a sweep a hundred trials have one recogniser and one set of faces."""

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")

_on = False
_all: "WeakSet[Kept[Any]]" = WeakSet()


class Kept(Generic[T]):
    """The last few things of a kind, each under a name for all that decides it. Nothing is kept but in `keeping`.

    Whoever keeps a thing hands out copies of it, or has it read-only: a trial may not change what the next one gets.

    Args:
        most: how many are kept; of more, the one that was longest not asked for goes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[str, tuple[T, Any]] = OrderedDict()
        _all.add(self)

    def recalled(self, name: str | None, of: object = None) -> T | None:
        """What was kept under this name; None where nothing was, or what it was of is another object.

        Args:
            name: None for what nobody can name, and is not kept.
            of: as for `keep`.
        """
        found = self._things.get(name) if _on and name is not None else None
        if found is None or name is None or found[1] is not of:
            return None
        self._things.move_to_end(name)
        return found[0]

    def keep(self, name: str | None, thing: T, of: object = None) -> None:
        """Keeps a thing.

        Args:
            name: as for `recalled`.
            thing: to be kept.
            of: an object that nobody writes into, such as read-only pictures: what is of another one is another
                thing, and its content need not be in the name.
        """
        if not _on or name is None:
            return
        self._things[name] = (thing, of)
        self._things.move_to_end(name)
        while len(self._things) > self._most:
            self._things.popitem(last=False)

    def copy_of(self, name: str | None, make: Callable[[], T]) -> T:
        """What `make` gives, or a copy, deep down, of what it gave under this name."""
        found = self.recalled(name)
        if found is not None:
            return copy.deepcopy(found)
        made = make()
        if _on and name is not None:
            self.keep(name, copy.deepcopy(made))
        return made


@contextmanager
def keeping(on: bool = True) -> Iterator[None]:
    """Lets things be kept, and found again, while it lasts; what is kept stays for the next time."""
    global _on
    before, _on = _on, on
    try:
        yield
    finally:
        _on = before


def keeps() -> bool:
    """Whether things are kept now."""
    return _on


def forget() -> None:
    """Lets go of all that is kept."""
    for kept in _all:
        kept._things.clear()
