"""What a trial says last: every suggestion is words that its command takes."""

import re
from dataclasses import replace

import pytest

from facetrial.metrics.parts import Outcome
from facetrial.report.closing import closing_lines, next_steps, strength_sentence
from facetrial.run.context import TrialContext
from facetrial.statistics.intervals import Interval
from tests.helpers.configs import composed
from tests.helpers.sweeps import made_up_trials

RMS = {"budget": {"_target_": "facetrial.attacks.RMS", "rms": 0.1}, "adaptive": True, "surrogate": None}
SECOND = (
    "weak on purpose (noise: it asks nobody): a second attack, of other code, brings down 9 of 9 pictures"
)


@pytest.fixture
def noise():
    """A trial of noise on drawn faces."""
    (summary, _), *_ = made_up_trials(synthetic=True)
    checks = {**summary.checks, "reference": Outcome(True, SECOND)}
    return replace(summary, weak_on_purpose="noise: it asks nobody", checks=checks, attack_parts=RMS)


@pytest.fixture
def full(noise):
    """One of an attack in full strength that left little, on photographs."""
    left = Interval(0.2, 0.1, 0.3, 40)
    return replace(noise, weak_on_purpose=None, checks={}, synthetic=False, robust_accuracy=left)


def test_the_report_comes_last_and_what_to_try_before_it(noise, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = closing_lines(noise, tmp_path / "outputs" / "run")
    assert lines[-1] == "Report: outputs/run/report.html"
    assert [line.partition(":")[0] for line in lines] == ["Strength", "Next", "Next", "Report"]
    monkeypatch.chdir("/")
    assert str(tmp_path / "report.html").endswith(closing_lines(noise, tmp_path)[-1].removeprefix("Report: "))


def test_how_strong_it_was_comes_with_what_a_second_attack_found(noise, full):
    assert strength_sentence(noise) == f"random (RMS 0.1) is {SECOND}."
    without = replace(noise, checks={})
    assert strength_sentence(without) == "random (RMS 0.1) is weak on purpose (noise: it asks nobody)."
    unknown = "random (RMS 0.1) is in full strength by its kind; no second attack was held against it."
    assert strength_sentence(full) == unknown
    found = replace(full, checks={"reference": Outcome(True, "a second attack brings down 0 of 3")})
    assert strength_sentence(found).endswith("by its kind; a second attack brings down 0 of 3.")
    nothing = replace(full, checks={"reference": Outcome(None, "no picture is at stake")})
    assert strength_sentence(nothing) == unknown


def test_a_weak_attack_is_followed_by_a_strong_one_of_the_same_place_and_size(noise):
    assert next_steps(noise)[0].startswith("attack/method=pgd,")
    for parts in ({"surrogate": "mobilefacenet"}, {"adaptive": False}, {"budget": {"_target_": "x.Area"}}):
        assert next_steps(replace(noise, attack_parts=RMS | parts))[0].startswith("attack=pgd,")


def test_before_a_recogniser_without_slopes_a_search_is_the_strongest(noise):
    assert next_steps(replace(noise, black_box=True))[0].startswith("attack=square,")
    square = replace(noise, black_box=True, chosen=replace(noise.chosen, attack="square"))
    assert next_steps(square)[0].startswith("attack=transfer attack.surrogate=NAME,")


def test_what_failed_goes_first_and_a_look_is_followed_by_all(full):
    checks = {"slopes": Outcome(False, "none", "give another loss")}
    steps = next_steps(replace(full, checks=checks, trusted=False, limit=40))
    assert steps[0] == "give another loss (the check slopes failed)"
    assert any("data.limit" in step for step in steps)
    assert any(step.startswith("defense=adv_pgd") for step in steps)
    assert not any(step.startswith("data=folder") for step in steps)


def test_every_suggestion_is_words_of_the_command(noise, full, tmp_path):
    for summary in (noise, full, replace(noise, attack_parts={})):
        for step in next_steps(summary):
            words = re.findall(r"^[\w/=. ]+=\w+", step)
            if "PEOPLE" not in step:
                TrialContext(composed(tmp_path, "attack=landmarks", *words[0].split()), tmp_path).attack  # noqa: B018
