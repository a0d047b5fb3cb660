"""Weights that are published on this machine, for tests of who asks for them by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from facetrial.recognition.embedders.published import fetching
from tests.helpers.published import published_in


@pytest.fixture
def published_by(monkeypatch, tmp_path) -> Callable[[str, Callable[[Path], object]], Path]:
    """Publishes, under a known name, what a function writes; torch's cache is empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    def publish(name: str, write: Callable[[Path], object]) -> Path:
        file = tmp_path / "published"
        write(file)
        monkeypatch.setattr(fetching, "PUBLISHED", (published_in(file, name),))
        return file

    return publish
