"""Whom an attack asks: who shows no slope is not asked for one, in the victim's place neither."""

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.run.context import TrialContext
from tests.helpers.configs import composed

SERVICE = ["embedder=http", "embedder.url=http://127.0.0.1:1/"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*SERVICE, "attack=pgd"], "embedder=http answers and shows no slope, by which attack=pgd goes"),
        ([*SERVICE, "attack=patch"], "attack=square"),
        (["attack=transfer", "attack.surrogate=http"], "embedder=http answers and shows no slope"),
    ],
)
def test_slopes_of_who_has_none(tmp_path, words, said):
    with pytest.raises(FacetrialError, match=said):
        TrialContext(composed(tmp_path, *words), tmp_path).attack  # noqa: B018


@pytest.mark.parametrize("attack", ["random", "square", "hop_skip_jump", "best_of", "one_pixel", "transfer"])
def test_what_needs_none(tmp_path, attack):
    words = ["attack.surrogate=mobilefacenet"] if attack == "transfer" else []
    assert TrialContext(composed(tmp_path, *SERVICE, f"attack={attack}", *words), tmp_path).attack is not None
