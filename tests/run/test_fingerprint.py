"""The name under which a trial keeps its rows: what decides a row changes it, and nothing else."""

import pytest

from facetrial.core.provenance import package_code
from facetrial.run.fingerprint import _DECIDE_ROWS


@pytest.mark.parametrize("part", _DECIDE_ROWS)
def test_what_decides_rows_is_there(part):
    assert package_code(part)
