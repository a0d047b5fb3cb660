"""What a user is told who asks for what cannot be, and what is left to a traceback."""

import errno
import logging
import os
import subprocess
import sys

import pytest
from omegaconf import OmegaConf

from facetrial.core.errors import FacetrialError
from facetrial.runtime.cli import friendly_errors, refuse_doubles, run_from_command_line


def test_what_a_user_can_put_right_ends_with_a_sentence(caplog):
    @friendly_errors
    def main():
        raise FacetrialError("data.root is not given.")

    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert [record.getMessage() for record in caplog.records] == ["data.root is not given."]
    assert caplog.records[0].exc_info is None


def test_the_sentence_is_found_below_what_hydra_wraps_around_it(caplog):
    @friendly_errors
    def main():
        try:
            raise FacetrialError("eps must be above 0.")
        except FacetrialError as error:
            raise RuntimeError("Error in call to target") from error

    with pytest.raises(SystemExit):
        main()
    assert caplog.records[0].getMessage() == "eps must be above 0."


def test_anything_else_keeps_its_traceback():
    @friendly_errors
    def main():
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        main()


@pytest.mark.parametrize("name", ["metrics.csv", None])
def test_a_full_disk_ends_with_a_sentence_whoever_writes(caplog, name):
    @friendly_errors
    def main():
        raise OSError(errno.ENOSPC, "No space left on device", name)

    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert f"Cannot read or write {name or 'a file'}: No space left on device. Make room" in caplog.text
    assert "What was done until now is kept" in caplog.text
    assert caplog.records[0].exc_info is None


def test_a_sweep_whose_failures_cannot_be_kept_ends(tmp_path, monkeypatch, caplog):
    @friendly_errors
    def main():
        raise OSError(errno.ENOSPC, "No space left on device")

    def full(folder, error):
        raise FacetrialError(f"cannot write {folder / 'failed.json'}: No space left on device.")

    monkeypatch.setattr("facetrial.runtime.cli.sweep_folder", lambda: tmp_path)
    monkeypatch.setattr("facetrial.runtime.cli.write_failure", full)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert not any(record.exc_info for record in caplog.records)
    assert "This run failed. Cannot read or write" in caplog.text
    assert "The sweep ends here. cannot write" in caplog.text
    assert "failed.json" in caplog.text


def test_a_log_that_cannot_be_written_has_no_traceback(capsys):
    class Full(logging.Handler):
        def emit(self, record):
            try:
                raise OSError(errno.ENOSPC, "No space left on device")
            except OSError:
                self.handleError(record)

    logger, full = logging.getLogger("facetrial.tests"), Full()
    logger.addHandler(full)
    try:
        friendly_errors(lambda: logger.warning("said"))()
    finally:
        logger.removeHandler(full)
    assert "Traceback" not in capsys.readouterr().err


def test_lightning_speaks_of_what_needs_attention_only():
    """In a new process, in which Lightning has not yet set its own level."""
    lines = (
        "import logging, sys",
        "from facetrial.runtime.cli import friendly_errors",
        "assert 'lightning' not in sys.modules",
        "levels = lambda: [logging.getLogger(f'lightning.{name}').level for name in ('pytorch', 'fabric')]",
        "assert friendly_errors(levels)() == [logging.WARNING] * 2",
        "import lightning.pytorch",
        "assert levels() == [logging.WARNING] * 2",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_comes_back_and_goes_in_is_left_alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != os.getcwd()])

    @friendly_errors
    def main(config, more):
        """Its words."""
        return config.seed + more

    assert main(OmegaConf.create({"seed": 3}), more=4) == 7
    assert main.__doc__ == "Its words."
    assert sys.path[-1] == os.getcwd()  # where a user's own module lies


def test_old_names_in_a_config_are_those_of_today_before_it_starts():
    @friendly_errors
    def main(config):
        return config.attack.method._target_

    config = {"attack": {"method": {"_target_": "facetrial.attacks.methods.pgd.PGD"}}}
    assert main(OmegaConf.create(config)) == "facetrial.attacks.PGD"


def test_an_old_setting_ends_with_its_new_name(caplog):
    @friendly_errors
    def main(config):
        raise AssertionError("started")

    with pytest.raises(SystemExit):
        main(OmegaConf.create({"method": {"_target_": "facetrial.attacks.PGD", "leave": True}}))
    assert "method.leave is called method.early_stop now" in caplog.text


def test_a_defence_named_twice_is_refused():
    with pytest.raises(SystemExit, match=r"defense=\[jpeg, blur,jpeg\] names jpeg twice"):
        refuse_doubles(["attack=pgd", "defense=[jpeg, blur,jpeg]"])
    with pytest.raises(SystemExit, match="names adv, blur twice"):
        refuse_doubles(["defense=[jpeg],[blur,adv,blur,adv]"])


@pytest.mark.parametrize(
    "word",
    [
        "defense=[jpeg,blur]",
        "defense=[jpeg,blur],[jpeg,adv]",
        "defense=jpeg,jpeg",
        "calibration.people=[a,a]",
    ],
)
def test_others_are_not(word):
    refuse_doubles([word])


@pytest.mark.parametrize(
    ("ended", "said"),
    [(1, "attack.method.leave is called attack.method.early_stop now; rename it.\n"), (0, ""), (None, "")],
)
def test_what_ends_badly_is_told_of_names_that_changed(monkeypatch, capsys, ended, said):
    monkeypatch.setattr("sys.argv", ["evaluate.py", "attack=pgd", "attack.method.leave=true"])
    with pytest.raises(SystemExit) as error:
        run_from_command_line(lambda: sys.exit(ended))
    assert error.value.code == ended
    assert capsys.readouterr().err == said


def test_what_was_said_is_not_explained_again(monkeypatch, capsys):
    @friendly_errors
    def main() -> None:
        raise FacetrialError("attack.budget.eps is too large. Lower it.")

    monkeypatch.setattr("sys.argv", ["evaluate.py", "attack=pgd"])
    for entry in (main, lambda: sys.exit(1)):
        with pytest.raises(SystemExit) as error:
            run_from_command_line(entry, lambda words: [f"misread: {' '.join(words)}"])
        assert error.value.code == 1
        assert ("misread: attack=pgd" in capsys.readouterr().err) == (entry is not main)


def test_a_key_of_a_method_of_ones_own_may_have_an_old_name(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["evaluate.py", "attack/method=mine", "attack.method.kernel=3"])
    run_from_command_line(lambda: None)
    assert capsys.readouterr().err == ""


def test_before_anything_starts_the_words_are_looked_at(monkeypatch):
    monkeypatch.setattr("sys.argv", ["evaluate.py", "defense=[jpeg,jpeg]"])
    with pytest.raises(SystemExit, match="names jpeg twice"):
        run_from_command_line(lambda: pytest.fail("it was started"))


def test_names_in_what_is_said_are_nothing_that_a_terminal_obeys():
    """In a new process, with the handlers that a command has."""
    lines = (
        "import logging",
        "from facetrial.core.errors import FacetrialError",
        "from facetrial.runtime.cli import friendly_errors",
        "logging.basicConfig(format='%(levelname)s %(message)s')",
        "name = chr(27) + '[2J' + chr(0x9b) + '31m' + chr(0x202e) + 'gpj.Ann Lee'",
        "@friendly_errors",
        "def main():",
        "    logging.warning('left out: %s', name)",
        "    raise FacetrialError(f'nobody is called {name}')",
        "main()",
        "",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True)
    assert done.returncode == 1
    shown = r"\x1b[2J\x9b31m\u202egpj.Ann Lee"
    assert done.stderr.splitlines() == [
        f"WARNING left out: {shown}",
        f"ERROR nobody is called {shown}",
    ]
