"""What methods share that ask for scores only."""

from torch import Tensor

# Pictures a pass where the config leaves it open. On a CPU, larger ones are no faster.
_AT_ONCE = {"cpu": 32}
_OTHER_AT_ONCE = 1024


def pictures_a_pass(pictures: Tensor, at_once: int | None) -> int:
    """How many pictures are shown together: `at_once`, or what suits the device of these where it is None."""
    return at_once or _AT_ONCE.get(pictures.device.type, _OTHER_AT_ONCE)
