"""What keeps the vectors of a loop whole: integers as wide as its floats, and choices without a
branch.
"""

import numpy as np
from numba import types
from numba.extending import intrinsic, overload


def whole(number, like):
    """`number` as an integer as wide as the float, or array of floats, `like`.

    Numba counts in 64 bits. Beside float32 that halves the vectors of the whole loop: twice the
    time on Zen 3. 32 bits beside float64 take 15 % more.
    """
    return np.int32(number) if like.dtype == np.float32 else np.int64(number)


@overload(whole, inline="always")
def _whole(number, like):
    if getattr(like, "dtype", like) == types.float32:
        return lambda number, like: np.int32(number)
    return lambda number, like: np.int64(number)


def choose(condition, yes, no):
    """`yes` where the condition holds, else `no`; both are computed and both are read.

    Numba makes a branch of `yes if condition else no`. Where `no` reads an array, LLVM moves the
    reading into that branch. Processors without masked loads then read cell by cell, and LLVM gives
    the vectors up.
    """
    return yes if condition else no


@intrinsic
def _select(typingctx, condition, yes, no):
    """A selection of LLVM."""

    def generate(context, builder, signature, arguments):
        return builder.select(*arguments)

    return yes(condition, yes, yes), generate


@overload(choose, inline="always")
def _choose(condition, yes, no):
    return lambda condition, yes, no: _select(condition, yes, no)
