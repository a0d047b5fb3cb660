import pytest

from tests.evaluation.made_up import CHECKS


@pytest.fixture
def checks() -> dict:
    return {name: dict(check) for name, check in CHECKS.items()}
