"""A trial from Python."""

import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from lightning.pytorch.accelerators import CUDAAccelerator, MPSAccelerator
from torch import Tensor, nn

from facetrial.api.callers_torch import callers_torch
from facetrial.api.trained_on import training_pictures
from facetrial.attacks.attack import Attack
from facetrial.checks.base import Check
from facetrial.core.checked_settings import read_setting
from facetrial.core.errors import FacetrialError, first_line
from facetrial.core.files import check_writable
from facetrial.core.locks import file_lock
from facetrial.core.settings import Count, Seed
from facetrial.data.datamodule import FacesDataModule
from facetrial.metrics.summary import TrialSummary
from facetrial.recognition.foreign import Function, as_victim
from facetrial.recognition.victim import names_of
from facetrial.report.console import as_text
from facetrial.run.evaluate import run_trial
from facetrial.run.finished import begin, finish
from facetrial.run.given import GivenTrial
from facetrial.runtime.finished_files import DONE
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


@callers_torch()
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
        folder: where `report.html`, `summary.json`, `verdicts.csv` and the rest go; what another trial left there goes
            into `before-1`, `before-2`, … in it. None keeps no files.
        checks: those of the config group `checks` of that name, or by name; {} leaves them out, and the verdict is not
            trusted.
        seed: of what the attack draws, from 0 on.
        batch_size: pictures attacked at a time, from 1 on.
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
    seed, batch_size = read_setting("seed", Seed, seed), read_setting("batch_size", Count, batch_size)
    _check_accelerator(accelerator)
    asked = _checks(checks)
    kept = None if folder is None else _checked_folder(folder)
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
    trained_on = training_pictures(network) if asked else None
    place, asked_once = Path(tempfile.mkdtemp()) if kept is None else kept, secrets.token_hex(8)
    try:
        given = GivenTrial(
            victim=network,
            faces=faces,
            attack=attack,
            checks=asked,
            folder=place,
            seed=seed,
            batch_size=batch_size,
            accelerator=accelerator,
            has_pages=kept is not None,
            trained_on=trained_on,
        )
        with file_lock(place / DONE):
            begin(place, asked_once)
            summary = run_trial(given)
            finish(place, asked_once)
            rows = read_verdicts(place / "verdicts.csv")
        rows = rows.set_index("file").loc[faces.test_faces.files].reset_index()
    finally:
        if kept is None:
            shutil.rmtree(place, ignore_errors=True)
    assert summary is not None  # there is one process
    return Verdict(summary, rows, kept)


def _check_accelerator(name: str) -> None:
    read_setting("accelerator", Literal["cpu", "gpu", "auto"], name)
    if name == "gpu" and not (CUDAAccelerator.is_available() or MPSAccelerator.is_available()):
        raise FacetrialError(
            'accelerator is "gpu", and torch sees none here; give "cpu", or "auto", which takes what is there.'
        )


def _checked_folder(folder: str | Path) -> Path:
    if not isinstance(folder, str | Path):
        raise FacetrialError(f"folder must be a path, or None to keep no files, found {folder!r}.")
    path = Path(folder).expanduser()
    try:
        check_writable(path)
    except FacetrialError as error:  # it names settings of the command
        why = "it is a file" if path.is_file() else first_line(error.__cause__ or error)
        raise FacetrialError(
            f"folder must be one that can be made and written to, found {path}: {why}. Give another."
        ) from error
    return path


def _checks(asked: str | Mapping[str, Check]) -> Mapping[str, Check]:
    if isinstance(asked, Mapping):
        for name, check in asked.items():
            if not isinstance(check, Check):
                raise FacetrialError(
                    f"checks[{name!r}] must be a facetrial.checks.Check, such as Deterministic(), found {check!r}."
                )
        return asked
    if not isinstance(asked, str):
        raise FacetrialError(
            f'checks must be a name, such as "default", or checks by name, {{}} for none, found {asked!r}.'
        )
    known = sorted(file.stem for file in (config_folder() / "checks").glob("*.yaml"))
    if asked not in known:
        raise FacetrialError(f"there are no checks {asked!r}; there are {', '.join(known)}.")
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        return dict(instantiate(compose("evaluate", [f"checks={asked}"]).checks))
