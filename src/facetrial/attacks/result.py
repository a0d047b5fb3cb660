"""What an attack returns."""

from dataclasses import dataclass

from torch import Tensor


@dataclass
class Attacked:
    """The result of an attack on B pictures, in their order.

    Attributes:
        images: float32 (B, 3, H, W) in [0, 1]; a picture that is not attackable is unchanged.
        region: (B, 1, H, W), where changes were allowed.
        attackable: (B,) bool, whether the region holds any pixel of the picture.
        reached: (B,) bool, whether the change reaches the budget's size.
        queries: int64 (B,), pictures shown to the victim.
        steps: int64 (B,), of these, pictures whose gradient was asked for.
        gradient: int64 (B,), as in `Gradient`.
        targets: int64 (B,), for whom each was to be taken, or SHOWS_TARGET; None when anyone else would do.
        smallest: (B,), as in `MethodResult`, NaN for a picture that is not attackable; None where it was not looked
            for.
    """

    images: Tensor
    region: Tensor
    attackable: Tensor
    reached: Tensor
    queries: Tensor
    steps: Tensor
    gradient: Tensor
    targets: Tensor | None
    smallest: Tensor | None = None
