"""summary.json: strict JSON, whole, read back as it was written, and named where it is damaged."""

import json
import math

import pandas as pd
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.core.plain import write_json
from facetrial.metrics.parts import LeftOut
from facetrial.metrics.power import power_summary
from facetrial.metrics.security_curve import security_curve
from facetrial.metrics.summary import SCHEMA
from facetrial.metrics.summary_json import read_summary
from facetrial.metrics.tasks.summary import tasks_summary
from tests.helpers.embedded import embedded_trial
from tests.helpers.hand_made import N_TRAIN, hand_made_rows
from tests.helpers.made_up import about, made_up_summary
from tests.helpers.smallest_rows import rows_with_smallest


@pytest.fixture
def rows() -> pd.DataFrame:
    return hand_made_rows()


@pytest.fixture
def path(rows, checks, tmp_path):
    path = tmp_path / "summary.json"
    write_json(made_up_summary(rows, about(), N_TRAIN, checks), path)
    return path


def test_written_whole_as_strict_json(path):
    read = json.loads(path.read_text(), parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert read["schema"] == SCHEMA
    assert read["per_identity"]["Cy"]["robust"] == {"value": None, "low": 0.0, "high": 1.0, "n": 0}
    assert math.isnan(read_summary(path).per_identity["Cy"].robust.value)
    with pytest.raises(TypeError):
        write_json({"not plain": object()}, path)
    assert json.loads(path.read_text()) == read
    assert list(path.parent.iterdir()) == [path]


def test_every_part_is_read_as_it_was_written(rows, checks, tmp_path):
    summary = made_up_summary(
        rows,
        about(attack_changes={"budget.eps": "4"}),
        N_TRAIN,
        checks,
        tasks=tasks_summary(*embedded_trial(), split_seed=0, trained_on_all=True),
        curve=security_curve(rows_with_smallest(), "linf", 64 / 255, "dodging"),
        power=power_summary({"Ann": 29, "Bob": 3}),
        left_out=LeftOut(1, {"Ann/1.jpg": "an empty file"}, ("Bob",)),
        attack_parts={"budget": {"eps": 4.0}, "adaptive": True},
    )
    write_json(summary, tmp_path / "summary.json")
    read = read_summary(tmp_path / "summary.json")
    assert (read.tasks, read.curve.points, read.power) == (summary.tasks, summary.curve.points, summary.power)
    assert read.left_out == summary.left_out
    assert (read.chosen, read.attack_parts) == (summary.chosen, summary.attack_parts)
    write_json(read, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == (tmp_path / "summary.json").read_text()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"robust_accuracy": NaN}'])
def test_what_is_no_summary_is_named(tmp_path, text):
    path = tmp_path / "summary.json"
    path.write_text(text)
    with pytest.raises(FacetrialError, match=r"summary\.json"):
        read_summary(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda plain: plain.pop("seed"), "lacks the key seed"),
        (lambda plain: plain["per_identity"]["Ann"].pop("n_test"), "lacks the key per_identity.Ann.n_test"),
        (lambda plain: plain.update(colour="red"), "has the unknown key colour"),
        (lambda plain: plain["clean_accuracy"].update(m=1), "has the unknown key clean_accuracy.m"),
        (lambda plain: plain.update(n="7"), "has n: it should be a valid integer, found '7'"),
        (lambda plain: plain.update(n=7.0), "has n: it should be a valid integer, found 7.0"),
        (lambda plain: plain.update(trusted=1), "has trusted: it should be a valid boolean, found 1"),
        (lambda plain: plain.update(seconds=None), "has seconds: it should be a valid number, found null"),
        (
            lambda plain: plain["attack_success"].update(n=None),
            "has attack_success.n: it should be a valid int",
        ),
        (lambda plain: plain["checks"].update(referee=True), "has checks.referee: it should be "),
        (
            lambda plain: plain.update(schema=SCHEMA + 1),
            f"has schema {SCHEMA + 1}, and this version .* {SCHEMA}",
        ),
        (lambda plain: plain.update(schema="1"), "has schema '1'"),
        (
            lambda plain: plain.update(tasks={"identification": {}, "verification": {}, "open_set": {}}),
            "lacks the key tasks.identification.",
        ),
        (
            lambda plain: plain.update(region={"name": "eyes", "area": "all", "equal_area": None}),
            "has region.area: it should be a valid number, found 'all'",
        ),
    ],
)
def test_what_is_damaged_is_named_by_its_key(path, change, said):
    plain = json.loads(path.read_text())
    change(plain)
    path.write_text(json.dumps(plain))
    with pytest.raises(FacetrialError, match=said) as found:
        read_summary(path)
    assert "summary.json" in str(found.value)
    assert "un the trial again" in str(found.value)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.99])
def test_a_truncated_one_is_refused(path, kept):
    text = path.read_text()
    path.write_text(text[: int(kept * len(text))])
    with pytest.raises(FacetrialError, match=r"cannot read .*Run the trial again"):
        read_summary(path)


def test_one_of_version_0_1_is_read_with_the_names_of_today(path):
    plain = json.loads(path.read_text())
    for key in ("schema", "chosen", "noise_level", "class_size"):
        del plain[key]
    figure = plain["clean_accuracy"]
    figures = ("false_alarms", "kept", "caught", "caught_8bit", "stands", "undetected_success", "auroc")
    plain["detection"] = dict.fromkeys(figures, figure) | {"roc": [{"false_alarms": 0.0, "caught": None}]}
    method = {"_target_": "facetrial.attacks.methods.pgd.PGD", "leave": True}
    plain |= {"attack": "pgd (eps=2)", "defense": "jpeg", "attack_parts": {"method": method}}
    plain["tasks"] = {"verification": {"eer": {"clean": figure}}}  # of other weights than today's
    path.write_text(json.dumps(plain))
    read = read_summary(path)
    assert read.flagging.kept == read.clean_accuracy
    assert read.tasks is None
    assert read.attack_parts["method"] == {"_target_": "facetrial.attacks.PGD", "early_stop": True}
    assert (read.schema, read.attack, read.chosen.defenses) == (SCHEMA, "pgd (eps=2)", ("jpeg",))
    del plain["detection"]["stands"]
    path.write_text(json.dumps(plain))
    with pytest.raises(FacetrialError, match=r"lacks the key flagging\.stands\. Run the trial again"):
        read_summary(path)
