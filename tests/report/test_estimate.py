"""How long an attack may take, by its settings."""

import pytest

from facetrial.report.estimate import most_passes
from tests.helpers.configs import composed, named


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        (["attack=random"], 1),
        (["attack=best_of"], 11),
        (["attack=pgd", "attack.method.targets=0"], 3 * 40 + 1),
        (["attack=pgd", "attack.method.targets=3", "attack.method.restarts=2"], 3 * 40 * 5 + 1),
        (["attack=square"], 1000),
        (["attack=one_pixel"], 400 * 76),
        (["attack=patch"], 1 + 3 * 60 * 2.5),
        (["attack=cw"], 3 * 600 + 1),
    ],
)
def test_passes_of_a_picture(tmp_path, words, passes):
    method = composed(tmp_path, *words).attack.method
    assert most_passes(method, fitted_on=2.5) == pytest.approx(passes, abs=1)


def test_a_sequence_takes_as_long_as_its_parts(tmp_path):
    method = composed(tmp_path, "attack=auto").attack.method
    assert most_passes(method) == sum(most_passes(part) for part in method.methods.values()) > 5000


def test_settings_of_a_method_of_somebodys_own_may_mean_anything():
    assert most_passes({"epochs": None, "generations": 3, "queries": "many", "steps": [1, 2]}) == 1
    assert most_passes({"methods": {"own": "<Own object>", "pgd": {"steps": 40}}}) == 3 * 40 + 1


@pytest.mark.parametrize("name", named("attack"))
def test_of_every_attack_it_is_known(tmp_path, name):
    assert most_passes(composed(tmp_path, f"attack={name}").attack.method, 2.0) >= 1
