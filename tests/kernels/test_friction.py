"""The power of the depth in Manning's friction, that both schemes share."""

import numpy as np

from flood_kernels.friction import POWER_SERIES, friction_power


def test_friction_power_equals_pow():
    h = np.logspace(-6, 2, 4001)
    for real in (np.float32, np.float64):
        series = tuple(real(v) for v in POWER_SERIES)
        got = np.array([friction_power(x, series, real(3.0)) for x in h.astype(real)], float)
        assert (
            np.abs(got / (3.0 * h.astype(real).astype(float) ** (-7.0 / 3.0)) - 1.0).max() < 4e-6
        )  # the polynomial 3.3e-6, float32 the rest
