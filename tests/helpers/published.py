"""Weights that were published on this machine."""

import hashlib
from dataclasses import replace
from pathlib import Path

from facetrial.recognition.embedders.published.facts import PUBLISHED, Published


def known(name: str) -> Published:
    """What is known of published weights."""
    (found,) = [weights for weights in PUBLISHED if weights.name == name]
    return found


def published_in(file: Path, name: str) -> Published:
    """Weights that are known, as if `file` had been published as them."""
    checksum = f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    return replace(known(name), url=file.as_uri(), checksum=checksum)
