"""A function in Python as a recogniser."""

import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from hydra.utils import get_object

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError, first_line
from facetrial.core.provenance import file_content
from facetrial.core.settings import Count
from facetrial.recognition.embedders.black_box.box import BlackBox
from facetrial.runtime.schemas import AlignmentName, Side


class FunctionEmbedder(BlackBox):
    """Faces to unit-norm embeddings (B, D), or to scores, by a function that has no slope for torch to follow.

    Args:
        function: from pictures to answers: `my_module.my_function`, or `FILE.py:my_function`; from Python, itself.
        size: side of its pictures.
        alignment: how faces are cut for it.
        takes: "uint8", NumPy's (B, H, W, 3) from 0 to 255, so that every picture is rounded as a file holds it;
            "float32", NumPy's (B, H, W, 3) in [0, 1]; "torch", a float32 tensor (B, 3, H, W) in [0, 1].
        channels: their order.
        at_once: most pictures of a call.
        keep: whether answers are kept, in `cache`, so that it is asked about no picture twice: for one that is slow,
            or that asks a service. Its answers are then those of its file as it is, and of `version`.
        version: any text; another one for a function that answers otherwise by now, where its file does not tell.
        dimension: D, where it finds nobody on the first pictures, which are no faces.
        cache: where answers are kept.

    Raises:
        FacetrialError: there is no such function.
    """

    weights_in_config = False  # what the function reads, no config tells

    @checked("embedder")
    def __init__(
        self,
        function: Any,
        size: Side = 112,
        alignment: AlignmentName = "five_points",
        takes: Literal["uint8", "float32", "torch"] = "uint8",
        channels: Literal["rgb", "bgr"] = "rgb",
        at_once: Count = 64,
        keep: bool = False,
        version: str | None = None,
        dimension: Count | None = None,
        cache: str = "cache",
    ) -> None:
        found = _function(function) if isinstance(function, str) else function
        if not callable(found) or isinstance(found, type):
            raise FacetrialError(
                "embedder.function must name a function from pictures to answers, embedder.function=my_module.embed or "
                f"embedder.function=FILE.py:embed; found {found!r}."
            )
        super().__init__(
            size,
            alignment,
            rounded=takes == "uint8",
            dimension=dimension,
            identity=[_named(found), _code(found), takes, channels, version],
            at_once=at_once,
            cache=cache if keep else None,
        )
        self.function: Callable[[Any], Any] = found
        self.takes = takes
        self.flipped = channels == "bgr"

    @property
    def called(self) -> str:
        return f"the function {_named(self.function)}"

    def ask(self, pictures: np.ndarray) -> Any:
        given: Any = np.ascontiguousarray(pictures[..., ::-1]) if self.flipped else pictures
        if self.takes == "torch":
            given = torch.from_numpy(given).permute(0, 3, 1, 2).contiguous()
        try:
            with torch.no_grad():
                return self.function(given)
        except FacetrialError:
            raise
        except Exception as error:  # the function's own code raises what it likes
            raise FacetrialError(
                f"{self.called} cannot answer for pictures {given.dtype} {tuple(given.shape)}: {first_line(error)}. "
                "embedder.takes says what it is given, embedder.size the side of its pictures."
            ) from error


def _function(name: str) -> Any:
    """What `my_module.embed` or `FILE.py:embed` names."""
    file, _, attribute = name.rpartition(":")
    if not file:
        try:
            return get_object(name)
        except Exception as error:  # an error in the module that is imported is of any type
            cause = error.__cause__ or error
            raise FacetrialError(
                f"embedder.function={name} cannot be imported: {first_line(cause)}. The module must lie in the folder "
                "that the command is started in, be installed, or be found through PYTHONPATH; or give FILE.py:NAME."
            ) from error
    path = Path(file).expanduser()
    if not path.is_file():
        raise FacetrialError(f"embedder.function={name}: there is no file {path}.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FacetrialError(
            f"embedder.function={name}: {path} is no file of Python; its name must end in .py."
        )
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # as above
        raise FacetrialError(
            f"embedder.function={name}: {path} cannot be run: {first_line(error)}."
        ) from error
    if not hasattr(module, attribute):
        raise FacetrialError(f"embedder.function={name}: {path} has no {attribute!r}.")
    return getattr(module, attribute)


def _named(function: Any) -> str:
    return getattr(function, "__qualname__", type(function).__name__)


def _code(function: Any) -> str | None:
    """What the function's file holds, as a short name; None where it has none."""
    try:
        return file_content(inspect.getsourcefile(inspect.unwrap(function)))
    except TypeError:  # written in C, or an object that can be called
        try:
            return file_content(inspect.getsourcefile(type(function)))
        except TypeError:
            return None
