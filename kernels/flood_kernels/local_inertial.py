"""Local inertial overland flow on a padded C grid: row functions, a band of rows, a coupling window.

Equations: Bates, Horritt, Fewtrell 2010, doi:10.1016/j.jhydrol.2010.03.027; de Almeida et al. 2012, doi:10.1029/2011WR011570.
Flow.x[j, i] is the unit discharge through the face left of cell (j, i), Flow.y[j, i] through the one above it (between rows j-1 and j).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from flood_kernels.arrays import FOUR, GRAVITY, HALF, INLINE, LOOP, OK, ONE, PARALLEL, ROW, TIME_STEP_COLLAPSED, TINY, TWO, WINDOW, ZERO
from flood_kernels.points import add_counted, begin_step, deepest_ahead, deepest_coupled, read_faces, stable_time_step
from flood_kernels.runs import choose_runs, idle, same_runs


class Scheme(NamedTuple):
    """Numbers of the scheme, of the cells' float type."""

    cell_size: float  # m
    theta: float  # weight of the face's own discharge, 0.8 to 1
    froude_speed: float  # largest Froude number times sqrt(gravity), m^0.5/s
    dry_depth: float  # m, faces with less flow depth carry nothing
    gravity: float  # m/s2
    first: float  # 7/3 and 35/9: series of (1 - r)^(-7/3)
    second: float


class Scratch(NamedTuple):
    """Work space of the bands: one slab a band, nothing is allocated in a step."""

    depth_halo: np.ndarray  # (bands, 4, width)
    qx_halo: np.ndarray  # (bands, 2, width)
    qy_halo: np.ndarray  # (bands, HALO_ROWS, width)
    new_qx: np.ndarray  # (bands, 4, width)
    new_qy: np.ndarray  # (bands, 4, width)
    share: np.ndarray  # (bands, 4, width) positivity factors of rows
    spare: np.ndarray  # (bands, width) scaled y faces that the next band owns
    peak: np.ndarray  # (bands, width) largest flow depth of a column


# ---------------------------------------------------------------------------------------------------------------- rows


@njit(**ROW)
def friction_power(h, first, second):
    """h^(-7/3) without pow: the reciprocal cube root y by a bit trick (3.5 % off) and a cubic step in float32, then the series of
    (1 - r)^(-7/3), r = 1 - h y^3, in h's own type.

    Relative error against pow for 1e-6 to 100 m: < 3e-7 in both; tested.
    """
    x = np.float32(h)
    seed = np.int32(np.int32(0x54A24000) - np.int32(np.float32(x.view(np.int32)) * np.float32(1.0 / 3.0))).view(np.float32)
    r = ONE - x * seed * seed * seed
    y = seed + seed * r * (np.float32(1.0 / 3.0) + np.float32(2.0 / 9.0) * r)
    square = y * y
    cube = square * y
    rest = ONE - h * cube
    series = ONE + rest * (first + second * rest)
    return cube * cube * y * series


@njit(**ROW)
def face_discharge(own, before, after, h_left, h_right, z_left, z_right, g_left, g_right, push, dt, scheme):
    """Unit discharge (m2/s) of one face a step on, and the flow depth (m, 0 where dry) there.

    own, before, after : discharge of the face and of its two neighbours along the flow; push = g dt / dx;
    q* = [theta q + (1 - theta)/2 (q- + q+)] - g h dt/dx (eta_R - eta_L), then q' = 2 q* / (1 + sqrt(1 + 4 dt k |q*|)) with
    k = g n^2 h^(-7/3): backward Euler friction in closed form. Only differences of bed and depth enter: float32 holds a lake at rest.
    """
    step = z_right - z_left
    h_flow = max(h_left - max(step, ZERO), h_right + min(step, ZERO))
    wet = h_flow > scheme.dry_depth
    h = h_flow if wet else scheme.dry_depth
    weighted = (before != ZERO) & (after != ZERO) & (min(g_left, g_right) > ZERO)
    mixed = scheme.theta * own + (ONE - scheme.theta) * HALF * (before + after)
    driven = (mixed if weighted else own) - push * h * (step + (h_right - h_left))
    k = (abs(g_left) + abs(g_right)) * friction_power(h, scheme.first, scheme.second)
    braked = TWO * driven / (ONE + math.sqrt(ONE + FOUR * dt * k * abs(driven)))
    limit = scheme.froude_speed * h * math.sqrt(h)
    value = (max(min(braked, limit), -limit) + TINY) - TINY
    return (value if wet else ZERO * value), (h_flow if wet else ZERO * h)


# The row functions get equally long contiguous slices and index them by i alone: an index i - 1 would need Numba's
# negative-index test and keep LLVM from vectorising (measured: 37 instead of 3 ns a cell).


@njit(**LOOP)
def advance_faces(own, before, after, h_left, h_right, z_left, z_right, g_left, g_right, q_new, peak, push, dt, scheme):
    """All faces of a row, along x (left, right cells) or along y (above, below): `q_new` and the running maximum `peak` are written."""
    for i in range(q_new.size):
        value, flow_depth = face_discharge(
            own[i], before[i], after[i], h_left[i], h_right[i], z_left[i], z_right[i], g_left[i], g_right[i], push, dt, scheme
        )
        q_new[i] = value
        peak[i] = max(peak[i], flow_depth)


@njit(**LOOP)
def share_outflow(depth, q_left, q_right, q_above, q_below, share, dx_over_dt):
    """Factor in [0, 1] by which every outgoing face of a cell is scaled so that it gives no more than it holds."""
    for i in range(share.size):
        out = (max(q_right[i], ZERO) - min(q_left[i], ZERO)) + (max(q_below[i], ZERO) - min(q_above[i], ZERO))
        share[i] = min(ONE, depth[i] * dx_over_dt / max(out, np.float32(1e-30)))


@njit(**LOOP)
def finish_row(depth, carry, q_x, q_x_a, share_b, share, share_a, q_above, q_y, share_below, rain_weight, out_x, out_y, rain_depth, dt_over_dx):
    """Scale the faces of a row by the factor of the cell that gives, and update its cells: h' = h + dt/dx (sum in - sum out) + rain.

    q_x, q_x_a, q_y : unscaled discharge left, right and below; q_above : final; out_x, out_y : final left and below. `carry` keeps what
    rounding lost and what an over-drained cell owes: sum(depth + carry) is conserved and nothing is clipped; the next water pays the debt.
    """
    for i in range(depth.size):
        own, before, after, below = share[i], share_b[i], share_a[i], share_below[i]
        left = q_x[i] * (before if q_x[i] > ZERO else own)
        right = q_x_a[i] * (own if q_x_a[i] > ZERO else after)
        down = q_y[i] * (own if q_y[i] > ZERO else below)
        out_x[i] = left
        out_y[i] = down
        gain = carry[i] + rain_depth * rain_weight[i] + dt_over_dx * ((left - right) + (q_above[i] - down))
        total = depth[i] + gain
        lost = gain - (total - depth[i])
        h = max(total, ZERO)
        carry[i] = lost + (total - h)
        depth[i] = h


@njit(**LOOP)
def scale_faces(q, share_left, share_right, scaled):
    """Apply to each face the factor of the cell that gives: the left (upper) one where the discharge is positive."""
    for i in range(scaled.size):
        before, after = share_left[i], share_right[i]
        scaled[i] = q[i] * (before if q[i] > ZERO else after)


# --------------------------------------------------------------------------------------------------------------- bands


@njit(**WINDOW)
def copy_halo(band, first, last, cells, flow, scratch):
    """Keep the rows just outside band [first, last) as they are now: the neighbour will overwrite them."""
    for k in range(2):
        scratch.depth_halo[band, k, :] = cells.depth[first - 2 + k]
        scratch.depth_halo[band, 2 + k, :] = cells.depth[last + k]
        scratch.qy_halo[band, k, :] = flow.y[first - 2 + k]
    scratch.qx_halo[band, 0, :] = flow.x[first - 1]
    scratch.qx_halo[band, 1, :] = flow.x[last]
    for k in range(3):
        scratch.qy_halo[band, 2 + k, :] = flow.y[last + k]


@njit(**INLINE)
def old_row(array, halo, above, row, first, last):
    """The row as it was at the start of the step: from the halo outside the band; `above` rows are kept above it."""
    if row < first:
        return halo[row - first + above]
    if row >= last:
        return halo[row - last + above]
    return array[row]


@njit(**ROW)
def override_faces(row, is_x, structures, q):
    """Give the faces of structures in this row their own discharge."""
    for k in range(structures.first[row], structures.first[row + 1]):
        if structures.is_x[k] == is_x and structures.active[k]:
            q[structures.column[k]] = structures.discharge[k]


@njit(**ROW)
def faces_above(row, band, first, last, ghost, cells, flow, scratch, runs, structures, push, dt, scheme):
    """New discharge through the faces between rows row-1 and row."""
    depth_halo, qy_halo, peak = scratch.depth_halo[band], scratch.qy_halo[band], scratch.peak[band]
    own, before, after = (
        old_row(flow.y, qy_halo, 2, row, first, last),
        old_row(flow.y, qy_halo, 2, row - 1, first, last),
        old_row(flow.y, qy_halo, 2, row + 1, first, last),
    )
    above, below = old_row(cells.depth, depth_halo, 2, row - 1, first, last), old_row(cells.depth, depth_halo, 2, row, first, last)
    out = scratch.new_qy[band, row % 4]
    for n in range(runs.count[row]):
        s = slice(runs.start[row, n], runs.stop[row, n])
        advance_faces(
            own[s], before[s], after[s], above[s], below[s], cells.bed[row - 1][s], cells.bed[row][s], cells.friction[cells.friction_row[row - 1]][s],
            cells.friction[cells.friction_row[row]][s], out[s], peak[s], push, dt, scheme,
        )  # fmt: skip
    out[ghost] = ZERO  # ghost cells do not flow into each other
    if structures.first[row + 1] > structures.first[row]:
        override_faces(row, False, structures, out)


@njit(**ROW)
def faces_left(row, band, first, last, cells, flow, scratch, runs, structures, push, dt, scheme):
    """New discharge through the faces left of the cells of a row."""
    q, depth = old_row(flow.x, scratch.qx_halo[band], 1, row, first, last), old_row(cells.depth, scratch.depth_halo[band], 2, row, first, last)
    bed, friction, peak, out = cells.bed[row], cells.friction[cells.friction_row[row]], scratch.peak[band], scratch.new_qx[band, row % 4]
    for n in range(runs.count[row]):
        a, b = runs.start[row, n], runs.stop[row, n]
        s, before, after = slice(a, b), slice(a - 1, b - 1), slice(a + 1, b + 1)
        advance_faces(
            q[s], q[before], q[after], depth[before], depth[s], bed[before], bed[s], friction[before], friction[s], out[s], peak[s], push, dt, scheme
        )
    if structures.first[row + 1] > structures.first[row]:
        override_faces(row, True, structures, out)


@njit(**ROW)
def share_row(row, band, first, last, top, bottom, ghost, cells, scratch, runs, dx_over_dt):
    """Factors of the cells of a row by which their outgoing faces are scaled."""
    here, below = row % 4, (row + 1) % 4
    share, new_qx, new_qy = scratch.share[band, here], scratch.new_qx[band, here], scratch.new_qy[band]
    if not top <= row < bottom:
        share[:] = ONE
        return
    depth = old_row(cells.depth, scratch.depth_halo[band], 2, row, first, last)
    for n in range(runs.count[row]):
        a, b = runs.start[row, n], runs.stop[row, n]
        share_outflow(depth[a:b], new_qx[a:b], new_qx[a + 1 : b + 1], new_qy[here][a:b], new_qy[below][a:b], share[a:b], dx_over_dt)
    share[ghost] = ONE


@njit(**ROW)
def sweep_band(band, first, last, top, bottom, ghost, cells, flow, scratch, runs, structures, rain_depth, dt, scheme):
    """Advance rows first..last-1 by one step, in place, in one pass: each array is read and written once.

    top..bottom-1 are the model's own rows, `ghost` the column after its last (padded). Row j of faces is computed, then row j-1 gets its
    outflow factors, then row j-2 its new depth: a few rows of work space roll along. Rows outside the band come from the halo, so
    bands may run side by side and their number does not change a bit of the answer. Work space of columns that a row does not compute
    is zero: beyond the runs the ground is dry for two cells at least.
    """
    push, dt_over_dx, dx_over_dt = scheme.gravity * dt / scheme.cell_size, dt / scheme.cell_size, scheme.cell_size / dt
    new_qx, new_qy, share, spare = scratch.new_qx[band], scratch.new_qy[band], scratch.share[band], scratch.spare[band]
    scratch.peak[band, :] = ZERO
    scratch.new_qx[band] = ZERO
    scratch.new_qy[band] = ZERO
    for row in range(first - 1, last + 2):
        if idle(runs, row, 4):
            continue
        slot = row % 4
        if row > first + 2 and not same_runs(runs, row, row - 4):
            new_qx[slot, :] = ZERO
            new_qy[slot, :] = ZERO
        if top <= row <= bottom:
            faces_above(row, band, first, last, ghost, cells, flow, scratch, runs, structures, push, dt, scheme)
        else:
            new_qy[slot, :] = ZERO
        if top <= row < bottom and row <= last:
            faces_left(row, band, first, last, cells, flow, scratch, runs, structures, push, dt, scheme)
        else:
            new_qx[slot, :] = ZERO
        if row - 1 >= first - 1:
            share_row(row - 1, band, first, last, top, bottom, ghost, cells, scratch, runs, dx_over_dt)
        done = row - 2
        here, below = done % 4, (done + 1) % 4
        owned = done + 1 < last or last == bottom
        out_y = flow.y[done + 1] if owned else spare
        if done == first - 1 or (done >= first and not same_runs(runs, done, done + 1)):  # faces that no cell of row `done` finishes
            for n in range(runs.count[done + 1]):
                s = slice(runs.start[done + 1, n], runs.stop[done + 1, n])
                scale_faces(new_qy[below][s], share[here][s], share[below][s], out_y[s])
        if done >= first:
            qx, factor = new_qx[here], share[here]
            for n in range(runs.count[done]):
                a, b = runs.start[done, n], runs.stop[done, n]
                s, before, after = slice(a, b), slice(a - 1, b - 1), slice(a + 1, b + 1)
                finish_row(
                    cells.depth[done][s], cells.carry[done][s], qx[s], qx[after], factor[before], factor[s], factor[after], flow.y[done][s],
                    new_qy[below][s], share[below][s], cells.rain_weight[cells.weight_row[done]][s], flow.x[done][s], out_y[s], rain_depth, dt_over_dx,
                )  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- window


@njit(**PARALLEL)
def step_all(band_rows, ghost, cells, flow, scratch, runs, structures, rain_depth, dt, scheme):
    """One step of all bands, side by side."""
    bands = band_rows.size - 1
    for band in prange(bands):
        copy_halo(band, band_rows[band], band_rows[band + 1], cells, flow, scratch)
    for band in prange(bands):
        sweep_band(
            band, band_rows[band], band_rows[band + 1], band_rows[0], band_rows[bands], ghost, cells, flow, scratch, runs, structures,
            rain_depth, dt, scheme,
        )  # fmt: skip


@njit(**WINDOW)
def advance_window(start, stop, state, band_rows, left, columns, cells, flow, scratch, runs, scheme, shared, limits):
    """Bring the surface from `start` to `stop` (s) in stable steps; releases the GIL for the whole window.

    state : float64 [fastest signal m/s, steps taken], updated;  shared : arrays.Shared;
    limits : (courant, courant_coupled, largest step s, smallest step s, weir coefficient m^0.5/s, orifice coefficient, largest share of a
    cell's water that inlets may take in a step, depth in m up to which ground counts as dry - negative: none does). Returns (status, time reached s, steps, smallest step s).
    """
    real = cells.depth.dtype.type
    cell_size = np.float64(scheme.cell_size)
    bands = band_rows.size - 1
    time, steps, smallest = start, 0, stop - start
    while time < stop:
        ahead = math.sqrt(GRAVITY * deepest_ahead(cells, shared, cell_size * cell_size))
        coupled = math.sqrt(GRAVITY * deepest_coupled(cells, shared.inlets))
        step = stable_time_step(max(state[0], ahead), coupled, limits[0], limits[1], cell_size, limits[2])
        if not step >= limits[3]:
            return TIME_STEP_COLLAPSED, time, steps, step
        count = math.ceil((stop - time) / step)
        dt = real((stop - time) / count)
        end = stop if count == 1 else time + np.float64(dt)
        choose_runs(stop, limits[7], band_rows, cells, shared, runs)
        rain_depth = begin_step(start, stop, end, count, dt, cell_size, cells, flow, False, shared, limits)
        step_all(band_rows, left + columns, cells, flow, scratch, runs, shared.structures, rain_depth, dt, scheme)
        deepest = 0.0
        for band in range(bands):
            deepest = max(deepest, np.float64(scratch.peak[band].max()))
        state[0] = math.sqrt(GRAVITY * deepest)
        state[1] += 1.0
        read_faces(flow, shared.counters)
        add_counted(shared.counters, np.float64(dt) * cell_size)
        smallest = min(smallest, np.float64(dt))
        steps += 1
        time = end
    return OK, time, steps, smallest
