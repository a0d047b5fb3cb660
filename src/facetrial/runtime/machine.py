"""What a machine does to a run, in a sentence: a full disk, folders that are read-only, little memory, Ctrl-C, devices
that are not there."""

import errno
import io
import multiprocessing
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, ListConfig, OmegaConf

from facetrial.core.errors import FacetrialError, first_line

# As torch, CUDA and the workers of a data loader say it, each with an error of its own.
_OUT_OF_MEMORY = (
    "out of memory", "can't allocate memory", "not enough memory", "alloc_failed", "dataloader worker"
)  # fmt: skip
# As torch and safetensors say that a disk is full.
_NOT_WRITTEN = ("no space left on device", "failed writing file", "iostream error", "unexpected pos")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)
_TOO_MANY_OPEN = (errno.EMFILE, errno.ENFILE)


def print_in_any_encoding() -> None:
    """Lets a terminal that cannot show a letter show its number, where it would end the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def take_own_device(config: object) -> None:
    """Has this process see one GPU of several where it is a worker of a sweep and its runs take one each.

    Joblib's workers would all take the first. It comes before anything asks for a GPU; what is chosen stays.
    """
    asked = OmegaConf.select(config, "trainer") if isinstance(config, DictConfig) else None
    if asked is None or asked.get("accelerator") == "cpu" or asked.get("devices") != 1:
        return
    worker = re.fullmatch(r"LokyProcess-(\d+)", multiprocessing.current_process().name)
    if worker is None:
        return
    import torch

    there = os.environ.get("CUDA_VISIBLE_DEVICES")
    devices = there.split(",") if there else [str(i) for i in range(torch.cuda.device_count())]
    if (own := device_of_worker(int(worker[1]), devices)) is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = own


def device_of_worker(worker: int, devices: Sequence[str]) -> str | None:
    """Which of the devices a worker takes, so that each is taken by as many workers as any other, or by one more.

    Args:
        worker: its number among those that joblib started, whatever the first has.
        devices: as CUDA_VISIBLE_DEVICES names them.

    Returns:
        None where there is no choice.

    >>> [device_of_worker(worker, ["0", "3"]) for worker in (1, 2, 3)]
    ['3', '0', '3']
    """
    return devices[worker % len(devices)] if len(devices) > 1 else None


def machine_fault(error: BaseException, config: object = None) -> FacetrialError | None:
    """What a machine did to a run, with what is kept of it; None where it was something else.

    Args:
        error: what was raised, perhaps with that as its cause.
        config: of the run.
    """
    behind: BaseException | None = error
    while behind is not None:
        if (said := _said(behind)) is not None:
            return FacetrialError(f"{said} {what_is_kept(config)}")
        behind = behind.__cause__
    return None


def was_interrupted(error: BaseException) -> bool:
    """Whether a run was ended by Ctrl-C, which Lightning turns into an exit of its own."""
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__context__, KeyboardInterrupt)


def what_is_kept(config: object = None) -> str:
    """Where lies what a run has done until now, as a sentence."""
    folders = []
    run = cast(Any, HydraConfig.instance().cfg)
    if run is not None and (folder := OmegaConf.select(run, "hydra.runtime.output_dir")):
        folders.append(Path(folder))
    if isinstance(config, DictConfig):
        paths = (OmegaConf.select(config, f"paths.{key}") for key in ("models", "cache"))
        folders += [Path(path).expanduser() for path in paths if path]
    found = [_shown(folder) for folder in folders if folder.is_dir()]
    where = f" in {', '.join(found)}" if found else ""
    return f"What was done until now is kept{where}; the same command goes on from there."


def _said(error: BaseException) -> str | None:
    text = str(error)
    if isinstance(error, MemoryError) or any(mark in text.lower() for mark in _OUT_OF_MEMORY):
        return (
            f"There is too little memory ({first_line(error)}). Take fewer pictures at a time (data.batch_size, "
            "model.batch_size), or fewer runs side by side (hydra.launcher.n_jobs)."
        )
    if isinstance(error, UnicodeEncodeError) and error.encoding == sys.getfilesystemencoding() != "utf-8":
        return f"The name {error.object!a} cannot be a file's in {error.encoding}. Start with PYTHONUTF8=1."
    if isinstance(error, OSError) and error.errno is not None:
        place = (
            f" {_shown(Path(os.fsdecode(error.filename)))}"
            if isinstance(error.filename, str | bytes)
            else " a file"
        )
        return f"Cannot read or write{place}: {error.strerror}. {_remedy(error.errno)}"
    if any(mark in text.lower() for mark in _NOT_WRITTEN):
        return f"Cannot write a file ({first_line(error)}). {_remedy(errno.ENOSPC)}"
    return None


def _remedy(number: int) -> str:
    if number in _NO_ROOM:
        return "Make room on its disk."
    if number in _NOT_ALLOWED:
        return "Allow it, or choose other folders (paths.models, paths.cache, hydra.run.dir)."
    if number in _TOO_MANY_OPEN:
        return "Allow more open files (ulimit -n), or start fewer runs side by side (hydra.launcher.n_jobs)."
    return "Put that right."


def _shown(path: Path) -> str:
    """A path as short as it can be said here."""
    absolute = Path(os.path.abspath(path))
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)


def missing_devices(trainer: DictConfig) -> Iterator[str]:
    """A sentence where the trainer asks for devices that are not there."""
    import torch

    kind, devices = trainer.get("accelerator"), trainer.get("devices")
    there = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }
    gpus = there["cuda"] or there["mps"]
    if kind in ("gpu", "cuda", "mps") and not (gpus if kind == "gpu" else there[kind]):
        yield f"trainer.accelerator={kind}: there is none on this machine. Give cpu or auto."
        return
    on_cpu = kind == "cpu" or not gpus
    most, named = (os.cpu_count() or 1, "cores") if on_cpu else (gpus, "devices")
    if isinstance(devices, ListConfig):
        if on_cpu or not devices or max(devices) >= most:
            yield (
                f"trainer.devices={devices} names devices that are not there: this machine has {most} {named}. A list "
                f"holds numbers of GPUs, from 0 on; else say how many, at most {most}."
            )
    elif isinstance(devices, int) and devices > most:
        yield (
            f"trainer.devices={devices} asks for devices that are not there: this machine has {most} {named}. Give at "
            f"most {most}."
        )
