"""Of drawn faces."""

from facetrial.faces.landmark_names import LANDMARK_NAMES


def at(name: str) -> int:
    return LANDMARK_NAMES.index(name)
