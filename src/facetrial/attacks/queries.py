"""What methods share that ask for scores only."""

import torch
from torch import Tensor, nn

from facetrial.recognition.layers import scores_of

# Pictures a pass where the config leaves it open. On a CPU, larger ones are no faster.
_AT_ONCE = {"cpu": 32}
_OTHER_AT_ONCE = 1024


def asked_in_parts(network: nn.Module, pictures: Tensor, at_once: int | None) -> Tensor:
    """Identity scores float32 (B, C) of pictures (B, 3, H, W), `at_once` of them a pass.

    Args:
        at_once: None takes what suits the device.
    """
    size = at_once or _AT_ONCE.get(pictures.device.type, _OTHER_AT_ONCE)
    return torch.cat([scores_of(network, part) for part in pictures.split(size)])
