"""From a composed config to a verdict: what `python evaluate.py` does."""

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from hydra.utils import instantiate
from lightning import Trainer, seed_everything
from omegaconf import DictConfig
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.checks.base import Evidence, run_checks
from facetrial.core.errors import FacetrialError
from facetrial.core.locks import file_lock
from facetrial.data.build import build_faces
from facetrial.data.datamodule import FacesDataModule
from facetrial.data.splits import evenly_over_people
from facetrial.defenses.build import build_defenses, defended
from facetrial.faces.batch import FaceDataset
from facetrial.metrics.certified import certified_summary
from facetrial.metrics.parts import Outcome
from facetrial.metrics.physical import physical_summary
from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.tasks.summary import tasks_summary
from facetrial.recognition.victim import Victim
from facetrial.report.console import print_summary
from facetrial.run.cost import cost
from facetrial.run.fingerprint import trial_fingerprint
from facetrial.run.finished import DONE, begin, finish, finished_before, trial_digest
from facetrial.run.noise_level import use_noise_level
from facetrial.run.results import write_results
from facetrial.run.surrogate import surrogate_for
from facetrial.runtime.callbacks import callbacks_of
from facetrial.runtime.settings import check_settings
from facetrial.training.checkpoint import KIND, checkpoint_path
from facetrial.training.train import recognizer_for
from facetrial.trial.certificate import RADIUS
from facetrial.trial.rows import write_rows
from facetrial.trial.shards import Shards
from facetrial.trial.showcase_cases import kept_pictures
from facetrial.trial.trial import RemainingFaces, Trial

log = logging.getLogger(__name__)

EVENLY_SHOWN = 4  # pictures in the showcase beside those that say most


def evaluate(config: DictConfig, folder: Path) -> TrialSummary | None:
    """Runs the trial that `config` describes and writes its results into `folder`.

    A trial that is done is taken over whole. Of one that was cut short the rows are; only the pictures without one
    are attacked.

    Returns:
        The summary; None but in the first process.

    Raises:
        FacetrialError: a key of `config` is unknown, or has a value that it may not have.
    """
    check_settings(config)
    asked = trial_digest(config)
    with file_lock(folder / DONE):
        if config.resume and (summary := finished_before(folder, asked)) is not None:
            print_summary(summary)
            return summary
        begin(folder)
        summary = instantiate(config.task)(config, folder)
        if summary is not None:
            finish(folder, asked)
    return summary


def run_trial(config: DictConfig, folder: Path) -> TrialSummary | None:
    """The trial itself, of pictures that have no row in `folder`; the summary, None but in the first process."""
    seed_everything(config.seed, workers=True, verbose=False)
    use_noise_level(config)
    # Without its surrogate first: a mistake in the attack shows before anything is trained.
    attack = instantiate(config.attack, goal=instantiate(config.goal), surrogate=None)
    defenses = build_defenses(config)
    certificate = instantiate(config.certificate) or None
    if certificate is not None:
        certificate.check(defenses.values())
    recognizer = recognizer_for(config).freeze()
    not_trained = [defense for defense in defenses.values() if not defense.trains]
    needs_landmarks = attack.needs_landmarks or any(defense.needs_landmarks for defense in not_trained)
    faces = build_faces(config, with_landmarks=needs_landmarks)
    check_same_people(recognizer, faces)
    victim = defended(recognizer, defenses.values(), faces.validation_faces)
    if (surrogate := surrogate_for(config, faces)) is not None:
        check_same_people(surrogate.victim, faces)
        attack = instantiate(config.attack, goal=attack.goal, surrogate=surrogate)

    physical = instantiate(config.physical) or None
    test = faces.test_faces
    shown = {test.files[i] for i in evenly_over_people(test.identities, EVENLY_SHOWN, faces.split_seed)}
    networks = [victim] if surrogate is None else [victim, surrogate.victim]
    fingerprint = trial_fingerprint(config, networks, faces.all_faces if needs_landmarks else None)
    shards = Shards(folder / "shards" / fingerprint)
    images_folder = folder / "images" if config.save_images else None
    trial = Trial(
        victim, attack, test, config.seed, shards, shown, images_folder, certificate, physical is not None
    )
    trainer = trial_trainer(config, folder)

    def fit() -> None:
        if attack.needs_fitting:
            fit_or_read(attack, victim, faces, config, folder, fingerprint, trainer)

    outcome = attack_and_check(trial, trainer, config, faces.train_faces, list(defenses), fit)
    if outcome is None:
        return None
    rows = outcome.rows
    pictures = kept_pictures(shards, rows, shown)
    costs = cost(victim, test, checkpoint_path(config), KIND)
    tasks = tasks_summary(
        rows,
        shards.embeddings.read(rows["file"].tolist()),
        victim,
        faces.names,
        faces.split_seed,
        trained_on_all=config.trainer.max_epochs != 0 or any(defense.trains for defense in defenses.values()),
    )
    certified, sent_on = None, None
    if RADIUS in rows:
        certified = certified_summary(rows, certificate, victim.defense.sigma)
    if physical is not None:
        sent = physical(victim, faces, rows, shards, trainer.strategy.root_device, config.resume)
        write_rows(sent.assign(synthetic=faces.synthetic), folder / "physical.csv")
        sent_on = physical_summary(rows, sent, physical.paths, attack.goal.name, faces.alignment)
    return write_results(
        config, folder, rows, outcome.checks, faces, pictures, outcome.speed, costs, tasks, certified, sent_on,
        trainer.loggers,
    )  # fmt: skip


@dataclass
class TrialOutcome:
    """What a trial has found: a row a picture, what the checks say of them, seconds, and pictures a second."""

    rows: pd.DataFrame
    checks: dict[str, Outcome]
    speed: tuple[float, float | None]


def attack_and_check(
    trial: Trial,
    trainer: Trainer,
    config: DictConfig,
    train_faces: FaceDataset,
    defenses: list[str],
    fit: Callable[[], None] = lambda: None,
) -> TrialOutcome | None:
    """Attacks the pictures of `trial` that have no row yet, and has all rows checked; None but in the first process.

    Args:
        train_faces: what recogniser and attack may have seen.
        defenses: names of the victim's.
        fit: makes the attack ready; its time counts.
    """
    shards, test = trial.shards, trial.faces
    if not config.resume and trainer.is_global_zero:
        shutil.rmtree(shards.folder, ignore_errors=True)
    done = set(shards.read()["file"]) if config.resume else set()
    if trial.keep_saved:
        done = {file for file in done if shards.has_saved(file)}
    if trial.images_folder is not None:
        done = {file for file in done if trial.image_file(file).is_file()}
    remaining = [row for row, file in enumerate(test.files) if file not in done]
    if done and len(remaining) < len(test):
        log.info(
            "%d of %d pictures have their row from an earlier start.", len(test) - len(remaining), len(test)
        )
    started = time.monotonic()
    fit()
    if remaining:
        trainer.test(trial, datamodule=RemainingFaces(test, remaining, config.data.batch_size), verbose=False)
    seconds = time.monotonic() - started
    if not trainer.is_global_zero:
        return None
    rows = shards.read()
    rows = rows[rows["file"].isin(set(test.files))].reset_index(drop=True)
    device = trainer.strategy.root_device
    victim = trial.victim.to(device)
    evidence = Evidence(victim, trial.attack, test, train_faces, rows, config.seed, device, defenses)
    checks = run_checks(instantiate(config.checks), evidence)
    shards.compact(shards.read())
    return TrialOutcome(rows, checks, (seconds, len(remaining) / seconds if remaining else None))


def fit_or_read(
    attack: Attack,
    victim: nn.Module,
    faces: FacesDataModule,
    config: DictConfig,
    folder: Path,
    fingerprint: str,
    trainer: Trainer,
) -> None:
    """Fits the attack on the training pictures, or takes over what an earlier start of the same trial fitted.

    The processes that a trainer starts come after this and read what the first has written.
    """
    kept = folder / "shards" / f"{fingerprint}.safetensors"
    if kept.is_file() and (config.resume or not trainer.is_global_zero):
        attack.method.load(kept)
        log.info("What the attack needs was fitted at an earlier start.")
    else:
        log.info("Fitting the attack on %d training pictures.", len(faces.train_faces))
        unfinished = kept.with_suffix(".unfinished.safetensors")
        if not config.resume:
            unfinished.unlink(missing_ok=True)
        attack.fit(victim.to(trainer.strategy.root_device), faces.train_faces, config.seed, unfinished)
        attack.method.save(kept)
    if trainer.is_global_zero:
        attack.method.export(folder, faces.names)


def trial_trainer(config: DictConfig, folder: Path) -> Trainer:
    """The Trainer of `config.trainer`, set for a trial.

    Gradients must be possible (`inference_mode=False`), and pictures are shared out by `RemainingFaces`, not by
    Lightning's sampler, which would repeat some to fill the last batch.
    """
    loggers = instantiate(config.logger)
    return instantiate(
        config.trainer,
        logger=list(loggers.values()) if loggers else False,
        callbacks=[c for c in callbacks_of(config) if not c.__class__.__name__.startswith("ModelCheckpoint")],
        default_root_dir=str(folder),
        enable_checkpointing=False,
        enable_model_summary=False,
        inference_mode=False,
        use_distributed_sampler=False,
    )


def check_same_people(victim: Victim, faces: FacesDataModule) -> None:
    """Raises FacetrialError unless the victim knows exactly the people of the data, in the same order."""
    if list(victim.names) != list(faces.names):
        strangers = sorted(set(victim.names) ^ set(faces.names))
        raise FacetrialError(
            f"the recogniser knows {len(victim.names)} people and the data has {len(faces.names)}; they differ in "
            f"{', '.join(strangers[:5])}{' …' if len(strangers) > 5 else ''}. Give the data it was trained on, or "
            "another model.checkpoint."
        )
