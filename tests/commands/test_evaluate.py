"""What `facetrial evaluate` gives to who looks for settings."""

from contextlib import nullcontext
from importlib import import_module
from types import SimpleNamespace

from facetrial.commands import evaluate
from tests.helpers.defended import defended_trials


def test_an_attack_that_is_flagged_is_none_the_better(tmp_path, monkeypatch):
    """Settings that fool more pictures, all of them flagged, would win the search by the accuracy alone."""
    plain, flagged = defended_trials()[0], defended_trials()[-1]
    runtime = SimpleNamespace(runtime=SimpleNamespace(output_dir=str(tmp_path)))
    monkeypatch.setattr(evaluate, "HydraConfig", SimpleNamespace(get=lambda: runtime))
    monkeypatch.setattr(evaluate, "first_ahead", nullcontext)
    found = []
    for summary in (plain, flagged):
        monkeypatch.setattr(
            import_module("facetrial.run.evaluate"), "evaluate", lambda *_, told=summary: told
        )
        found.append(evaluate.main.__wrapped__.__wrapped__(None))
    assert found == [plain.robust_accuracy.value, flagged.flagging.stands.value]
    assert flagged.flagging.stands.value > flagged.robust_accuracy.value
