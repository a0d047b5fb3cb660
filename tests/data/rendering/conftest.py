"""Drawn faces that several tests look at."""

import pytest
import torch

from facetrial.data.rendering.renderer import render

SIZE = 64


@pytest.fixture(scope="module")
def portraits():
    """8 people x 8 pictures."""
    return render(0, torch.arange(8).repeat_interleave(8), torch.arange(8).repeat(8), SIZE)
