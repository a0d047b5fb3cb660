"""The exceptions for what a user can put right: bad data, files, config values. And text that is safe to show."""

import re

# Control characters, those that turn the direction of writing, and separators of lines; a tab and a line end stay.
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Text from outside, such as names of files, with what a terminal obeys written out: an escape becomes \\x1b."""
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)


class FacetrialError(ValueError):
    """Says what was found, what was expected and what to do next. Entry points print it without a traceback."""

    def __str__(self) -> str:
        return visible(super().__str__())


class Diverged(FacetrialError):
    """What a part of training says that cannot work with the recogniser as it has become."""


class Damaged(FacetrialError):
    """A file of ours that is not as it was written."""


def first_line(error: BaseException) -> str:
    """The type and the first line of what other people's code raised, for a message."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def out_of_memory(error: BaseException) -> bool:
    """Whether a device was short of memory, as torch says it: its allocator, or what launches past it."""
    return type(error).__name__ == "OutOfMemoryError" or (
        isinstance(error, RuntimeError) and "out of memory" in str(error).lower()
    )
