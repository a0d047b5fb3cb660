"""The exceptions for what a user can put right: bad data, bad files, bad config values."""


class FacetrialError(ValueError):
    """Says what was found, what was expected and what to do next. Entry points print it without a traceback."""


class Diverged(FacetrialError):
    """What a part of training says that cannot work with the recogniser as it has become."""


class Damaged(FacetrialError):
    """A file of ours that is not as it was written."""


def first_line(error: BaseException) -> str:
    """The type and the first line of what other people's code raised, for a message."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
