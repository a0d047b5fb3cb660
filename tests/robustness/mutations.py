"""Files spoilt at random, as disks, networks, other programs and attackers spoil them."""

import numpy as np

EXTREME = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def chosen(rng: np.random.Generator, things):
    """One of them."""
    return things[int(rng.integers(len(things)))]


def spoilt(content: bytes, rng: np.random.Generator, times: int = 3) -> bytes:
    """The content with one to `times` changes, small and large."""
    for _ in range(int(rng.integers(1, times + 1))):
        content = chosen(rng, CHANGES)(bytearray(content), rng)
    return bytes(content)


def flip_bits(content: bytearray, rng: np.random.Generator) -> bytearray:
    for at in rng.integers(0, max(1, len(content)), 8 if rng.random() < 0.3 else 1):
        content[at : at + 1] = bytes(byte ^ 1 << int(rng.integers(8)) for byte in content[at : at + 1])
    return content


def near_the_start(content: bytearray, rng: np.random.Generator) -> bytearray:
    """Flips bits where headers lie."""
    return flip_bits(content[:200], rng) + content[200:]


def overwrite(content: bytearray, rng: np.random.Generator) -> bytearray:
    at, length = _part(content, rng)
    content[at : at + length] = chosen(rng, (bytes(length), b"\xff" * length, rng.bytes(length)))
    return content


def cut(content: bytearray, rng: np.random.Generator) -> bytearray:
    return content[: int(rng.integers(0, len(content) + 1))]


def append(content: bytearray, rng: np.random.Generator) -> bytearray:
    return content + rng.bytes(int(rng.integers(1, 200)))


def drop_a_part(content: bytearray, rng: np.random.Generator) -> bytearray:
    at, length = _part(content, rng)
    return content[:at] + content[at + length :]


def double_a_part(content: bytearray, rng: np.random.Generator) -> bytearray:
    at, length = _part(content, rng)
    return content[: at + length] + content[at:]


def extreme_number(content: bytearray, rng: np.random.Generator) -> bytearray:
    """A number at the ends of its range, of one to four bytes and in either order."""
    size, number = int(chosen(rng, (1, 2, 4))), chosen(rng, EXTREME)
    at = int(rng.integers(0, max(1, min(len(content), 400))))
    number %= 1 << 8 * size
    content[at : at + size] = number.to_bytes(size, chosen(rng, ("little", "big")))
    return content


def _part(content: bytearray, rng: np.random.Generator) -> tuple[int, int]:
    at = int(rng.integers(0, max(1, len(content))))
    return at, int(rng.integers(1, max(2, min(100, len(content)))))


CHANGES = (
    flip_bits,
    near_the_start,
    overwrite,
    cut,
    append,
    drop_a_part,
    double_a_part,
    extreme_number,
    extreme_number,
)
