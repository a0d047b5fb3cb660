"""A trial without a fault."""

import pytest

from tests.helpers.evidence import evidence_of, pgd, sound


@pytest.fixture(scope="module")
def healthy():
    return evidence_of(sound(), pgd())
