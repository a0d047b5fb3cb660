"""Charts and their series refuse what cannot be drawn."""

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.report.rendering.components import Chart, Series


def test_mistakes_are_named():
    with pytest.raises(FacetrialError, match="expected 2 of y, as of x, found 1"):
        Series("s", [1, 2], [1])
    with pytest.raises(FacetrialError, match="numbers above 0"):
        Chart("c", "", "", "", "", [Series("s", [0, 1], [1, 1])], log_x=True)
