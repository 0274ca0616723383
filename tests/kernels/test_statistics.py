"""Hazard classes at their limits (AIDR 7-3) and running maxima, compiled in parallel."""

import numpy as np
import pytest

from flood_kernels import statistics
from flood_sim.surface_arrays import empty_maxima

H1_TO_H6 = [  # depth, speed, class: just inside and just outside each limit
    (0.0005, 5.0, 0),
    (0.29, 1.0, 1),
    (0.31, 0.1, 2),
    (0.2, 1.6, 2),
    (0.51, 0.1, 3),
    (0.49, 1.3, 4),
    (1.21, 0.1, 4),
    (0.1, 2.1, 5),
    (2.1, 0.1, 5),
    (1.0, 3.9, 5),
    (1.1, 3.9, 6),
    (4.1, 0.0, 6),
    (0.5, 4.1, 6),
]


@pytest.mark.parametrize(("depth", "speed", "expected"), H1_TO_H6)
def test_hazard_class(depth, speed, expected):
    assert statistics.hazard_class(depth, speed) == expected


def test_maxima_are_kept_and_products_are_of_one_instant():
    depth, bed = np.zeros((5, 5)), np.zeros((5, 5))
    qx, qy = np.zeros((5, 5)), np.zeros((5, 5))
    maxima = empty_maxima((1, 1))
    for time, h, q in ((10.0, 1.0, 0.1), (20.0, 0.2, 0.4), (30.0, 0.02, 0.0)):
        depth[...] = h
        qx[...] = q
        statistics.update_maxima(depth, bed, qx, qy, False, 2, 2, maxima, time, 10.0)
    assert maxima.depth[0, 0] == pytest.approx(1.0)
    assert maxima.velocity[0, 0] == pytest.approx(2.0)
    assert maxima.depth_velocity[0, 0] == pytest.approx(0.4)  # not 1.0 x 2.0
    assert maxima.hazard[0, 0] == 3
    assert maxima.arrival_time[0, 0] == 10.0
    assert maxima.ponding_time[0, 0] == 20.0
