"""Fields derived from depth and discharge: cell velocity, running maxima, hazard class. Arrays only; one file (Numba's cache)."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

OPTIONS = {"cache": True, "fastmath": False, "error_model": "numpy", "nogil": True}
SHALLOW = np.float32(1.0e-3)  # m, no velocity is stated below this depth


class Maxima(NamedTuple):
    """(ny, nx) running statistics, sampled every few windows."""

    depth: np.ndarray  # m
    velocity: np.ndarray  # m/s
    depth_velocity: np.ndarray  # m2/s, of one instant
    hazard: np.ndarray  # uint8, AIDR H1-H6 of one instant, 0 dry
    arrival_time: np.ndarray  # s, NaN until depth > 0.05 m
    ponding_time: np.ndarray  # s with depth > 0.15 m


@njit(**OPTIONS)
def hazard_class(depth, speed):
    """Combined hazard H1-H6 of one instant; 0 below 1 mm. Lowest class whose three limits hold (AIDR 7-3 / ARR 2019, NSW FB03 2023)."""
    product = depth * speed
    if depth < SHALLOW:
        return 0
    if product <= 0.3 and depth <= 0.3 and speed <= 2.0:
        return 1
    if product <= 0.6 and depth <= 0.5 and speed <= 2.0:
        return 2
    if product <= 0.6 and depth <= 1.2 and speed <= 2.0:
        return 3
    if product <= 1.0 and depth <= 2.0 and speed <= 2.0:
        return 4
    if product <= 4.0 and depth <= 4.0 and speed <= 4.0:
        return 5
    return 6


@njit(**OPTIONS)
def face_velocity(q, h_left, h_right, z_left, z_right):
    """Velocity (m/s) through a face: discharge over the flow depth there; 0 in films below 1 mm."""
    step = z_right - z_left
    h_flow = max(h_left - max(step, 0.0), h_right + min(step, 0.0))
    return q / h_flow if h_flow > SHALLOW else 0.0


@njit(**OPTIONS)
def sum_row(depth, carry):
    """Water of a row, m over its cells, in float64."""
    total = 0.0
    for i in range(depth.size):
        total += np.float64(depth[i]) + np.float64(carry[i])
    return total


@njit(parallel=True, **OPTIONS)
def sum_rows(depth, carry, top, left, columns, total):
    """Water of every row into total (rows,)."""
    for j in prange(total.size):
        total[j] = sum_row(depth[j + top, left : left + columns], carry[j + top, left : left + columns])


@njit(**OPTIONS)
def count_row(depth, dry_at_start, limits, count):
    """Cells of a row deeper than each limit (m) that were dry at the start."""
    for i in range(depth.size):
        if depth[i] > limits[0] and dry_at_start[i]:
            for k in range(limits.size):
                count[k] += depth[i] > limits[k]


@njit(parallel=True, **OPTIONS)
def count_deeper(depth, dry_at_start, limits, count):
    """count (rows, limits): cells deeper than each of the ascending limits, row by row."""
    for j in prange(depth.shape[0]):
        count[j, :] = 0
        count_row(depth[j], dry_at_start[j], limits, count[j])


@njit(**OPTIONS)
def velocity_at(depth, bed, qx, qy, in_cells, j, i):
    """Velocity of padded cell (j, i) towards east and north (m/s); rows run south.

    in_cells : qx, qy are velocities of cells; else unit discharges of faces, and the mean of the two faces in each direction is taken.
    """
    if in_cells:
        return qx[j, i], -qy[j, i]
    h, z = depth[j, i], bed[j, i]
    west = face_velocity(qx[j, i], depth[j, i - 1], h, bed[j, i - 1], z)
    east = face_velocity(qx[j, i + 1], h, depth[j, i + 1], z, bed[j, i + 1])
    above = face_velocity(qy[j, i], depth[j - 1, i], h, bed[j - 1, i], z)
    below = face_velocity(qy[j + 1, i], h, depth[j + 1, i], z, bed[j + 1, i])
    return 0.5 * (west + east), -0.5 * (above + below)


@njit(parallel=True, **OPTIONS)
def cell_velocity(depth, bed, qx, qy, in_cells, top, left, east, north):
    """Velocity (m/s) in cell centres from padded depth and discharge, 0 in cells shallower than 1 mm."""
    for j in prange(east.shape[0]):
        for i in range(east.shape[1]):
            if depth[j + top, i + left] >= SHALLOW:
                east[j, i], north[j, i] = velocity_at(depth, bed, qx, qy, in_cells, j + top, i + left)
            else:
                east[j, i], north[j, i] = 0.0, 0.0


@njit(**OPTIONS)
def fold_row(j, depth, bed, qx, qy, in_cells, top, left, maxima, time, window):
    """Fold row j of the present state into the running maxima."""
    for i in range(maxima.depth.shape[1]):
        h = depth[j + top, i + left]
        maxima.depth[j, i] = max(maxima.depth[j, i], h)
        if h >= SHALLOW:
            u, v = velocity_at(depth, bed, qx, qy, in_cells, j + top, i + left)
            speed = math.sqrt(u * u + v * v)
            maxima.velocity[j, i] = max(maxima.velocity[j, i], speed)
            maxima.depth_velocity[j, i] = max(maxima.depth_velocity[j, i], h * speed)
            maxima.hazard[j, i] = max(maxima.hazard[j, i], hazard_class(h, speed))
            if h > 0.05 and math.isnan(maxima.arrival_time[j, i]):
                maxima.arrival_time[j, i] = time
            if h > 0.15:
                maxima.ponding_time[j, i] += window


@njit(parallel=True, **OPTIONS)
def update_maxima(depth, bed, qx, qy, in_cells, top, left, maxima, time, window):
    """Fold the present state into the running maxima; time and window in s.

    The body is a function of its own: written out here, Numba 0.68 loses the assignments to a NamedTuple's arrays in a prange (tested).
    """
    for j in prange(maxima.depth.shape[0]):
        fold_row(j, depth, bed, qx, qy, in_cells, top, left, maxima, time, window)
