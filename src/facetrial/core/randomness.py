"""Counter-based random numbers: a draw depends on (seed, stream, picture, draw, position) and on nothing else.

Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011) in plain tensor
operations, so that the noise for a picture is the same in a batch of 1 or 64, on any worker and any number of
devices.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from facetrial.core.digests import digest

_MASK32 = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_CACHED = 65_536  # counters
_STEP = 0x85EBCA6B  # odd: no two steps of an attack below 2^32 come to the same


def picture_key(name: str) -> int:
    """A stable number in [0, 2^63) for a picture, from its name (its path below the data's root)."""
    return int(digest(name), 16) >> 1


def philox(counter: tuple[Tensor, Tensor, Tensor, Tensor], key: tuple[int, int]) -> tuple[Tensor, ...]:
    """Four int64 tensors of random 32-bit words, one set for each counter.

    Args:
        counter: four int64 tensors that broadcast together, each value in [0, 2^32).
        key: two words in [0, 2^32).
    """
    shape = torch.broadcast_shapes(*(part.shape for part in counter))
    words = torch.empty((4, *shape), dtype=torch.int64, device=counter[0].device)
    for word, part in zip(words, counter, strict=True):
        word.copy_(part)
    flat = words.view(4, -1)
    # A CPU is three times as fast where all ten rounds stay in its cache.
    at_once = _CACHED if words.device.type == "cpu" else max(flat.shape[1], 1)
    for some in flat.split(at_once, dim=1):
        _mix(some, *key)
    return tuple(words.unbind(0))


def _mix(words: Tensor, k0: int, k1: int) -> None:
    """Ten rounds of Philox on words (4, N), in place."""
    c0, c1, c2, c3 = words.unbind(0)
    # Factors are below 2^32; their product wraps in int64, but its bits are right.
    product0, product1 = torch.empty_like(c0), torch.empty_like(c2)
    for _ in range(10):
        torch.mul(c0, _MULTIPLIERS[0], out=product0)
        torch.mul(c2, _MULTIPLIERS[1], out=product1)
        _high(product1, c0).bitwise_xor_(c1).bitwise_xor_(k0)
        _high(product0, c2).bitwise_xor_(c3).bitwise_xor_(k1)
        torch.bitwise_and(product1, _MASK32, out=c1)
        torch.bitwise_and(product0, _MASK32, out=c3)
        k0, k1 = (k0 + _KEY_STEPS[0]) & _MASK32, (k1 + _KEY_STEPS[1]) & _MASK32


def _high(product: Tensor, out: Tensor) -> Tensor:
    return torch.bitwise_right_shift(product, 32, out=out).bitwise_and_(_MASK32)


@dataclass(frozen=True)
class Draws:
    """A source of random numbers for a batch of pictures.

    Attributes:
        seed: any integer; 0 is a seed.
        pictures: int64 (B,), each picture's `picture_key`.
        draw: which draw: 0 in a trial, an epoch in training.
        restart: which start of an attack, below 4,096; one number, or int64 (B,).
        step: which step of an attack; one number, or int64 (B,).
    """

    seed: int
    pictures: Tensor
    draw: int = 0
    restart: int | Tensor = 0
    step: int | Tensor = 0

    def select(self, rows: Tensor) -> "Draws":
        """The same source for the pictures at `rows`, an index or boolean tensor."""
        restart, step = (of[rows] if isinstance(of, Tensor) else of for of in (self.restart, self.step))
        return replace(self, pictures=self.pictures[rows], restart=restart, step=step)

    def joined(self, others: "Draws") -> "Draws":
        """The source for these pictures, then those of `others`, which must share seed and draw."""
        restart, step = _joined(self.restart, others.restart), _joined(self.step, others.step)
        return replace(self, pictures=torch.cat([self.pictures, others.pictures]), restart=restart, step=step)

    def restarted(self, restart: int | Tensor) -> "Draws":
        """The source of another start, one for all or int64 (B,)."""
        return replace(self, restart=restart)

    def at(self, step: int | Tensor) -> "Draws":
        """The source of another step, one for all or int64 (B,)."""
        return replace(self, step=step)

    def words(self, count: int, stream: str) -> Tensor:
        """int64 (B, count), uniform in [0, 2^32). `stream` names the use, so that uses do not share numbers."""
        device = self.pictures.device
        blocks = torch.arange(math.ceil(count / 4), device=device)
        pictures = self.pictures[:, None]
        stream_word = picture_key(stream) & _MASK32
        restart, step = (of[:, None] if isinstance(of, Tensor) else of for of in (self.restart, self.step))
        draw = (torch.zeros_like(pictures) + restart << 20 ^ self.draw ^ step * _STEP) & _MASK32
        counter = (blocks[None], draw, pictures & _MASK32, (pictures >> 32) & _MASK32)
        words = philox(counter, (self.seed & _MASK32, stream_word ^ ((self.seed >> 32) & _MASK32)))
        return torch.stack(words, dim=-1).flatten(1)[:, :count]

    def uniform(self, shape: tuple[int, ...], stream: str) -> Tensor:
        """float32 (B, *shape), uniform in (0, 1): 24 bits, never 0 and never 1."""
        words = self.words(math.prod(shape), stream)
        # The highest word rounds up to 1: it takes the value below.
        chance = ((words >> 8).float() + 0.5).mul(2.0**-24).clamp(max=1.0 - 2.0**-24)
        return torch.unflatten(chance, 1, shape).contiguous()

    def normal(self, shape: tuple[int, ...], stream: str) -> Tensor:
        """float32 (B, *shape), standard normal (Box-Muller)."""
        count = math.prod(shape)
        half = math.ceil(count / 2)
        uniform = self.uniform((2 * half,), stream)
        radius = torch.sqrt(-2.0 * torch.log(uniform[:, :half].contiguous()))
        angle = (2.0 * math.pi) * uniform[:, half:].contiguous()
        normal = torch.cat([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)
        return torch.unflatten(normal[:, :count].contiguous(), 1, shape)


def _joined(own: int | Tensor, others: int | Tensor) -> int | Tensor:
    return torch.cat([own, others]) if isinstance(own, Tensor) and isinstance(others, Tensor) else own
