"""Full shallow water equations, second order: split MUSCL-Hancock with hydrostatic reconstruction on a padded grid.

Strang splitting: x then y on even steps, y then x on odd ones. One pass over memory a step: rows roll through a few rows of work space.
Equations: van Leer 1979 and Toro 2001 (MUSCL-Hancock, HLL), Audusse et al. 2004, doi:10.1137/S1064827503431090 (reconstruction), the wall
impulse and the friction bound as docs/theory.md says. Only differences of depth, bed and pressure enter: float32 holds a lake at rest.

Names along a sweep: w velocity along it, t across it; "left" and "right" are lower and higher index (for y: above and below).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from flood_kernels.arrays import FUSED, GRAVITY, HALF, INLINE, OK, PARALLEL, ROW, TIME_STEP_COLLAPSED, WINDOW, ZERO
from flood_kernels.points import add_counted, begin_step, deepest_ahead, deepest_coupled, stable_time_step
from flood_kernels.runs import choose_runs, idle, same_runs
from flood_kernels.second_order_faces import count_faces, override_faces
from flood_kernels.second_order_rows import (
    BLOCK,
    centre_porous_row,
    centre_row,
    flux_porous_row,
    flux_row,
    predict_row,
    rough_cells,
    signal_row,
    stand_row,
    update_porous_row,
    update_row,
)
from flood_kernels.second_order_x import own_row, sweep_x

CELL_ROWS = 10  # depth left, right; w left, right; t left, right; bed term; half the bed rise; centring; speed
FACE_ROWS = 5  # mass; momentum for the left, for the right cell; across; bed step
HALO = 3  # rows beyond a band that its answer depends on


class Scratch(NamedTuple):
    """Work space of the bands: one slab a band, nothing is allocated in a step."""

    halo: np.ndarray  # (bands, 4 fields, 2 HALO, width): depth, carry, x, y of the rows around the band
    cells_x: np.ndarray  # (bands, CELL_ROWS, width) predictions along a row
    faces_x: np.ndarray  # (bands, FACE_ROWS, width)
    cells_y: np.ndarray  # (bands, CELL_ROWS, 4, width) of the rows in flight
    faces_y: np.ndarray  # (bands, FACE_ROWS, 4, width)
    rough_x: np.ndarray  # bool (bands, blocks) whether a block of the row has cells to be centred
    rough_y: np.ndarray  # bool (bands, 4, blocks) the same of the rows in flight
    standing: np.ndarray  # (bands, 3, width) depth between the buildings of a row and of its neighbours, where a cell is open in part
    peak: np.ndarray  # (bands, width) fastest signal of a column, m/s


# -------------------------------------------------------------------------------------------------------------- sweeps


@njit(**WINDOW)
def copy_halo(band, first, last, cells, flow, scratch):
    """Keep the rows just outside band [first, last) as they are now: the neighbour will overwrite them."""
    for k in range(HALO):
        for side in range(2):
            source, target = (first - HALO + k, k) if side == 0 else (last + k, HALO + k)
            scratch.halo[band, 0, target, :] = cells.depth[source]
            scratch.halo[band, 1, target, :] = cells.carry[source]
            scratch.halo[band, 2, target, :] = flow.x[source]
            scratch.halo[band, 3, target, :] = flow.y[source]


@njit(**INLINE)
def band_row(array, halo, row, first, last):
    """A row of the state: its own, or the band's copy of a row outside."""
    if row < first:
        return halo[row - first + HALO]
    if row >= last:
        return halo[row - last + HALO]
    return array[row]


@njit(**INLINE)
def predict_y(row, band, first, last, cells, flow, scratch, runs, dt, scheme):
    """Predictions of one row along y into its slot of the work space."""
    slot, ratio, halo = row % 4, dt / scheme.cell_size, scratch.halo[band]
    p = scratch.cells_y[band]
    if not same_runs(runs, row, row - 4 if row >= 4 else row):
        for k in range(CELL_ROWS):
            p[k, slot, :] = ZERO
    h_b, h, h_a = (
        band_row(cells.depth, halo[0], row - 1, first, last),
        band_row(cells.depth, halo[0], row, first, last),
        band_row(cells.depth, halo[0], row + 1, first, last),
    )
    u_b, u, u_a = (
        band_row(flow.x, halo[2], row - 1, first, last),
        band_row(flow.x, halo[2], row, first, last),
        band_row(flow.x, halo[2], row + 1, first, last),
    )
    v_b, v, v_a = (
        band_row(flow.y, halo[3], row - 1, first, last),
        band_row(flow.y, halo[3], row, first, last),
        band_row(flow.y, halo[3], row + 1, first, last),
    )
    if cells.porosity.size > 1:
        stands = scratch.standing[band]
        stand_row(h_b, cells.porosity[row - 1], stands[0])
        stand_row(h, cells.porosity[row], stands[1])
        stand_row(h_a, cells.porosity[row + 1], stands[2])
        h_b, h, h_a = stands[0], stands[1], stands[2]
    if scratch.rough_y[band, slot, 0]:
        p[8, slot, :] = ZERO
        scratch.rough_y[band, slot, :] = False
    for n in range(runs.count[row]):
        s = slice(runs.start[row, n], runs.stop[row, n])
        predict_row(
            h_b[s], h[s], h_a[s], cells.bed[row - 1][s], cells.bed[row][s], cells.bed[row + 1][s], v_b[s], v[s], v_a[s], u_b[s], u[s], u_a[s],
            cells.roughness[cells.roughness_row[row]][s], p[0, slot][s], p[1, slot][s], p[2, slot][s], p[3, slot][s], p[4, slot][s], p[5, slot][s], p[6, slot][s],
            p[7, slot][s], p[9, slot][s], ratio, dt, scheme,
        )  # fmt: skip


@njit(**INLINE)
def flux_y(row, band, cells, scratch, runs, structures, left, scheme):
    """Fluxes through the faces between rows row-1 and row into their slot."""
    here = row % 4
    if not same_runs(runs, row, row - 4 if row >= 4 else row):
        for k in range(FACE_ROWS):
            scratch.faces_y[band, k, here, :] = ZERO
    for n in range(runs.count[row]):
        _flux_y(runs.start[row, n], runs.stop[row, n], row, band, cells, scratch, scheme)
    if structures.first[row + 1] > structures.first[row]:
        _override_y(row, band, cells, scratch, structures, left, scheme)


@njit(**FUSED)
def _flux_y(a, b, row, band, cells, scratch, scheme):
    here, above = row % 4, (row - 1) % 4
    p, f = scratch.cells_y[band], scratch.faces_y[band]
    s = slice(a, b)
    if cells.porosity.size > 1:
        flux_porous_row(
            p[1, above][s], p[0, here][s], p[3, above][s], p[2, here][s], p[5, above][s], p[4, here][s], cells.bed[row - 1][s], cells.bed[row][s],
            p[7, above][s], p[7, here][s], p[8, above][s], p[8, here][s], cells.porosity[row - 1][s], cells.porosity[row][s], f[0, here][s],
            f[1, here][s], f[2, here][s], f[3, here][s], f[4, here][s], scheme,
        )  # fmt: skip
        return
    flux_row(
        p[1, above][s], p[0, here][s], p[3, above][s], p[2, here][s], p[5, above][s], p[4, here][s], cells.bed[row - 1][s], cells.bed[row][s],
        p[7, above][s], p[7, here][s], p[8, above][s], p[8, here][s], f[0, here][s], f[1, here][s], f[2, here][s], f[3, here][s], f[4, here][s],
        scheme,
    )  # fmt: skip


@njit(**ROW)
def _override_y(row, band, cells, scratch, structures, left, scheme):
    here, above = row % 4, (row - 1) % 4
    p, f = scratch.cells_y[band], scratch.faces_y[band]
    override_faces(
        row, False, left, p.shape[2], structures, f[0, here], f[1, here], f[2, here], f[3, here], p[1, above], p[0, here], p[3, above],
        p[2, here], cells.porosity[own_row(row - 1, cells.porosity)], cells.porosity[own_row(row, cells.porosity)], 0, scheme.gravity,
    )  # fmt: skip


@njit(**INLINE)
def centre_y(row, band, first, last, cells, scratch, runs, dt, scheme):
    """Centring of the rough blocks of a row whose fluxes above and below are known; notes which they are."""
    here, below = row % 4, (row + 1) % 4
    p, f = scratch.cells_y[band], scratch.faces_y[band]
    h = band_row(cells.depth, scratch.halo[band, 0], row, first, last)
    porous, open_ = cells.porosity.size > 1, cells.porosity[own_row(row, cells.porosity)]
    if porous:
        stand_row(h, open_, scratch.standing[band, 0])
        h = scratch.standing[band, 0]
    for n in range(runs.count[row]):
        for c in range(runs.start[row, n], runs.stop[row, n], BLOCK):
            s = slice(c, min(c + BLOCK, runs.stop[row, n]))
            if rough_cells(h[s], f[4, here][s], f[4, below][s], scheme.rough_from) > 0:
                scratch.rough_y[band, here, 0] = True
                scratch.rough_y[band, here, 1 + c // BLOCK] = scratch.rough_y[band, here, 1 + (s.stop - 1) // BLOCK] = True
                ratio = dt / scheme.cell_size
                if porous:
                    centre_porous_row(
                        h[s], p[0, here][s], p[1, here][s], f[0, here][s], f[0, below][s], f[4, here][s], f[4, below][s], open_[s], p[8, here][s],
                        ratio, scheme,
                    )  # fmt: skip
                else:
                    centre_row(
                        h[s], p[0, here][s], p[1, here][s], f[0, here][s], f[0, below][s], f[4, here][s], f[4, below][s], p[8, here][s], ratio,
                        scheme,
                    )  # fmt: skip


@njit(**INLINE)
def refine_y(row, band, cells, scratch, runs, structures, left, scheme):
    """Flux the faces above a row anew where it or the row above has been centred."""
    one, other = scratch.rough_y[band, row % 4], scratch.rough_y[band, (row - 1) % 4]
    if one[0] or other[0]:
        for n in range(runs.count[row]):
            a, b = runs.start[row, n], runs.stop[row, n]
            for block in range(a // BLOCK, (b - 1) // BLOCK + 1):
                if one[1 + block] or other[1 + block]:
                    _flux_y(max(block * BLOCK, a), min((block + 1) * BLOCK, b), row, band, cells, scratch, scheme)
        if structures.first[row + 1] > structures.first[row]:
            _override_y(row, band, cells, scratch, structures, left, scheme)


@njit(**INLINE)
def update_y(row, band, cells, flow, scratch, runs, final, rain_depth, dt, scheme):
    """New state of one own row from the fluxes above and below it; final: no other sweep follows in this step (its fastest signal is noted)."""
    here, below = row % 4, (row + 1) % 4
    f, p = scratch.faces_y[band], scratch.cells_y[band]
    h, u, v = cells.depth[row], flow.x[row], flow.y[row]
    ratio = dt / scheme.cell_size
    for n in range(runs.count[row]):
        s = slice(runs.start[row, n], runs.stop[row, n])
        roughness, weight = cells.roughness[cells.roughness_row[row]][s], cells.rain_weight[cells.weight_row[row]][s]
        if cells.porosity.size > 1:
            open_, standing = cells.porosity[row][s], scratch.standing[band, 0][s]
            update_porous_row(
                f[0, here][s], f[0, below][s], f[2, here][s], f[1, below][s], f[3, here][s], f[3, below][s], p[6, here][s], h[s], v[s], u[s],
                p[9, here][s], cells.carry[row][s], roughness, weight, open_, ratio, dt, rain_depth, scheme,
            )  # fmt: skip
            if final:
                stand_row(h[s], open_, standing)
                signal_row(standing, u[s], v[s], scratch.peak[band][s], scheme)
        else:
            update_row(
                f[0, here][s], f[0, below][s], f[2, here][s], f[1, below][s], f[3, here][s], f[3, below][s], p[6, here][s], h[s], v[s], u[s],
                p[9, here][s], cells.carry[row][s], roughness, weight, ratio, dt, rain_depth, scheme,
            )  # fmt: skip
            if final:
                signal_row(h[s], u[s], v[s], scratch.peak[band][s], scheme)


@njit(**ROW)
def sweep_band(band, first, last, top, bottom, left, x_first, cells, flow, scratch, runs, structures, counters, rain_depth, dt, scheme):
    """Advance rows first..last-1 by one step, in place, in one pass; rows outside the band come from its halo.

    Each sweep brings half of the rain, so that neither direction is favoured. Bands run side by side; their number does not change a bit.
    Row j: x sweep j on even steps, predict along y j-1, first fluxes j-1, centring j-2, final fluxes j-2, update j-3; x sweep j-4 on odd steps.
    """
    halo, peak, half_rain = scratch.halo[band], scratch.peak[band], HALF * rain_depth
    peak[:] = ZERO
    scratch.cells_y[band] = ZERO
    scratch.faces_y[band] = ZERO
    for row in range(first - 3 if x_first else first - 1, last + 3 if x_first else last + 4):
        if idle(runs, row, 8):
            continue
        along = row if x_first else row - 4
        if (top if x_first else first) <= along < bottom:
            sweep_x(
                along, first <= along < last, band_row(cells.depth, halo[0], along, first, last), band_row(flow.x, halo[2], along, first, last),
                band_row(flow.y, halo[3], along, first, last), band_row(cells.carry, halo[1], along, first, last), cells, peak, runs,
                scratch.cells_x[band], scratch.faces_x[band], scratch.rough_x[band], scratch.standing[band, 0], not x_first, structures, counters, half_rain, dt, scheme,
            )  # fmt: skip
        ahead, middle, done = row - 1, row - 2, row - 3
        if first - 2 <= ahead < last + 2:
            predict_y(ahead, band, first, last, cells, flow, scratch, runs, dt, scheme)
        if first - 1 <= ahead < last + 2:
            flux_y(ahead, band, cells, scratch, runs, structures, left, scheme)
        if first - 1 <= middle < last + 1:
            centre_y(middle, band, first, last, cells, scratch, runs, dt, scheme)
        if first <= middle < last + 1:
            refine_y(middle, band, cells, scratch, runs, structures, left, scheme)
            if counters.first[middle + 1] > counters.first[middle] and (middle < last or last == bottom):
                count_faces(middle, False, left, peak.size, counters, scratch.faces_y[band, 0, middle % 4])
        if first <= done < last:
            update_y(done, band, cells, flow, scratch, runs, x_first, half_rain, dt, scheme)


# -------------------------------------------------------------------------------------------------------------- window


@njit(**PARALLEL)
def step_bands(band_rows, left, x_first, cells, flow, scratch, runs, structures, counters, rain_depth, dt, scheme):
    """One step of all bands, side by side."""
    bands = band_rows.size - 1
    for k in prange(bands):
        band = np.int64(k)  # prange counts in unsigned numbers: everything below would be compiled twice
        copy_halo(band, band_rows[band], band_rows[band + 1], cells, flow, scratch)
    for k in prange(bands):
        band = np.int64(k)
        sweep_band(
            band, band_rows[band], band_rows[band + 1], band_rows[0], band_rows[bands], left, x_first, cells, flow, scratch, runs, structures, counters,
            rain_depth, dt, scheme,
        )  # fmt: skip


@njit(**WINDOW)
def step_all(band_rows, left, x_first, cells, flow, scratch, runs, structures, counters, rain_depth, dt, scheme):
    """One step; a single band goes without threads, whose start and end cost as much as a small sweep."""
    if band_rows.size > 2:
        step_bands(band_rows, left, x_first, cells, flow, scratch, runs, structures, counters, rain_depth, dt, scheme)
        return
    first, last = band_rows[0], band_rows[1]
    copy_halo(0, first, last, cells, flow, scratch)
    sweep_band(0, first, last, first, last, left, x_first, cells, flow, scratch, runs, structures, counters, rain_depth, dt, scheme)


@njit(**WINDOW)
def advance_window(start, stop, state, band_rows, left, columns, cells, flow, scratch, runs, levels, scheme, shared, limits):
    """Bring the surface from `start` to `stop` (s) in stable steps; releases the GIL for the whole window.

    state : float64 [fastest signal m/s, steps taken], updated;  shared : points.Shared;
    limits : (courant, courant_coupled, largest step s, smallest step s, weir coefficient m^0.5/s, orifice coefficient, largest share of a
    cell's water that inlets may take in a step, depth in m up to which ground counts as dry - negative: none does). Returns (status, time reached s, steps, smallest step s).
    """
    real = cells.depth.dtype.type
    cell_size = np.float64(scheme.cell_size)
    bands = band_rows.size - 1
    time, steps, smallest = start, 0, stop - start
    while time < stop:
        ahead = 2.0 * math.sqrt(GRAVITY * deepest_ahead(cells, shared, cell_size * cell_size))
        coupled = math.sqrt(GRAVITY * deepest_coupled(cells, shared.inlets))
        step = stable_time_step(max(state[0], ahead), coupled, limits[0], limits[1], cell_size, limits[2])
        if not step >= limits[3]:
            return TIME_STEP_COLLAPSED, time, steps, step
        count = math.ceil((stop - time) / step)
        dt = real((stop - time) / count)
        end = stop if count == 1 else time + np.float64(dt)
        choose_runs(stop, limits[7], band_rows, cells, shared, runs, levels)
        rain_depth = begin_step(start, stop, end, 1.0 / count, dt, cell_size, cells, flow, True, shared, limits)
        x_first = state[1] % 2.0 == 0.0
        step_all(band_rows, left, x_first, cells, flow, scratch, runs, shared.structures, shared.counters, rain_depth, dt, scheme)
        fastest = 0.0
        for band in range(bands):
            fastest = max(fastest, np.float64(scratch.peak[band].max()))
        state[0] = fastest
        state[1] += 1.0
        add_counted(shared.counters, np.float64(dt) * cell_size)
        smallest = min(smallest, np.float64(dt))
        steps += 1
        time = end
    return OK, time, steps, smallest
