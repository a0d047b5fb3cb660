"""A command that is killed and started again leaves what an undisturbed one leaves: one kind of those in `kills.py`."""

from tests.robustness import kills


def test_a_killed_attack_goes_on(tmp_path):
    (whole := tmp_path / "attack").mkdir()
    undisturbed = kills.Undisturbed("attack by gradients", whole)
    assert {"verdicts.csv", "summary.json"} <= undisturbed.leaves.keys()
    hit, wrong = kills.killed(undisturbed, 2, kills.random.Random(1))  # the first after a third of its time
    assert hit >= 1
    assert wrong == []
    assert kills.at_once(undisturbed, ("run", "other")) == []


def test_what_differs_is_seen(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "verdicts.csv").write_text("file,correct\na,True\n")
    (tmp_path / "run" / "summary.json").write_text('{"n": 1, "seconds": 3.0}')
    expected = kills.left(tmp_path)
    (tmp_path / "run" / "summary.json").write_text('{"n": 1, "seconds": 4.0}')
    assert kills.faults(tmp_path, expected, "", 0) == []
    (tmp_path / "run" / "verdicts.csv").write_text("file,correct\na,False\n")
    (tmp_path / "run" / "new.png").write_bytes(b"")
    (tmp_path / "models" / ".x.ckpt.being-written").write_bytes(b"")
    assert kills.faults(tmp_path, expected, "", 0) == [
        "verdicts.csv differs",
        "new.png is new",
        ".x.ckpt.being-written was left over",
    ]
    assert kills.faults(tmp_path, expected, "told", 1) == ["ended with 1: told"]
