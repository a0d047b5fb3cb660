"""A trial from Python."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import Tensor, nn

from facetrial.attacks.attack import Attack
from facetrial.checks.base import Check
from facetrial.core.errors import FacetrialError
from facetrial.data.datamodule import FacesDataModule
from facetrial.metrics.summary import TrialSummary
from facetrial.recognition.foreign import Function, as_victim
from facetrial.recognition.victim import names_of
from facetrial.report.console import as_text
from facetrial.run.evaluate import run_trial
from facetrial.run.given import GivenTrial
from facetrial.runtime.started import config_folder
from facetrial.trial.rows import read_verdicts


@dataclass(frozen=True, repr=False)
class Verdict:
    """What a trial found. Printed, it is what `facetrial evaluate` shows.

    Attributes:
        summary: every figure with its interval, and the checks.
        rows: one row a test picture, in the order of `faces.test_faces`, with the columns of `verdicts.csv`.
        folder: where report and files are; None where none were asked for.
    """

    summary: TrialSummary
    rows: pd.DataFrame
    folder: Path | None = None

    def __repr__(self) -> str:
        return as_text(self.summary)


def evaluate(
    victim: nn.Module | Callable[[Tensor], Tensor],
    faces: FacesDataModule,
    attack: Attack,
    *,
    folder: str | Path | None = None,
    checks: str | Mapping[str, Check] = "default",
    seed: int = 0,
    batch_size: int = 64,
    accelerator: str = "cpu",
) -> Verdict:
    """Puts a victim on trial, as `facetrial evaluate` does.

    Args:
        victim: of `load_victim` or `enrol`, or any module or function from images (B, 3, H, W) in [0, 1] to scores
            (B, C), one for each of the people of `faces` in their order; in eval mode. It is frozen.
        faces: of `load_faces` or `draw_faces`; their test pictures are attacked.
        attack: region x budget x method.
        folder: where `report.html`, `summary.json`, `verdicts.csv` and the rest go; None keeps no files.
        checks: those of the config group `checks` of that name, or by name; {} leaves them out, and the verdict is not
            trusted.
        seed: of what the attack draws.
        batch_size: pictures attacked at a time.
        accelerator: "cpu", "gpu" or "auto".

    Raises:
        FacetrialError: something is not as said above, which is named.
    """
    if not isinstance(attack, Attack):
        raise FacetrialError(f"attack must be a facetrial.Attack, found a {type(attack).__name__}.")
    if not isinstance(faces, FacesDataModule):
        raise FacetrialError(
            f"faces must be what load_faces or draw_faces gives, found a {type(faces).__name__}. Pictures in a tensor "
            "are attacked by facetrial.attack."
        )
    faces.setup()
    if attack.needs_landmarks and np.isnan(faces.test_faces.landmarks).all():
        raise FacetrialError(
            "the attack goes by landmarks, and none are known; load_faces and draw_faces bring them."
        )
    network, people = as_victim(victim, faces.test_faces.batch(range(min(2, len(faces.test_faces)))).images)
    if names_of(network) is None:
        if people != len(faces.names):
            raise FacetrialError(
                f"the victim scores {people} people and faces has {len(faces.names)}; expected one score of each."
            )
        network = Function(network, list(faces.names))
    network.eval().requires_grad_(False)
    place = Path(tempfile.mkdtemp()) if folder is None else Path(folder).expanduser()
    place.mkdir(parents=True, exist_ok=True)
    try:
        given = GivenTrial(
            victim=network,
            faces=faces,
            attack=attack,
            checks=_checks(checks),
            folder=place,
            seed=int(seed),
            batch_size=int(batch_size),
            accelerator=accelerator,
            has_pages=folder is not None,
        )
        summary = run_trial(given)
        rows = (
            read_verdicts(place / "verdicts.csv").set_index("file").loc[faces.test_faces.files].reset_index()
        )
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
    assert summary is not None  # there is one process
    return Verdict(summary, rows, None if folder is None else place)


def _checks(asked: str | Mapping[str, Check]) -> Mapping[str, Check]:
    if not isinstance(asked, str):
        return asked
    known = sorted(file.stem for file in (config_folder() / "checks").glob("*.yaml"))
    if asked not in known:
        raise FacetrialError(f"there are no checks {asked!r}; there are {', '.join(known)}.")
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        return dict(instantiate(compose("evaluate", [f"checks={asked}"]).checks))
