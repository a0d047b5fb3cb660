"""From a composed config to a verdict: what `python evaluate.py` does."""

import logging
import shutil
import time
from pathlib import Path

import pandas as pd
from lightning import seed_everything
from omegaconf import DictConfig
from torch import nn

from facetrial.attacks.fitted.base import Fitted
from facetrial.checks.base import Evidence, run_checks
from facetrial.checks.reference.check import weak_on_purpose
from facetrial.checks.tasks_recounted import tasks_recounted
from facetrial.core.errors import FacetrialError
from facetrial.core.locks import file_lock
from facetrial.core.process.first_ahead import come_together
from facetrial.core.process.kept import keeping, keeps
from facetrial.data.datamodule import FacesDataModule
from facetrial.data.splits import evenly_over_people
from facetrial.defenses.smoothing import Smoothed
from facetrial.faces.batch import FaceDataset
from facetrial.metrics.certified import certified_summary
from facetrial.metrics.class_size import class_size_summary, gallery_verdicts
from facetrial.metrics.physical import physical_summary
from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.tasks.summary import tasks_summary
from facetrial.recognition.without_slope import keeps_answers
from facetrial.report.console import print_summary
from facetrial.report.gate import hold_gate
from facetrial.run.context import TrialContext
from facetrial.run.cost import cost, in_sight, passes_of, say_how_long
from facetrial.run.fingerprint import answers_name, victim_fingerprint
from facetrial.run.finished import begin, finish, finished_before
from facetrial.run.privacy import check_private, forget_pictures
from facetrial.run.results import TrialOutcome, trained_on, write_results
from facetrial.runtime.finished_files import DONE
from facetrial.runtime.started import sweep_folder
from facetrial.trial.held_out import HeldOut, held_out
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
        FacetrialError: a key of `config` is unknown, or has a value that it may not have; or the trial is done, and not
            what `gate` asks.
    """
    context = TrialContext(config, folder)
    if context.private:
        check_private(context)
    asked = context.digest
    with file_lock(folder / DONE), keeping(sweep_folder() is not None):
        summary = finished_before(folder, asked) if context.resume else None
        if summary is None:
            if context.private:
                forget_pictures(folder)
            begin(folder, asked)
            summary = context.task(context)
            if summary is not None:
                finish(folder, asked, context.also_read)
        if summary is not None:
            print_summary(summary, folder=None if sweep_folder() else folder)
            hold_gate(summary, config.gate, folder)
    return summary


def run_trial(context: TrialContext) -> TrialSummary | None:
    """The trial itself, of pictures that have no row in its folder; the summary, None but in the first process."""
    seed_everything(context.seed, workers=True, verbose=False)
    attack, certificate = context.attack, context.certificate
    recognizer, faces = context.recognizer, context.faces
    check_same_people(recognizer, faces)
    victim = context.victim
    if (surrogate := context.surrogate) is not None:
        check_same_people(surrogate.victim, faces)
        attack = context.make_attack(attack.goal, surrogate)
    physical, test = context.physical, faces.test_faces
    chosen = evenly_over_people(test.identities, EVENLY_SHOWN, faces.split_seed)
    shown = None if context.private else {test.files[i] for i in chosen}
    networks = [victim] if surrogate is None else [victim, surrogate.victim]
    with_landmarks = faces.all_faces if context.needs_landmarks(attack) else None
    shards = Shards(context.folder / "shards" / context.fingerprint(networks, with_landmarks))
    trial = Trial(
        victim, attack, test, context.seed, shards, shown, context.images_folder, certificate, physical is not None,
        answers_name(context.settings, context.plan, victim) if keeps() else None,
    )  # fmt: skip
    seed_everything(context.seed, workers=True, verbose=False)  # whatever had to be made first, or was kept
    outcome = attack_and_check(context, trial, faces.train_faces)
    if outcome is None:
        return None
    rows = outcome.rows
    embeddings = shards.embeddings.read(rows["file"].tolist())
    held = None if embeddings is None else validation_pictures(context)
    tasks = tasks_summary(
        rows, embeddings, held, victim, faces.names, faces.split_seed, trained_on_all=context.origin.trains
    )
    outcome = outcome.with_check(
        "tasks", lambda: tasks_recounted(tasks, rows, embeddings, held, victim, faces)
    )
    class_size = class_size_summary(
        rows,
        trained_on(faces),
        context.origin.head,
        attack.method.asks_victim and surrogate is None,
        gallery_verdicts(rows["identity"].map(faces.names.index).to_numpy(), embeddings, victim),
        context.origin.train_pictures,
        faces.capped,
    )
    certified, sent_on, costs = None, None, None
    if certificate is not None and isinstance(victim, Smoothed):
        certified = certified_summary(rows, certificate, victim.defense.sigma)
    if physical is not None:
        sent = physical(victim, faces, rows, shards, context.trainer.strategy.root_device, context.resume)
        write_rows(sent.assign(synthetic=faces.synthetic), context.folder / "physical.csv")
        sent_on = physical_summary(rows, sent, physical.paths, attack.goal.name, faces.alignment)
    # Of who is asked about no picture twice, an answer that is kept would be timed.
    if not keeps_answers(victim):
        costs = cost(victim, test, context.origin.train_seconds, trial.victim_name, attack.chosen_by)
    pictures = {} if shown is None else kept_pictures(shards, rows, shown)
    return write_results(context, outcome, pictures, costs, tasks, certified, sent_on, class_size)


def validation_pictures(context: TrialContext) -> HeldOut | None:
    """Those on which thresholds are set, as the victim sees them; trials of one victim share them."""
    kept = None
    if (folder := context.origin.embeddings) is not None:
        name = victim_fingerprint(context.settings, context.plan, context.victim)
        kept = folder / f"validation-{name}.safetensors"
    return held_out(context.victim, context.faces.validation_faces, context.batch_size, kept)


def attack_and_check(context: TrialContext, trial: Trial, train_faces: FaceDataset) -> TrialOutcome | None:
    """Attacks the pictures of `trial` that have no row yet, and has all rows checked; None but in the first process.

    Args:
        context: of the trial.
        trial: of its pictures.
        train_faces: what recogniser and attack may have seen; of pairs, the pictures of all.
    """
    shards, test, trainer = trial.shards, trial.faces, context.trainer
    if not context.resume and trainer.is_global_zero:
        shutil.rmtree(shards.folder, ignore_errors=True)
    done = set(_rows_of_earlier_starts(trial, trainer.is_global_zero)["file"]) if context.resume else set()
    remaining = [row for row, file in enumerate(test.files) if file not in done]
    if done and len(remaining) < len(test):
        log.info(
            "%d of %d pictures have their row from an earlier start.", len(test) - len(remaining), len(test)
        )
    passes = passes_of(trial, context.settings["attack"]["method"], len(remaining), len(train_faces))
    device = trainer.strategy.root_device
    if remaining:
        say_how_long(passes, trial.victim.to(device), test, len(remaining), trial.victim_name)
    started = time.monotonic()
    with in_sight(trial, trainer, len(remaining), passes):
        fit_or_read(context, trial)
        if remaining:
            pictures = RemainingFaces(test, remaining, context.batch_size)
            come_together(trainer.world_size)
            trainer.test(trial, datamodule=pictures, verbose=False)
    seconds = time.monotonic() - started
    if not trainer.is_global_zero:
        return None
    rows = shards.rows_of(test.files)
    evidence = Evidence(
        victim=trial.victim.to(device),
        attack=trial.attack,
        faces=test,
        train_faces=train_faces,
        rows=rows,
        seed=context.seed,
        device=device,
        defenses=list(context.defenses),
        seconds=seconds,
        budget_settings=context.settings["attack"]["budget"],
        in_front=context.origin.in_front,
        accuracy_before=context.origin.accuracy_before,
        code_known=context.origin.code_known,
        trained_on=context.origin.seen(train_faces),
        same=trial.same,
        fronts=context.fronts,
        certificate=trial.certificate,
        validation_faces=None if trial.same is not None else context.faces.validation_faces,
    )
    shards.compact(shards.read())
    speed = (seconds, len(remaining) / seconds if remaining else None)
    return TrialOutcome(rows, run_checks(context.checks, evidence), speed, weak_on_purpose(evidence))


def _rows_of_earlier_starts(trial: Trial, alone: bool) -> pd.DataFrame:
    """The rows that are taken over; others, of which something is lost, are removed where this process is `alone`."""
    kept = trial.shards.read()
    whole = trial.whole(kept)
    if alone and len(whole) < len(kept):
        trial.shards.compact(whole)
    return whole


def fit_or_read(context: TrialContext, trial: Trial) -> None:
    """Fits an attack that has to be, on the training pictures, or takes over what an earlier start of the trial fitted.

    The processes that a trainer starts come after this and read what the first has written.
    """
    attack = trial.attack
    if not isinstance(attack.method, Fitted):
        return
    faces, trainer, folder = context.faces, context.trainer, trial.shards.folder
    kept = folder.with_name(f"{folder.name}.safetensors")
    taken_over = context.resume or not trainer.is_global_zero
    if taken_over and attack.method.load(kept):
        log.info("What the attack needs was fitted at an earlier start.")
    else:
        log.info("Fitting the attack on %d training pictures.", len(faces.train_faces))
        unfinished = kept.with_suffix(".unfinished.safetensors")
        if not context.resume:
            unfinished.unlink(missing_ok=True)
        victim = trial.victim.to(trainer.strategy.root_device)
        attack.fit(victim, faces.train_faces, context.seed, unfinished)
        attack.method.save(kept)
    if trainer.is_global_zero:
        attack.method.export(context.folder, faces.names)


def check_same_people(victim: nn.Module, faces: FacesDataModule) -> None:
    """Raises FacetrialError unless the victim knows exactly the people of the data, in the same order."""
    names = list(getattr(victim, "names", ()))
    if names != list(faces.names):
        strangers = sorted(set(names) ^ set(faces.names))
        raise FacetrialError(
            f"the recogniser knows {len(names)} people and the data has {len(faces.names)}; they differ in "
            f"{', '.join(strangers[:5])}{' …' if len(strangers) > 5 else ''}. Give the data it was trained on, or "
            "another model.checkpoint."
        )
