"""Loggers: made of a config, and told of what was trained.

Weights & Biases asks nothing and reaches for no network unless it was given a key.
"""

import netrc
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning.pytorch.loggers import Logger, MLFlowLogger, WandbLogger

from facetrial.core.errors import FacetrialError

_PACKAGES = {"mlflow": "mlflow-skinny sqlalchemy alembic"}  # of a logger, where they are not called as it is


class Wandb(WandbLogger):
    """Lightning's logger for wandb: offline where there is no key, and a run of its own for every logger.

    Args:
        save_dir: folder that gets `wandb/`; `wandb sync` uploads an offline run from there.
        offline: None leaves it to WANDB_MODE, such as "disabled"; where that is not set either, a run is offline if
            neither WANDB_API_KEY nor the netrc file has a key.
        settings: of WandbLogger, such as `project` and `name`.

    Raises:
        FacetrialError: wandb is not installed.
    """

    def __init__(self, save_dir: str, offline: bool | None = None, **settings: Any) -> None:
        try:
            import wandb
        except ImportError as error:
            raise FacetrialError(
                "logger=wandb needs the package wandb: pip install wandb, or choose logger=csv or logger=none."
            ) from error
        if wandb.run is not None:  # of an earlier training or trial in this process, as in a sweep
            wandb.finish()
        if offline is None:
            mode = os.environ.get("WANDB_MODE") or ("online" if has_key() else "offline")
        else:
            mode = "offline" if offline else "online"
        # Not by WandbLogger's `offline`, which sets WANDB_MODE for whatever comes later in this process.
        super().__init__(save_dir=save_dir, mode=mode, **settings)


class Mlflow(MLFlowLogger):
    """Lightning's logger for MLflow, which without a server keeps its runs in a database of its own.

    Args:
        save_dir: folder of the database and its artifacts, where no server is named.
        tracking_uri: None is what MLFLOW_TRACKING_URI says, if anything.
        settings: of MLFlowLogger, such as `experiment_name`.
    """

    def __init__(self, save_dir: str, tracking_uri: str | None = None, **settings: Any) -> None:
        uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
        if uri is None:  # MLflow itself would write files, which it refuses today
            folder = Path(save_dir).expanduser().absolute()
            folder.mkdir(parents=True, exist_ok=True)
            uri = f"sqlite:///{folder / 'mlflow.db'}"
            settings = {"artifact_location": (folder / "artifacts").as_uri()} | settings
        super().__init__(tracking_uri=uri, **settings)


def make_loggers(named: Mapping[str, Any]) -> list[Logger]:
    """The loggers of a config.

    Args:
        named: the settings of each, by its name.

    Raises:
        FacetrialError: one needs a package that is not installed.
    """
    made = []
    for name, settings in named.items():
        try:
            made.append(instantiate(settings))
        except InstantiationException as error:
            if isinstance(error.__cause__, ModuleNotFoundError):
                raise FacetrialError(
                    f"logger={name} needs a package that is not installed: pip install "
                    f"{_PACKAGES.get(name, name)}, or choose logger=csv or logger=none."
                ) from error
            raise
    return made


def has_key() -> bool:
    """Whether wandb would find a key without asking."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    path = Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    try:
        return netrc.netrc(path).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def log_training(loggers: Iterable[Logger], metrics: Mapping[str, float], checkpoint: Path) -> None:
    """Tells of a training that is done: its figures, and to wandb and MLflow its checkpoint as an artifact."""
    for logger in loggers:
        logger.log_metrics(dict(metrics))
        if isinstance(logger, WandbLogger):
            log_checkpoint(logger.experiment, checkpoint)
        elif isinstance(logger, MLFlowLogger) and checkpoint.is_file():
            logger.experiment.log_artifact(logger.run_id, str(checkpoint))
        logger.finalize("success")


def log_checkpoint(run: Any, checkpoint: Path) -> None:
    """Keeps a model as an artifact of a wandb run; the same model, by its content, is one version for all runs."""
    import wandb

    if checkpoint.is_file():
        name = "".join(c if c.isalnum() or c in "-_." else "_" for c in checkpoint.stem)
        artifact = wandb.Artifact(name, "model")
        artifact.add_file(str(checkpoint))
        run.log_artifact(artifact)
