"""Hazard classes at their limits (AIDR 7-3) and running maxima, of one band and of several."""

import numpy as np
import pytest

from flood_kernels import maxima
from flood_sim.surface.arrays import empty_maxima

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
    assert maxima.hazard_class(depth, speed) == expected


def test_maxima_are_kept_and_products_are_of_one_instant():
    depth, bed = np.zeros((5, 5)), np.zeros((5, 5))
    qx, qy = np.zeros((5, 5)), np.zeros((5, 5))
    found = empty_maxima((1, 1))
    for time, h, q in ((10.0, 1.0, 0.1), (20.0, 0.5, 1.0), (30.0, 0.02, 0.0)):
        depth[...] = h
        qx[...] = q
        maxima.update_maxima(depth, bed, qx, qy, False, 2, 2, found, time, 10.0)
    assert found.depth[0, 0] == pytest.approx(1.0)
    assert found.velocity[0, 0] == pytest.approx(2.0)
    assert found.depth_velocity[0, 0] == pytest.approx(1.0)  # not 1.0 x 2.0
    assert found.hazard[0, 0] == 4
    assert found.arrival_time[0, 0] == 10.0
    assert found.ponding_time[0, 0] == 20.0


@pytest.mark.parametrize(("q", "depth"), [(3.0, 0.2), (-2.0, 0.01), (0.1, 0.0011), (-1.0, 0.0011)])
def test_what_has_emptied_since_its_discharge_was_found_is_bounded(q, depth):
    """15 to 900 m/s over the rest of the water; that discharge ran at Froude 5 at most."""
    found = maxima.bounded_face_velocity(q, depth)
    assert found == pytest.approx(np.sign(q) * np.cbrt(25.0 * 9.80665 * abs(q)), rel=2e-5)


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("in_cells", [True, False])
@pytest.mark.parametrize("bands", ["", "_bands"])
def test_wide_rows_against_numpy(real, in_cells, bands):
    """1,300 columns (blocks of 64, 128 and 512), dry and wet, twice: every column is folded, with
    its own velocity.
    """
    rng, rows, columns, top, left = np.random.default_rng(4), 4, 1300, 3, 5
    shape = (rows + 6, columns + 10)
    bed, found = rng.uniform(0.0, 0.3, shape).astype(real), empty_maxima((rows, columns))
    inner = (slice(top, top + rows), slice(left, left + columns))
    deepest, fastest, ponding = (np.zeros((rows, columns)) for _ in range(3))

    def faces(q, h_left, h_right, z_left, z_right):
        step = z_right - z_left
        flow = np.maximum(h_left - np.maximum(step, 0), h_right + np.minimum(step, 0))
        speed = np.minimum(np.abs(q) / np.maximum(flow, 1e-3), np.cbrt(25.0 * 9.80665 * np.abs(q)))
        return np.where(flow > 1e-3, np.copysign(speed, q), 0.0)

    for time in (10.0, 20.0):
        depth = np.where(rng.random(shape) < 0.3, 0.0, rng.uniform(0.0, 0.5, shape)).astype(real)
        qx, qy = (rng.uniform(-1.0, 1.0, shape).astype(real) for _ in range(2))
        update = getattr(maxima, f"update_maxima{bands}")
        update(depth, bed, qx, qy, in_cells, top, left, found, time, 10.0)
        u, v = qx, qy
        if not in_cells:
            u, v = np.zeros(shape), np.zeros(shape)
            x = faces(qx[:, 1:], depth[:, :-1], depth[:, 1:], bed[:, :-1], bed[:, 1:])
            y = faces(qy[1:], depth[:-1], depth[1:], bed[:-1], bed[1:])
            u[:, 1:-1], v[1:-1] = 0.5 * (x[:, :-1] + x[:, 1:]), 0.5 * (y[:-1] + y[1:])
        h = depth[inner].astype(float)
        speed = np.where(h >= 1e-3, np.hypot(u[inner], v[inner]), 0.0)
        deepest, fastest, ponding = (
            np.maximum(deepest, h),
            np.maximum(fastest, speed),
            ponding + 10.0 * (h > 0.15),
        )
        total = np.zeros(rows)
        getattr(maxima, f"sum_rows{bands}")(depth, np.zeros(shape, real), top, left, columns, total)
        assert total == pytest.approx(h.sum(axis=1), rel=1e-12)
    assert np.allclose(found.depth, deepest, rtol=1e-6) and np.allclose(
        found.velocity, fastest, rtol=1e-4, atol=1e-5
    )
    assert np.array_equal(found.ponding_time, ponding.astype(np.float32))
