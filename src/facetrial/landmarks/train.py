"""Training the landmark network: what `python train.py model=landmarks` does."""

import logging
import shutil
from pathlib import Path

from lightning import seed_everything

from facetrial.core.errors import FacetrialError
from facetrial.core.files import check_writable
from facetrial.core.locks import file_lock
from facetrial.core.process.first_ahead import come_together
from facetrial.core.seeding import SeedSteps
from facetrial.data.keypoints import Keypoints
from facetrial.landmarks.outcome import Epoch, LandmarkOutcome, outcome_of, write_outcome
from facetrial.landmarks.plan import LandmarkPlan
from facetrial.landmarks.submission import asked_in, write_submission
from facetrial.runtime.checkpoints import save_checkpoint, training_cut_short
from facetrial.runtime.loggers import log_training

log = logging.getLogger(__name__)


def train_landmarks(plan: LandmarkPlan) -> dict[str, float]:
    """Trains the network of `plan` and saves it at its `path`.

    Into the run folder go `landmarks.json` (RMSE in pixels at 96x96, overall and per point, with intervals; learning
    curves), pictures of predictions, drawn evenly and where they are worst, and, where the data has test pictures,
    `submission.csv` for Kaggle. A training that was cut short goes on from its last whole epoch.

    Returns:
        RMSE on validation faces, overall and per point.
    """
    if plan.trainer["max_epochs"] < 1:
        raise FacetrialError(
            f"trainer.max_epochs must be at least 1 for model=landmarks, found {plan.trainer['max_epochs']}: there "
            "is nothing to transfer."
        )
    with file_lock(plan.path):
        return _train(plan)


def _train(plan: LandmarkPlan) -> dict[str, float]:
    seed_everything(plan.seed, workers=True, verbose=False)
    check_writable(plan.path.parent)
    datamodule = plan.make_frames()
    seed_everything(plan.seed, workers=True, verbose=False)  # whatever the data had to compute first
    regressor = plan.make_regressor()
    trainer = plan.make_trainer(
        SeedSteps(plan.seed),
        gradient_clip_val=5.0,
        check_val_every_n_epoch=max(1, plan.trainer["max_epochs"] // 20),
    )
    submission = None  # what it asks for is known before the network learns
    if isinstance(datamodule, Keypoints):
        submission = asked_in(datamodule.folder(), datamodule.cache)
    going_on = training_cut_short(plan.partial)
    come_together(trainer.world_size)
    trainer.fit(regressor, datamodule=datamodule, ckpt_path=going_on, weights_only=True)
    network = regressor.averaged.eval()
    if not trainer.is_global_zero:
        return {}
    outcome = outcome_of(datamodule, network, [Epoch(**point) for point in regressor.learning])
    metrics = {name: score.value for name, score in outcome.rmse.items()}
    save_checkpoint(plan.path, plan.kind, network.state_dict(), plan.recipe, metrics=metrics)
    shutil.rmtree(plan.partial, ignore_errors=True)
    log.info("Saved %s. RMSE %s.", plan.path, _told(outcome))
    folder = Path(trainer.default_root_dir)
    write_outcome(folder, datamodule, network, outcome)
    if submission is not None:
        write_submission(submission, network, folder / "submission.csv")
    figures = {f"validation/rmse/{name}": value for name, value in metrics.items() if value is not None}
    log_training(trainer.loggers, figures, plan.path)
    return figures


def _told(outcome: LandmarkOutcome) -> str:
    kinds = [
        (outcome.rmse["all"], "pictures that it was trained on" if outcome.seen else "pictures held out")
    ]
    if outcome.series is not None:
        kinds = [(outcome.rmse["all"], "photographs"), (outcome.series["all"], "frames of series")]
    return ", ".join(f"{score.value:.3f} pixels on {score.pictures} {what}" for score, what in kinds)
