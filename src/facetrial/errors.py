"""The one exception for what a user can put right: bad data, bad files, bad config values."""


class FacetrialError(ValueError):
    """Says what was found, what was expected and what to do next. Entry points print it without a traceback."""
