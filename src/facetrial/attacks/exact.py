"""Sums that do not depend on the order of their terms, and so not on batch size, threads or device."""

from torch import Tensor

_SCALE = 2.0**36


def exact_sum(values: Tensor) -> Tensor:
    """float64 (B,): the sum over all but the first dimension, to 2^-36 a term, the same in any order.

    Terms are rounded to integers, whose addition is associative. Terms may be up to 2^8 in size and 2^18 in number.
    """
    fixed = (values.double() * _SCALE).round().long()
    return fixed.flatten(1).sum(1).double() / _SCALE
