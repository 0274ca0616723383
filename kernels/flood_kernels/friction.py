"""The power of the depth in Manning's friction."""

import numpy as np
from numba import njit

from flood_kernels.arrays import ONE, ROW

# Minimax polynomial of (1 - r)^(-7/3) for |r| <= 0.102, the reach of the bit trick; relative error 6.6e-6 (Remez exchange).
POWER_SERIES = (0.99999927, 2.33300882, 3.88904715, 5.74226312, 7.58980672)


@njit(**ROW)
def friction_power(h, series):
    """h^(-7/3) without pow: the reciprocal cube root y by a bit trick (3.5 % off), then the series of (1 - r)^(-7/3), r = 1 - h y^3, in
    h's own type. With a multiple of POWER_SERIES the result is that multiple.

    Relative error for 1e-6 to 100 m: < 7e-6 in both, as if n were 3e-6 off; tested. Every operation counts here: half of the kernels is this.
    """
    y = np.int32(np.float32(np.float32(h).view(np.int32)) * np.float32(-1.0 / 3.0) + np.float32(1.41990e9)).view(np.float32)
    cube = y * y * y
    r = ONE - h * cube
    return cube * cube * y * (series[0] + r * (series[1] + r * (series[2] + r * (series[3] + r * series[4]))))
