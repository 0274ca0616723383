"""Square roots for kernels of both precisions."""

import math

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import types
from numba.extending import overload

from flood_kernels.arrays import HALF

# Two double roots a face were a third of the kernel on an Intel Emerald Rapids; an AMD Zen 4 is
# slower with the Newton step (6.4, 5.3 ns).
QUICK_DOUBLE_ROOTS = (numba.config.CPU_NAME or llvm.get_host_cpu_name()).startswith("znver")


def root(x):
    """Square root of x > 0. In float64, where the processor's own is slow, from the one in float32
    by a Newton step (4e-15 off).
    """
    return math.sqrt(x)


@overload(root, inline="always")
def _root(x):
    def own(x):
        return math.sqrt(x)

    def double(x):
        seed = np.float32(math.sqrt(np.float32(x)))
        return seed + (x - np.float64(seed) * seed) * (HALF / seed)

    return own if x == types.float32 or QUICK_DOUBLE_ROOTS else double


def rough_root(x):
    """Square root of x to float32's last digit, for what friction is a product of (its series is
    3e-6 off). In float64 a third of the time.
    """
    return math.sqrt(x)


@overload(rough_root, inline="always")
def _rough_root(x):
    def own(x):
        return math.sqrt(x)

    def double(x):
        return np.float64(math.sqrt(np.float32(x)))

    return own if x == types.float32 else double
