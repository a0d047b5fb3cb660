"""Some of the malformed files; `python -m tests.robustness.malformed` makes as many as one wants."""

import re
import subprocess
import sys

from tests.helpers.paths import ROOT
from tests.robustness.malformed import KINDS


def test_malformed_files_are_used_or_named():
    """In a new process, whose memory is counted."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.robustness.malformed", "180"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for kind in ("picture", *KINDS):
        used, named = re.search(rf"{kind}: (\d+) used, (\d+) named", done.stdout).groups()
        assert int(named) > 0
        assert int(used) + int(named) > 5
    assert "180 files, 0 faults" in done.stdout
