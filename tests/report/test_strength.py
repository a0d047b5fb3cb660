"""How strong an attack was, as its config says it."""

from dataclasses import replace

import pytest

from facetrial.metrics.names import Chosen
from facetrial.report.strength import attack_in_words, strength
from facetrial.runtime.started import plain
from tests.helpers.configs import composed
from tests.helpers.made_up import about, made_up_rows, made_up_summary


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["attack=pgd"], "Linf 8/255, 40 steps"),
        (
            ["attack=pgd", "attack.budget.eps=2/255", "attack.method.restarts=5"],
            "Linf 2/255, 40 steps, 5 starts",
        ),
        (["attack=random"], "RMS 0.1"),
        (["attack=auto"], "Linf 8/255, pgd, apgd, targeted_apgd, fmn, square"),
        (["attack=square"], "Linf 8/255, 1,000 queries"),
        (["attack=five_pixels"], "5 pixels, 75 generations"),
        (["attack=patch"], "0.2 of the picture's area, fitted for 60 epochs"),
        (["attack=ddn", "attack/budget=l2"], "L2 10, 100 steps"),
    ],
)
def test_budget_and_length(tmp_path, overrides, said):
    assert strength(plain(composed(tmp_path, *overrides).attack)) == said


def test_an_attack_that_tells_nothing_is_named_alone():
    rows = made_up_rows({"A": 4}, 0.5)
    summary = made_up_summary(
        rows, about(attack="own"), {"A": 4}, attack_parts={"method": {"_target_": "my.Own"}}
    )
    assert attack_in_words(summary) == "own"


def test_what_was_changed_of_the_strength_is_said_once():
    rows = made_up_rows({"A": 4}, 0.5)
    chosen = Chosen.of("random", [], ["attack.budget.rms=0.18", "attack/region=eyes"])
    budget = {"_target_": "facetrial.attacks.RMS", "rms": 0.18}
    summary = made_up_summary(
        rows,
        replace(about(attack=chosen.attack_name), chosen=chosen),
        {"A": 4},
        attack_parts={"budget": budget},
    )
    assert summary.attack == "random (rms=0.18, region=eyes)"
    assert attack_in_words(summary) == "random (region=eyes) (RMS 0.18)"
