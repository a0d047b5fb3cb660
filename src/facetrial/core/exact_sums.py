"""Sums that do not depend on the order of their terms, and so not on batch size, threads or device."""

from torch import Tensor

_SCALE = 2.0**36


def fixed_point(values: Tensor) -> Tensor:
    """int64: each value in units of 2^-36, whose sums are exact in any order. Values up to 2^8, 2^18 of them."""
    return (values.double() * _SCALE).round_().long()


def exact_sum(values: Tensor) -> Tensor:
    """float64 (B,): the sum over all but the first dimension, to 2^-36 a term, the same in any order."""
    return total(fixed_point(values))


def total(fixed: Tensor) -> Tensor:
    """float64 (B,): the sum over all but the first dimension of what `fixed_point` made."""
    return fixed.flatten(1).sum(1).double() / _SCALE
