"""Who cannot be followed along slopes is refused to attacks that go by them, before anything is made."""

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.run.context import TrialContext
from tests.helpers.configs import composed

HTTP = ("embedder=http", "embedder.url=http://127.0.0.1:9/")


def asked(folder, *overrides):
    return TrialContext(composed(folder, *overrides), folder).attack


@pytest.mark.parametrize("attack", ["pgd", "auto", "fmn", "universal"])
def test_what_goes_by_slopes_is_refused_of_who_shows_none(tmp_path, attack):
    with pytest.raises(
        FacetrialError, match=rf"embedder=http answers and shows no slope.*attack={attack} goes"
    ):
        asked(tmp_path, *HTTP, f"attack={attack}")


@pytest.mark.parametrize("attack", ["random", "landmarks", "square", "hop_skip_jump", "one_pixel"])
def test_what_asks_for_scores_alone_is_not(tmp_path, attack):
    assert not asked(tmp_path, *HTTP, f"attack={attack}").method.asks_gradient


def test_a_surrogate_without_slopes_is_refused_by_its_own_name(tmp_path):
    with pytest.raises(
        FacetrialError, match=r"embedder=http answers and shows no slope.*attack=transfer goes"
    ):
        asked(tmp_path, "attack=transfer", "attack.surrogate=http")
