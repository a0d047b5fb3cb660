"""A trial that is not what a pipeline asks of it closes the gate; a sweep goes on, and is closed at its end."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from omegaconf import OmegaConf

from facetrial.core.errors import FacetrialError
from facetrial.metrics.parts import Outcome
from facetrial.report import gate as gates
from facetrial.report.gate import EndByGate, answers_of, forget_gate, hold_gate, why_closed
from facetrial.report.rendering.formatting import percent
from facetrial.statistics.intervals import Interval
from tests.helpers.defended import defended_trials
from tests.helpers.sweeps import made_up_trials


@pytest.fixture
def summary():
    (summary, _), *_ = made_up_trials()
    return replace(summary, robust_accuracy=Interval(0.75, 0.6, 0.86, 40), weak_on_purpose=None)


def asks(min_robust=None, trusted=False):
    return {"min_robust": min_robust, "trusted": trusted}


def test_nothing_is_asked_and_nothing_written(tmp_path, summary):
    hold_gate(summary, asks(), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("least", "passed"), [(0.75, True), (0.7501, False), (0.0, True)])
def test_the_least_share_that_may_be_left(summary, least, passed):
    (answer,) = answers_of(summary, asks(least))
    assert answer.passed is passed
    assert "75.0 % of 40 pictures" in answer.detail
    assert "60.0 to 86.0 %" in answer.detail
    assert f"gate.min_robust={least:g}" in answer.detail


def test_where_pictures_are_flagged_the_share_is_of_those_recognised_or_flagged():
    flagged = defended_trials()[-1]
    (answer,) = answers_of(flagged, asks(0.5))
    stands = flagged.flagging.stands
    assert answer.detail.startswith(
        f"{percent(stands.value)} of {stands.n} pictures are still recognised or flagged "
    )


def test_what_could_not_be_attacked_is_not_robust(summary):
    nothing = replace(summary, robust_accuracy=Interval(float("nan"), float("nan"), float("nan"), 0))
    (answer,) = answers_of(nothing, asks(0.0))
    assert answer.passed is False


def test_that_a_weak_attack_leaves_enough_is_said_with_its_weakness(summary):
    (answer,) = answers_of(replace(summary, weak_on_purpose="draws alone"), asks(0.5))
    assert answer.passed is True
    assert "weak on purpose (draws alone)" in answer.detail


def test_it_ends_with_a_sentence_and_files_that_say_more(tmp_path, summary):
    failed = {**summary.checks, "slopes": Outcome(False, "none on 9 pictures", "look at them")}
    distrusted = replace(summary, trusted=False, checks=failed)
    with pytest.raises(FacetrialError, match=r"not passed: 75\.0 %.*; gate\.trusted=true.*failed: slopes"):
        hold_gate(distrusted, asks(0.8, trusted=True), tmp_path)
    told = json.loads((tmp_path / "gate.json").read_text())
    assert told["passed"] is False
    assert [answer["passed"] for answer in told["answers"]] == [False, False, True, True, False]
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert root.get("failures") == "3"
    (slopes,) = root.findall(".//testcase[@name='check slopes']/failure")
    assert slopes.text == "none on 9 pictures look at them"
    hold_gate(distrusted, asks(0.7), tmp_path)  # the checks are not asked for
    assert why_closed(tmp_path) is None
    forget_gate(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_sweep_goes_on_and_its_end_names_what_is_closed(tmp_path, summary, monkeypatch, caplog):
    monkeypatch.setattr(gates, "sweep_folder", lambda: tmp_path)
    for name, least in (("weak", 0.8), ("strong", 0.7)):
        (tmp_path / name).mkdir()
        hold_gate(summary, asks(least), tmp_path / name)
    config = OmegaConf.create({"hydra": {"sweep": {"dir": str(tmp_path)}}})
    with pytest.raises(SystemExit) as ended:
        EndByGate().on_multirun_end(config)
    assert ended.value.code == 1
    assert "weak does not pass its gate: 75.0 %" in caplog.text
    assert "strong" not in caplog.text
    forget_gate(tmp_path / "weak")
    EndByGate().on_multirun_end(config)
    whole = (tmp_path / "strong" / "gate.json").read_text()
    (tmp_path / "strong" / "gate.json").write_text(whole.replace("true", "false"))
    assert "damaged" in why_closed(tmp_path / "strong")
    with pytest.raises(SystemExit):
        EndByGate().on_multirun_end(config)
