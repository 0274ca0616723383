"""Fields derived from depth and discharge: cell velocity, running maxima, hazard class. Arrays
only; one file (Numba's cache).

`..._bands` shares the rows among threads; the same without it compiles in half of the time, and a
surface of one band calls that: waking a thread costs a small grid more than its rows.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from flood_kernels.arrays import FUSED, GRAVITY, HALF, LOOP, ONE, PART, ROW, ZERO
from flood_kernels.prefetch import AT_ONCE, fetch
from flood_kernels.vectors import whole

OPTIONS = {
    "cache": True,
    "fastmath": False,
    "error_model": "numpy",
    "nogil": True,
    "no_cfunc_wrapper": True,
}
PART_OPTIONS = {**OPTIONS, "no_cpython_wrapper": True}
LARGEST_FROUDE = 5.0  # of what a face is said to carry
F2_G = np.float32(LARGEST_FROUDE**2 * GRAVITY)
SHALLOW = np.float32(1.0e-3)  # m, no velocity is stated below this depth
ARRIVED, PONDED = np.float32(0.05), np.float32(0.15)  # m
BLOCK = 512  # columns looked at together: a dry block is skipped
# Upper limits of depth x speed (m2/s), depth (m) and speed (m/s).
H1, H2, H3, H4, H5 = (
    tuple(np.float32(v) for v in limits)
    for limits in ((0.3, 0.3, 2), (0.6, 0.5, 2), (0.6, 1.2, 2), (1, 2, 2), (4, 4, 4))
)


class Maxima(NamedTuple):
    """(ny, nx) running statistics, sampled at the end of each window."""

    depth: np.ndarray  # m
    velocity: np.ndarray  # m/s
    depth_velocity: np.ndarray  # m2/s, of one instant
    hazard: np.ndarray  # uint8, AIDR H1-H6 of one instant, 0 dry
    arrival_time: np.ndarray  # s, NaN until depth > 0.05 m
    ponding_time: np.ndarray  # s with depth > 0.15 m


@njit(**ROW)
def beyond(product, depth, speed, limits):
    """1 where one of a class's three limits is broken, else 0."""
    return np.int32((product > limits[0]) | (depth > limits[1]) | (speed > limits[2]))


@njit(**ROW)
def hazard_class(depth, speed):
    """Combined hazard H1-H6 of one instant; 0 below 1 mm. Lowest class whose three limits hold
    (AIDR 7-3 / ARR 2019, NSW FB03 2023).

    The limits of a class are never below those of the class before: the class is 1 and one more for
    each that is broken.
    """
    product = depth * speed
    broken = beyond(product, depth, speed, H1)
    broken = whole(broken + beyond(product, depth, speed, H2), depth)
    broken = whole(broken + beyond(product, depth, speed, H3), depth)
    broken = whole(broken + beyond(product, depth, speed, H4), depth)
    broken = whole(broken + beyond(product, depth, speed, H5), depth)
    return np.int32(0) if depth < SHALLOW else whole(broken + np.int32(1), depth)


@njit(**ROW)
def nearer_cube_root(root, cube):
    """Halley's step towards the cube root of `cube`."""
    own = root * root * root
    return root * (own + cube + cube) / (own + own + cube)


@njit(**ROW)
def largest_speed(speed, depth):
    """Size of the velocity (m/s) at which the discharge speed x depth runs at LARGEST_FROUDE, (F^2
    g |q|)^(1/3): to 1e-5 for speeds of up to 10,000 times that.
    """
    cube = F2_G * depth * abs(speed)
    root = math.sqrt(abs(speed) * math.sqrt(F2_G * depth))
    root = nearer_cube_root(nearer_cube_root(root, cube), cube)
    return nearer_cube_root(nearer_cube_root(root, cube), cube)


@njit(**ROW)
def flow_depth(h_left, h_right, z_left, z_right):
    """Flow depth (m) in a face: the higher level over the higher bed."""
    step = z_right - z_left
    return max(h_left - max(step, ZERO), h_right + min(step, ZERO))


@njit(**ROW)
def face_velocity(q, h_flow):
    """Velocity (m/s) through a face: discharge over the flow depth there; 0 in films below 1 mm."""
    return q / max(h_flow, SHALLOW) if h_flow > SHALLOW else ZERO * q


@njit(**ROW)
def bounded_face_velocity(q, h_flow):
    """The same, at LARGEST_FROUDE at most.

    A discharge is found with the depths before its step. There it is no faster (local_inertial: 4
    on streets of 8 %). So it is no faster here, where its cell has emptied since.
    """
    speed = face_velocity(q, h_flow)
    largest = largest_speed(speed, max(h_flow, SHALLOW))
    return math.copysign(largest, speed) if speed * speed > F2_G * h_flow else speed


@njit(
    **{**OPTIONS, "fastmath": {"reassoc"}}
)  # one sum a lane: added one after the other a cell waits four cycles for the one before
def sum_row(depth, carry):
    """Water of a row, m over its cells, in float64."""
    total = 0.0
    for i in range(depth.size):
        total += np.float64(depth[i]) + np.float64(carry[i])
    return total


@njit(**OPTIONS)
def sum_rows(depth, carry, top, left, columns, total):
    """Water of every row into total (rows,)."""
    for j in range(total.size):
        total[j] = sum_row(
            depth[j + top, left : left + columns], carry[j + top, left : left + columns]
        )


@njit(parallel=True, **OPTIONS)
def sum_rows_bands(depth, carry, top, left, columns, total):
    for j in prange(total.size):
        total[j] = sum_row(
            depth[j + top, left : left + columns], carry[j + top, left : left + columns]
        )


@njit(**OPTIONS)
def count_row(depth, dry_at_start, limits, count):
    """Cells of a row deeper than each limit (m) that were dry at the start."""
    for i in range(depth.size):
        if depth[i] > limits[0] and dry_at_start[i]:
            for k in range(limits.size):
                count[k] += depth[i] > limits[k]


@njit(**OPTIONS)
def count_deeper(depth, dry_at_start, limits, count):
    """count (rows, limits): cells deeper than each of the ascending limits, row by row."""
    for j in range(depth.shape[0]):
        count[j, :] = 0
        count_row(depth[j], dry_at_start[j], limits, count[j])


@njit(parallel=True, **OPTIONS)
def count_deeper_bands(depth, dry_at_start, limits, count):
    for j in prange(depth.shape[0]):
        count[j, :] = 0
        count_row(depth[j], dry_at_start[j], limits, count[j])


@njit(**LOOP)
def centre_velocity(q, q_next, h_before, h, h_after, z_before, z, z_after, velocity, soon):
    """Velocity (m/s) in the cells of a row along one direction: mean of the two faces; 0 in cells
    shallower than 1 mm. Returns not 0 where a face runs beyond LARGEST_FROUDE.

    soon : rows that will be read next, asked for block by block (prefetch.py).
    """
    fast = whole(0, h)
    for start in range(0, h.size, AT_ONCE):
        for row in soon:
            fetch(row, start)
        for k in range(min(AT_ONCE, h.size - start)):
            i = np.uint64(start) + np.uint64(k)
            flow = flow_depth(h_before[i], h[i], z_before[i], z[i])
            flow_next = flow_depth(h[i], h_after[i], z[i], z_after[i])
            before, after = face_velocity(q[i], flow), face_velocity(q_next[i], flow_next)
            faster = (before * before > F2_G * flow) | (after * after > F2_G * flow_next)
            fast = whole(fast | whole(faster, h), h)
            mean = HALF * (before + after)
            velocity[i] = mean if h[i] >= SHALLOW else ZERO * mean
    return fast


@njit(**LOOP)
def bounded_velocity(q, q_next, h_before, h, h_after, z_before, z, z_after, velocity):
    """The same with no face beyond LARGEST_FROUDE: three times dearer, so only for rows that need
    it.
    """
    for i in range(h.size):
        flow = flow_depth(h_before[i], h[i], z_before[i], z[i])
        flow_next = flow_depth(h[i], h_after[i], z[i], z_after[i])
        mean = HALF * (
            bounded_face_velocity(q[i], flow) + bounded_face_velocity(q_next[i], flow_next)
        )
        velocity[i] = mean if h[i] >= SHALLOW else ZERO * mean


@njit(**LOOP)
def copy_velocity(h, own, velocity):
    """The same where velocities of cells are the state."""
    for i in range(h.size):
        velocity[i] = own[i] if h[i] >= SHALLOW else ZERO * own[i]


@njit(**PART)
def row_velocity(row, a, b, depth, bed, qx, qy, in_cells, along, down):
    """Velocity (m/s) along columns and down rows of padded cells [a, b) of a row.

    in_cells : qx, qy are velocities of cells; else unit discharges of faces.
    """
    h, z = depth[row], bed[row]
    if in_cells:
        copy_velocity(h[a:b], qx[row, a:b], along)
        copy_velocity(h[a:b], qy[row, a:b], down)
        return
    before, after = slice(a - 1, b - 1), slice(a + 1, b + 1)
    x = (qx[row, a:b], qx[row, after], h[before], h[a:b], h[after], z[before], z[a:b], z[after])
    y = (
        qy[row, a:b],
        qy[row + 1, a:b],
        depth[row - 1, a:b],
        h[a:b],
        depth[row + 1, a:b],
        bed[row - 1, a:b],
        z[a:b],
        bed[row + 1, a:b],
    )
    if centre_velocity(*x, along, (depth[row + 2, a:b], bed[row + 2, a:b])) != 0:
        bounded_velocity(*x, along)
    if centre_velocity(*y, down, (qx[row + 1, a:b], qy[row + 2, a:b])) != 0:
        bounded_velocity(*y, down)


@njit(**FUSED)
def turn(values):
    """Change the sign of a row."""
    for i in range(values.size):
        values[i] = -ONE * values[i]


@njit(**OPTIONS)
def cell_velocity(depth, bed, qx, qy, in_cells, top, left, east, north):
    """Velocity (m/s) in cell centres from padded depth and discharge, 0 in cells shallower than 1
    mm; rows run south.
    """
    for j in range(east.shape[0]):
        row_velocity(
            j + top, left, left + east.shape[1], depth, bed, qx, qy, in_cells, east[j], north[j]
        )
        turn(north[j])


@njit(**LOOP)
def fold_cells(
    h, along, down, deepest, fastest, product, hazard, arrival, ponding, soon, time, window
):
    """Fold the cells of a row into the running maxima; soon : the next row of the five of them that
    are floats.
    """
    for start in range(0, h.size, AT_ONCE):
        for row in soon:
            fetch(row, start)
        for k in range(min(AT_ONCE, h.size - start)):
            i = np.uint64(start) + np.uint64(k)
            speed = math.sqrt(along[i] * along[i] + down[i] * down[i])
            deepest[i] = max(deepest[i], h[i])
            fastest[i] = max(fastest[i], speed)
            product[i] = max(product[i], h[i] * speed)
            hazard[i] = max(np.int32(hazard[i]), hazard_class(h[i], speed))
            arrival[i] = time if (h[i] > ARRIVED) & (arrival[i] != arrival[i]) else arrival[i]
            ponding[i] += window if h[i] > PONDED else ZERO


@njit(**LOOP)
def any_water(h):
    """Not 0 where a cell of a row holds water (or no number)."""
    found = whole(0, h)
    for i in range(h.size):
        found = whole(found | whole(not h[i] <= ZERO, h), h)
    return found


@njit(**PART_OPTIONS)
def fold_row(j, depth, bed, qx, qy, in_cells, top, left, maxima, time, window):
    """Fold row j of the present state into the running maxima."""
    rows, columns = maxima.depth.shape
    soon = min(j + 1, rows - 1)
    along, down = np.empty(BLOCK, depth.dtype), np.empty(BLOCK, depth.dtype)
    for first in range(0, columns, BLOCK):
        last = min(first + BLOCK, columns)
        a, b, s, n = left + first, left + last, slice(first, last), last - first
        h = depth[j + top, a:b]
        if any_water(h) != 0:
            row_velocity(j + top, a, b, depth, bed, qx, qy, in_cells, along[:n], down[:n])
            fold_cells(
                h,
                along[:n],
                down[:n],
                maxima.depth[j, s],
                maxima.velocity[j, s],
                maxima.depth_velocity[j, s],
                maxima.hazard[j, s],
                maxima.arrival_time[j, s],
                maxima.ponding_time[j, s],
                (
                    maxima.depth[soon, s],
                    maxima.velocity[soon, s],
                    maxima.depth_velocity[soon, s],
                    maxima.arrival_time[soon, s],
                    maxima.ponding_time[soon, s],
                ),
                time,
                window,
            )


@njit(**OPTIONS)
def update_maxima(depth, bed, qx, qy, in_cells, top, left, maxima, time, window):
    """Fold the present state into the running maxima; time and window in s."""
    for j in range(maxima.depth.shape[0]):
        fold_row(
            j, depth, bed, qx, qy, in_cells, top, left, maxima, np.float32(time), np.float32(window)
        )


@njit(parallel=True, **OPTIONS)
def update_maxima_bands(depth, bed, qx, qy, in_cells, top, left, maxima, time, window):
    """The body is a function of its own: written out here, Numba 0.68 loses the assignments to a
    NamedTuple's arrays in a prange (tested).
    """
    now, length = np.float32(time), np.float32(window)
    for k in prange(maxima.depth.shape[0]):
        j = np.int64(k)  # prange counts in unsigned numbers: it would be compiled twice
        fold_row(j, depth, bed, qx, qy, in_cells, top, left, maxima, now, length)
