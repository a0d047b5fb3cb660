"""Checkpoints: tensors and plain values, written whole, read without running anything that lies in the file."""

import contextlib
import functools
import logging
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from facetrial.core.errors import FacetrialError
from facetrial.core.files import check_seal, written_whole
from facetrial.core.provenance import files_known_today
from facetrial.runtime.old_names import with_new_names

log = logging.getLogger(__name__)

_FORMAT = "facetrial-1"


def save_checkpoint(path: str | Path, kind: str, state: dict, config: dict[str, Any], **plain: Any) -> None:
    """Writes a model.

    Args:
        path: the file, replaced whole.
        kind: what it is: "recognizer" or "landmarks".
        state: the module's state dict.
        config: what made it, as plain values; kept so that a mismatch is found.
        plain: further plain values (numbers, strings, lists, dicts, tensors).
    """
    content = {"format": _FORMAT, "kind": kind, "state": state, "config": config, **plain}
    _write(content, path)


def load_checkpoint(path: str | Path, kind: str, mmap: bool = False) -> dict[str, Any]:
    """The content that `save_checkpoint` wrote, on the CPU; its config with the names of today.

    Args:
        path: the file.
        kind: as for `save_checkpoint`.
        mmap: whether tensors are left in the file until they are looked at.

    Raises:
        FacetrialError: no such file, damaged, cut short, not a checkpoint of this project, or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise FacetrialError(f"there is no checkpoint at {path}.")
    try:
        _check(path)
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except Exception as error:  # torch raises a different type for each way in which a file can be broken
        raise FacetrialError(
            f"{path} cannot be read as a checkpoint: it is damaged, cut short, or no checkpoint, or holds more "
            f"than tensors and plain values ({type(error).__name__}). Delete it to have it trained again, or name "
            "another."
        ) from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise FacetrialError(f"{path} is not a checkpoint of facetrial: expected format {_FORMAT!r} in it.")
    if content["kind"] != kind:
        raise FacetrialError(f"{path} holds a {content['kind']!r} model, expected {kind!r}.")
    return content | {"config": with_new_names(content["config"])}


def take_over_renamed(path: Path, kind: str, config: dict[str, Any]) -> None:
    """Makes the checkpoint at `path` of one beside it that the same config made, under another name.

    Checkpoints are found by a name that ends in a digest of their config; where parts had other names, or nobody kept
    the code that made it, the digest is another.

    Args:
        path: where the checkpoint is to be; nothing is done where there is one.
        kind: as for `save_checkpoint`.
        config: what made it, in the names of today.
    """
    if path.is_file():
        return
    for other in sorted(path.parent.glob(f"{path.stem.rpartition('-')[0]}-*{path.suffix}")):
        with contextlib.suppress(FacetrialError):  # whoever needs that one says what is wrong with it
            content = load_checkpoint(other, kind, mmap=True)
            made_by = files_known_today(content["config"], config)
            if not recipe_differences(made_by, config):
                _write(content | {"config": made_by}, path)
                log.info("%s was made by this config under another name; taken over as %s.", other, path)
                return


def training_cut_short(folder: Path) -> Path | None:
    """The state, in `folder`, of a training that was cut short; None where there is none as it was written."""
    last = folder / "last.ckpt"
    if not last.is_file():
        return None
    try:
        _check(last)
        torch.load(last, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a different type for each way in which a file can be broken
        log.warning("%s cannot be read (%s): the training that was cut short is begun afresh.", last, error)
        last.unlink(missing_ok=True)
        return None
    log.info("Going on with the training that was cut short: %s", last)
    return last


def knows_code(made_by: dict) -> bool:
    """Whether a checkpoint's config tells which code of this package made it; those of 0.1 do not."""
    return "facetrial" in made_by.get("code", {})


def recipe_differences(made_by: dict, config: dict) -> list[str]:
    """Lines as by `config_differences`; code that nobody kept is not held against a checkpoint."""
    if not knows_code(made_by):
        made_by = {"code": {}} | made_by
        code = config.get("code", {})
        config = config | {"code": {name: code[name] for name in code.keys() & made_by["code"].keys()}}
    return config_differences(made_by, config)


class WholeCheckpoints(TorchCheckpointIO):
    """Writes what Lightning keeps of a training whole or not at all, on any file system, and sealed.

    Its own way moves the file there from the system's folder for temporary files, which copies where that is another
    file system: a full disk or a kill leaves it cut short, in the place of the one before.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        _write(checkpoint, path)


def _write(content: dict[str, Any], path: str | Path) -> None:
    with written_whole(path, seal=True) as temporary, temporary.open("wb") as file:
        torch.save(content, file)


def _check(path: Path) -> None:
    """Raises Damaged unless a checkpoint is as it was written."""
    status = path.stat()
    _check_once(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@functools.lru_cache
def _check_once(path: Path, *_: int) -> None:
    check_seal(path, zipped=True)


def config_differences(made_by: dict, config: dict, prefix: str = "") -> list[str]:
    """Lines "key: found, expected" for every key in which two plain configs differ."""
    lines = []
    for key in sorted({*made_by, *config}, key=str):
        found, expected = made_by.get(key), config.get(key)
        if isinstance(found, dict) and isinstance(expected, dict):
            lines += config_differences(found, expected, f"{prefix}{key}.")
        elif found != expected:
            lines.append(f"{prefix}{key}: the checkpoint has {found!r}, the config {expected!r}")
    return lines
