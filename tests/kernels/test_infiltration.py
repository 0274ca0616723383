"""Green-Ampt columns against the implicit solution and the textbook's figures (CASES E1, after Chow, Maidment, Mays 1988)."""

import numpy as np
import pytest

import naive
from flood_kernels.infiltration import green_ampt_potential, infiltrate_constant, infiltrate_green_ampt

K, PSI, DTHETA = 0.0065 / 3600.0, 0.167, 0.340


@pytest.mark.parametrize(("dt", "limit"), [(60.0, 0.016), (10.0, 0.004), (1.0, 0.0006)])  # measured 1.4, 0.3, 0.04 %
def test_ponded_column(dt, limit):
    filled = 0.0
    for _ in range(round(3600.0 / dt)):
        filled += green_ampt_potential(filled, 0.0, K, PSI, DTHETA, dt)
    exact = naive.green_ampt_implicit(K, PSI, DTHETA, 3600.0)
    assert exact == pytest.approx(0.03167, rel=2e-3)  # textbook: 3.17 cm
    assert abs(filled - exact) / exact < limit


def test_rain_of_5_cm_an_hour_ponds_as_in_the_textbook():
    depth, filled = np.zeros((3, 3)), np.zeros((1, 1))
    soil = tuple(np.full((1, 1), v) for v in (K, PSI, DTHETA))
    ponded_at, dt = None, 5.0
    for step in range(720):
        depth[1, 1] += 0.05 / 3600.0 * dt
        infiltrate_green_ampt(depth, filled, *soil, 1, 1, dt)
        if ponded_at is None and depth[1, 1] > 1e-6:
            ponded_at = (step + 1) * dt
    assert ponded_at == pytest.approx(0.170 * 3600.0, rel=0.03)
    # The textbook neglects the ponded depth in the head (F(1 h) = 3.018 cm); with it dF/dt = K [1 + (psi + h) dtheta / F], h = P - F.
    ponded = naive.green_ampt_with_ponded_head(K, PSI, DTHETA, 0.05 / 3600.0, 0.170 * 3600.0, 3600.0)
    assert filled[0, 0] == pytest.approx(ponded, rel=5e-3)
    assert filled[0, 0] == pytest.approx(0.03018, rel=2.5e-2)
    assert depth[1, 1] + filled[0, 0] == pytest.approx(0.05, rel=1e-12)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_never_more_than_the_water_present(real):
    depth, filled = np.full((3, 3), 1e-5, real), np.zeros((1, 1))
    taken = infiltrate_constant(depth, filled, np.full((1, 1), 1.0), 1, 1, 10.0)
    assert depth[1, 1] == 0.0
    assert taken == filled[0, 0] == float(real(1e-5))
    assert depth[0, 0] == real(1e-5)  # ghosts are not the soil's
