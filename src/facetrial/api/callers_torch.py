"""What somebody who calls from Python has set for torch, kept from what is called, and given back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from lightning.pytorch.utilities.seed import isolate_rng

from facetrial.core.errors import FacetrialError

_AUTOCASTS = ("cpu", "cuda", "mps")


@contextmanager
def callers_torch() -> Iterator[None]:
    """Lets what is called compute as a command does: on the CPU unless asked otherwise, in float32, with slopes.

    A caller's default device, `torch.inference_mode`, `torch.no_grad` and `torch.autocast` would change what comes out.
    The random numbers that the caller draws next are those that would have come.

    Raises:
        FacetrialError: torch's default is another type than float32, which the caller's network may go by.
    """
    if torch.get_default_dtype() != torch.float32:
        raise FacetrialError(
            f"faces and attacks are computed in float32, and torch's default is {torch.get_default_dtype()}; call "
            "torch.set_default_dtype(torch.float32) first."
        )
    casts = [*map(torch.is_autocast_enabled, _AUTOCASTS)]
    elsewhere = torch.get_default_device().type != "cpu"
    with (
        isolate_rng(include_cuda=torch.cuda.is_initialized()),
        torch.device("cpu") if elsewhere else nullcontext(),
        torch.inference_mode(False),
        torch.enable_grad(),
    ):
        try:
            _set_autocasts([False] * len(casts))
            yield
        finally:
            _set_autocasts(casts)


def _set_autocasts(enabled: list[bool]) -> None:
    for kind, on in zip(_AUTOCASTS, enabled, strict=True):
        torch.set_autocast_enabled(kind, on)
