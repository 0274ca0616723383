"""Point operations of a time step, shared by the schemes: sources, ghost cells, rain, counted
faces, the stable step.
"""

import math

import numpy as np
from numba import njit

from flood_kernels.arrays import GRAVITY, PART
from flood_kernels.inlets import capture_inlets
from flood_kernels.structures import LARGEST_SHARE, move_pairs, set_structures, standing


@njit(**PART)
def rain_until(time, rain):
    """Cumulative rain (m) at `time` (s), linear between the points of the series, constant
    outside.
    """
    low, high = 0, rain.time.size - 1
    if time <= rain.time[low]:
        return rain.cumulative[low]
    if time >= rain.time[high]:
        return rain.cumulative[high]
    while high - low > 1:
        middle = (low + high) // 2
        if rain.time[middle] <= time:
            low = middle
        else:
            high = middle
    share = (time - rain.time[low]) / (rain.time[high] - rain.time[low])
    return rain.cumulative[low] + share * (rain.cumulative[high] - rain.cumulative[low])


@njit(**PART)
def deliver_sources(cells, sources, share_of_rest, cell_area):
    """Put a share of each source's pending water into its cell; what float32 could not hold stays
    pending.
    """
    for k in range(sources.row.size):
        if sources.pending[k] != 0.0:
            j, i = sources.row[k], sources.column[k]
            before = cells.carry[j, i]
            cells.carry[j, i] = before + sources.pending[k] * share_of_rest / cell_area
            volume = (np.float64(cells.carry[j, i]) - np.float64(before)) * cell_area
            sources.pending[k] -= volume
            sources.delivered[k] += volume


@njit(**PART)
def speed_beyond(leaving, depth, depth_beyond):
    """Speed (m/s, positive outwards) beyond an edge whose stage is given: u + 2 c of the wave that
    leaves is kept; water enters at Froude 1 at most.

    With the inner speed copied instead, a steady channel stands above (or below) the given stage
    behind a jump at its last face.
    """
    wave, wave_beyond = math.sqrt(GRAVITY * depth), math.sqrt(GRAVITY * depth_beyond)
    return max(leaving + 2.0 * (wave - wave_beyond), -wave_beyond)


@njit(**PART)
def set_ghosts(cells, flow, boundaries, fraction, with_velocity):
    """Give every ghost cell the stage at `fraction` of the window, or the depth of the cell it
    mirrors; second order: that cell's velocity too.

    A mirroring ghost lets water out only: where the cell's water runs inwards it stands like a
    wall. With that velocity copied instead, an eddy at the edge draws in water as deep as its own,
    faster and faster, without end.
    """
    for k in range(boundaries.row.size):
        j, i = boundaries.row[k], boundaries.column[k]
        inner_j, inner_i = boundaries.inner_row[k], boundaries.inner_column[k]
        open_ = np.float64(cells.porosity[j, i]) if cells.porosity.size > 1 else 1.0
        if boundaries.mirrors[k]:
            cells.depth[j, i] = cells.depth[inner_j, inner_i]
        else:
            stage = boundaries.stage_start[k] + fraction * (
                boundaries.stage_stop[k] - boundaries.stage_start[k]
            )
            cells.depth[j, i] = open_ * max(stage - np.float64(cells.bed[j, i]), 0.0)
        cells.carry[j, i] = 0.0
        if with_velocity:
            flow.x[j, i] = flow.x[inner_j, inner_i]
            flow.y[j, i] = flow.y[inner_j, inner_i]
            down, right = j - inner_j, i - inner_i
            depth = standing(cells, inner_j, inner_i)
            leaving = np.float64(flow.y[j, i]) * down + np.float64(flow.x[j, i]) * right
            beyond = abs(leaving)
            if not boundaries.mirrors[k]:
                beyond = speed_beyond(leaving, depth, standing(cells, j, i))
            elif boundaries.critical[k] and leaving < math.sqrt(GRAVITY * depth):
                beyond = (
                    max(leaving + 2.0 * math.sqrt(GRAVITY * depth), 0.0) / 3.0
                )  # u = c of the same u + 2 c
                cells.depth[j, i] = open_ * beyond * beyond / GRAVITY
            flow.y[j, i] += down * (beyond - leaving)
            flow.x[j, i] += right * (beyond - leaving)
            boundaries.depth[k], boundaries.x[k], boundaries.y[k] = (
                cells.depth[j, i],
                flow.x[j, i],
                flow.y[j, i],
            )
            far_j, far_i = boundaries.beyond_row[k], boundaries.beyond_column[k]
            if far_j >= 0:
                cells.depth[far_j, far_i] = cells.depth[j, i]
                cells.carry[far_j, far_i] = 0.0
                flow.x[far_j, far_i] = flow.x[j, i]
                flow.y[far_j, far_i] = flow.y[j, i]


@njit(**PART)
def hold_ghosts(row, depth, x, y, carry, boundaries):
    """Give the ghosts of a row of the state, which a sweep has moved like any cell, back what
    set_ghosts gave them: for the second sweep.
    """
    for n in range(boundaries.first[row], boundaries.first[row + 1]):
        k, i = boundaries.held[n], boundaries.held_column[n]
        depth[i], x[i], y[i] = boundaries.depth[k], boundaries.x[k], boundaries.y[k]
        carry[i] = 0.0


@njit(**PART)
def read_faces(flow, counters):
    """Discharge (m2/s) of the counted faces out of face arrays."""
    for j in range(counters.first.size - 1):
        for k in range(counters.first[j], counters.first[j + 1]):
            i = counters.column[k]
            counters.discharge[k] = flow.x[j, i] if counters.is_x[k] else flow.y[j, i]


@njit(**PART)
def add_counted(counters, volume_per_discharge):
    """Sum what the last step carried through the counted faces (m3)."""
    for k in range(counters.column.size):
        volume = counters.discharge[k] * volume_per_discharge
        if volume > 0.0:
            counters.inward[k] += volume
        else:
            counters.outward[k] -= volume


@njit(**PART)
def depth_to_be(k, cells, sources, cell_area):
    """Depth (m) in the cell of a source once all that is pending is in it."""
    j, i = sources.row[k], sources.column[k]
    added = sources.pending[k] / cell_area
    return standing(cells, j, i) + (
        added / np.float64(cells.porosity[j, i]) if cells.porosity.size > 1 else added
    )


@njit(**PART)
def deepest_ahead(cells, shared, cell_area):
    """Depth (m) that may stand at a source or beyond an open edge before the faces have felt it: a
    dry cell about to be filled.
    """
    sources, boundaries, pairs = shared.sources, shared.boundaries, shared.pairs
    deepest = 0.0
    for k in range(pairs.to_row.size):
        depth = standing(cells, pairs.to_row[k], pairs.to_column[k])
        deepest = max(
            deepest,
            depth + LARGEST_SHARE * standing(cells, pairs.from_row[k], pairs.from_column[k]),
        )
    for k in range(sources.row.size):
        if sources.pending[k] > 0.0:
            deepest = max(deepest, depth_to_be(k, cells, sources, cell_area))
    structures = shared.structures
    for k in range(structures.row.size):
        if structures.given[k]:
            deepest = max(
                deepest,
                (structures.discharge[k] * structures.discharge[k] / GRAVITY) ** (1.0 / 3.0),
            )
    for k in range(boundaries.row.size):
        if not boundaries.mirrors[k]:
            stage = max(boundaries.stage_start[k], boundaries.stage_stop[k])
            deepest = max(
                deepest, stage - np.float64(cells.bed[boundaries.row[k], boundaries.column[k]])
            )
    return deepest


@njit(**PART)
def stable_time_step(speed, speed_coupled, courant, courant_coupled, cell_size, largest):
    """alpha dx over the fastest signal (m/s), with a smaller alpha over coupled cells; at most
    `largest` (s).
    """
    step = largest
    if speed > 0.0:
        step = min(step, courant * cell_size / speed)
    if speed_coupled > 0.0:
        step = min(step, courant_coupled * cell_size / speed_coupled)
    return step


@njit(**PART)
def fallen_until(end, level, cells, rain):
    """Rain (m) since the last step of this level (0; 1: long steps), in the cells' float type: what
    rounding left out comes with the next.
    """
    fallen = cells.depth.dtype.type(rain_until(end, rain) - rain.applied[level])
    rain.applied[level] += np.float64(fallen)
    return fallen


@njit(**PART)
def begin_long_step(end, dt, cell_size, cells, flow, shared, fine, limits):
    """Local time steps: inlets on ground of long steps draw; returns the rain (m) of the long step
    that ends at `end`. fine, limits : as begin_step's.
    """
    cell_area, no = cell_size * cell_size, np.bool_(False)
    capture_inlets(cells, flow, no, shared, fine, no, limits, cell_area, np.float64(dt))
    return fallen_until(end, np.int64(1), cells, shared.rain)


@njit(**PART)
def begin_step(
    start,
    stop,
    end,
    share_of_rest,
    dt,
    cell_size,
    cells,
    flow,
    with_velocity,
    shared,
    fine,
    short,
    limits,
):
    """Everything that happens at points before the cells move; returns the rain (m) of the step
    that ends at `end`.

    start, stop : of the window (s);  share_of_rest : this step's of the time left in it;  fine,
    short : as capture_inlets';  limits : arrays.Limits.
    """
    cell_area = cell_size * cell_size
    deliver_sources(cells, shared.sources, share_of_rest, cell_area)
    capture_inlets(
        cells, flow, with_velocity, shared, fine, short, limits, cell_area, np.float64(dt)
    )
    set_ghosts(cells, flow, shared.boundaries, (end - start) / (stop - start), with_velocity)
    set_structures(cells, flow, with_velocity, shared.structures, cell_size, np.float64(dt))
    move_pairs(cells, shared.pairs, cell_area, np.float64(dt))
    return fallen_until(end, np.int64(0), cells, shared.rain)
