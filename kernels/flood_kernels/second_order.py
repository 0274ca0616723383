"""Full shallow water equations, second order: split MUSCL-Hancock with hydrostatic reconstruction
on a padded grid.

Strang splitting: x then y on even steps, y then x on odd ones. One pass over memory a step: rows
roll through a few rows of work space. Equations: van Leer 1979 and Toro 2001 (MUSCL-Hancock, HLL),
Audusse et al. 2004, doi:10.1137/S1064827503431090 (reconstruction), the wall impulse and the
friction bound as docs/theory.md says. Only differences of depth, bed and pressure enter: float32
holds a lake at rest.

Names along a sweep: w velocity along it, t across it; "left" and "right" are lower and higher index
(for y: above and below).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from flood_kernels.addresses import call
from flood_kernels.arrays import (
    ADDRESSED,
    FUSED,
    GRAVITY,
    HALF,
    INLINE,
    OK,
    PARALLEL_ADDRESSED,
    PART,
    SAME,
    TIME_STEP_COLLAPSED,
    WINDOW,
    ZERO,
    copy_row,
    own_row,
)
from flood_kernels.inlets import deepest_coupled
from flood_kernels.pieces import choose_runs, idle, same_runs
from flood_kernels.points import (
    add_counted,
    begin_step,
    deepest_ahead,
    hold_ghosts,
    stable_time_step,
)
from flood_kernels.second_order_faces import count_faces, override_faces
from flood_kernels.second_order_rows import (
    BLOCK,
    Fluxes,
    Prediction,
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
from flood_kernels.second_order_x import sweep_x

CELL_ROWS, FACE_ROWS = len(Prediction._fields), len(Fluxes._fields)
HALO = 3  # rows beyond a band that its answer depends on


class Scratch(NamedTuple):
    """Work space of the bands: one slab a band, nothing is allocated in a step."""

    halo: (
        np.ndarray
    )  # (bands, 4 fields, 2 HALO, width): depth, carry, x, y of the rows around the band
    cells_x: np.ndarray  # (bands, CELL_ROWS, width) predictions along a row
    faces_x: np.ndarray  # (bands, FACE_ROWS, width)
    cells_y: np.ndarray  # (bands, CELL_ROWS, 4, width) of the rows in flight
    faces_y: np.ndarray  # (bands, FACE_ROWS, 4, width)
    rough_x: np.ndarray  # bool (bands, blocks) whether a block of the row has cells to be centred
    rough_y: np.ndarray  # bool (bands, 4, blocks) the same of the rows in flight
    # (bands, 3, width) depth between the buildings of a row and of its neighbours, where a cell is
    # open in part
    standing: np.ndarray
    peak: np.ndarray  # (bands, width) fastest signal of a column, m/s


# ------------------------------------------------------------------------------------------- sweeps


@njit(**PART)
def copy_halo(band, first, last, cells, flow, scratch):
    """Keep the rows just outside band [first, last) as they are now: the neighbour will overwrite
    them.
    """
    for k in range(HALO):
        for side in range(2):
            source, target = (first - HALO + k, k) if side == 0 else (last + k, HALO + k)
            copy_row(cells.depth[source], scratch.halo[band, 0, target])
            copy_row(cells.carry[source], scratch.halo[band, 1, target])
            copy_row(flow.x[source], scratch.halo[band, 2, target])
            copy_row(flow.y[source], scratch.halo[band, 3, target])


@njit(**INLINE)
def band_row(array, halo, row, first, last):
    """A row of the state: its own, or the band's copy of a row outside."""
    if row < first:
        return halo[row - first + HALO]
    if row >= last:
        return halo[row - last + HALO]
    return array[row]


@njit(**INLINE)
def rows_around(array, halo, row, first, last):
    """A row of the state between the ones above and below it."""
    return (
        band_row(array, halo, row - 1, first, last),
        band_row(array, halo, row, first, last),
        band_row(array, halo, row + 1, first, last),
    )


@njit(**INLINE)
def prediction(p, slot):
    """The rows of a slot of the work space."""
    return Prediction(
        p[0, slot],
        p[1, slot],
        p[2, slot],
        p[3, slot],
        p[4, slot],
        p[5, slot],
        p[6, slot],
        p[7, slot],
        p[8, slot],
        p[9, slot],
    )


@njit(**INLINE)
def fluxes(f, slot):
    """The rows of a slot of the work space."""
    return Fluxes(f[0, slot], f[1, slot], f[2, slot], f[3, slot], f[4, slot])


@njit(**INLINE)
def predict_y(row, band, first, last, cells, flow, scratch, runs, dt, scheme):
    """Predictions of one row along y into its slot of the work space."""
    slot, halo = row & 3, scratch.halo[band]
    if not same_runs(runs, row, row - 4 if row >= 4 else row):
        scratch.cells_y[band, :, slot, :] = ZERO
    h, u, v = (
        rows_around(cells.depth, halo[0], row, first, last),
        rows_around(flow.x, halo[2], row, first, last),
        rows_around(flow.y, halo[3], row, first, last),
    )
    if cells.porosity.size > 1:
        stands = scratch.standing[band]
        for k in range(3):
            stand_row(0, h[1].size, h[k], cells.porosity[row - 1 + k], stands[k])
        h = (stands[0], stands[1], stands[2])
    p = prediction(scratch.cells_y[band], slot)
    if scratch.rough_y[band, slot, 0]:
        p.centre[:] = ZERO
        scratch.rough_y[band, slot, :] = False
    z, roughness = (
        (cells.bed[row - 1], cells.bed[row], cells.bed[row + 1]),
        cells.roughness[cells.roughness_row[row]],
    )
    below = min(row + 2, cells.depth.shape[0] - 1)
    soon = (cells.depth[below], flow.x[below], flow.y[below], cells.carry[row], cells.bed[below])
    for n in range(runs.count[row]):
        predict_row(
            runs.start[row, n],
            runs.stop[row, n],
            SAME,
            soon,
            h,
            z,
            v,
            u,
            roughness,
            p,
            dt / scheme.cell_size,
            dt,
            scheme,
        )


@njit(**INLINE)
def flux_y(row, band, cells, scratch, runs, structures, left, scheme):
    """Fluxes through the faces between rows row-1 and row into their slot."""
    if not same_runs(runs, row, row - 4 if row >= 4 else row):
        scratch.faces_y[band, :, row & 3, :] = ZERO
    for n in range(runs.count[row]):
        _flux_y(runs.start[row, n], runs.stop[row, n], row, band, False, cells, scratch, scheme)
    if structures.first[row + 1] > structures.first[row]:
        _override_y(row, band, cells, scratch, structures, left, scheme)


@njit(**FUSED)
def _flux_y(lo, hi, row, band, centred, cells, scratch, scheme):
    above, here, f = (
        prediction(scratch.cells_y[band], (row - 1) & 3),
        prediction(scratch.cells_y[band], row & 3),
        fluxes(scratch.faces_y[band], row & 3),
    )
    if cells.porosity.size > 1:
        flux_porous_row(
            lo,
            hi,
            SAME,
            above,
            here,
            cells.bed[row - 1],
            cells.bed[row],
            cells.porosity[row - 1],
            cells.porosity[row],
            f,
            scheme,
        )
    elif centred:
        flux_row(
            lo,
            hi,
            SAME,
            above,
            here,
            cells.bed[row - 1],
            cells.bed[row],
            above.centre,
            here.centre,
            f,
            scheme,
        )
    else:
        flux_row(
            lo, hi, SAME, above, here, cells.bed[row - 1], cells.bed[row], None, None, f, scheme
        )


@njit(**PART)
def _override_y(row, band, cells, scratch, structures, left, scheme):
    above, here, f = (
        prediction(scratch.cells_y[band], (row - 1) & 3),
        prediction(scratch.cells_y[band], row & 3),
        fluxes(scratch.faces_y[band], row & 3),
    )
    override_faces(
        row,
        False,
        left,
        f.mass.size,
        structures,
        f.mass,
        f.m_l,
        f.m_r,
        f.cross,
        above.h_r,
        here.h_l,
        above.w_r,
        here.w_l,
        cells.porosity[own_row(row - 1, cells.porosity)],
        cells.porosity[own_row(row, cells.porosity)],
        0,
        scheme.gravity,
    )


@njit(**INLINE)
def centre_y(row, band, first, last, cells, scratch, runs, dt, scheme):
    """Centring of the rough blocks of a row whose fluxes above and below are known; notes which
    they are.
    """
    p, before, after = (
        prediction(scratch.cells_y[band], row & 3),
        fluxes(scratch.faces_y[band], row & 3),
        fluxes(scratch.faces_y[band], (row + 1) & 3),
    )
    rough, ratio = scratch.rough_y[band, row & 3], dt / scheme.cell_size
    h = band_row(cells.depth, scratch.halo[band, 0], row, first, last)
    porous, open_ = cells.porosity.size > 1, cells.porosity[own_row(row, cells.porosity)]
    if porous:
        stand_row(0, h.size, h, open_, scratch.standing[band, 0])
        h = scratch.standing[band, 0]
    for n in range(runs.count[row]):
        for c in range(runs.start[row, n], runs.stop[row, n], BLOCK):
            end = min(c + BLOCK, runs.stop[row, n])
            if rough_cells(c, end, SAME, h, before, after, scheme.rough_from) > 0:
                rough[0] = rough[1 + c // BLOCK] = rough[1 + (end - 1) // BLOCK] = True
                if porous:
                    centre_porous_row(c, end, SAME, h, open_, p, before, after, ratio, scheme)
                else:
                    centre_row(c, end, SAME, h, p, before, after, ratio, scheme)


@njit(**INLINE)
def refine_y(row, band, cells, scratch, runs, structures, left, scheme):
    """Flux the faces above a row anew where it or the row above has been centred."""
    one, other = scratch.rough_y[band, row & 3], scratch.rough_y[band, (row - 1) & 3]
    if one[0] or other[0]:
        for n in range(runs.count[row]):
            a, b = runs.start[row, n], runs.stop[row, n]
            for block in range(a // BLOCK, (b - 1) // BLOCK + 1):
                if one[1 + block] or other[1 + block]:
                    _flux_y(
                        max(block * BLOCK, a),
                        min((block + 1) * BLOCK, b),
                        row,
                        band,
                        True,
                        cells,
                        scratch,
                        scheme,
                    )
        if structures.first[row + 1] > structures.first[row]:
            _override_y(row, band, cells, scratch, structures, left, scheme)


@njit(**INLINE)
def update_y(row, band, cells, flow, scratch, runs, final, rain_depth, dt, scheme):
    """New state of one own row from the fluxes above and below it; final: no other sweep follows in
    this step (its fastest signal is noted).
    """
    p, before, after = (
        prediction(scratch.cells_y[band], row & 3),
        fluxes(scratch.faces_y[band], row & 3),
        fluxes(scratch.faces_y[band], (row + 1) & 3),
    )
    h, u, v, carry, peak, ratio = (
        cells.depth[row],
        flow.x[row],
        flow.y[row],
        cells.carry[row],
        scratch.peak[band],
        dt / scheme.cell_size,
    )
    roughness, weight = (
        cells.roughness[cells.roughness_row[row]],
        cells.rain_weight[cells.weight_row[row]],
    )
    for n in range(runs.count[row]):
        a, b = runs.start[row, n], runs.stop[row, n]
        if cells.porosity.size > 1:
            open_, standing = cells.porosity[row], scratch.standing[band, 0]
            update_porous_row(
                a,
                b,
                SAME,
                before,
                after,
                p,
                h,
                v,
                u,
                carry,
                roughness,
                weight,
                open_,
                ratio,
                dt,
                rain_depth,
                scheme,
            )
            if final:
                stand_row(a, b, h, open_, standing)
                signal_row(a, b, standing, u, v, peak, scheme)
        else:
            update_row(
                a,
                b,
                SAME,
                before,
                after,
                p,
                h,
                v,
                u,
                carry,
                roughness,
                weight,
                ratio,
                dt,
                rain_depth,
                scheme,
            )
            if final:
                signal_row(a, b, h, u, v, peak, scheme)


@njit(**ADDRESSED)
def sweep_band(
    band,
    first,
    last,
    top,
    bottom,
    left,
    x_first,
    cells,
    flow,
    scratch,
    runs,
    structures,
    counters,
    boundaries,
    rain_depth,
    dt,
    scheme,
):
    """Advance rows first..last-1 by one step, in place, in one pass; rows outside the band come
    from its halo.

    Each sweep brings half of the rain, so that neither direction is favoured. Bands run side by
    side; their number does not change a bit. Row j: x sweep j on even steps, predict along y j-1,
    first fluxes j-1, centring j-2, final fluxes j-2, update j-3; x sweep j-4 on odd steps.
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
            h, carry = (
                band_row(cells.depth, halo[0], along, first, last),
                band_row(cells.carry, halo[1], along, first, last),
            )
            u, v = (
                band_row(flow.x, halo[2], along, first, last),
                band_row(flow.y, halo[3], along, first, last),
            )
            sweep_x(
                along,
                first <= along < last,
                h,
                u,
                v,
                carry,
                cells,
                flow,
                peak,
                runs,
                scratch.cells_x[band],
                scratch.faces_x[band],
                scratch.rough_x[band],
                scratch.standing[band, 0],
                not x_first,
                structures,
                counters,
                half_rain,
                dt,
                scheme,
            )
            if x_first:
                hold_ghosts(along, h, u, v, carry, boundaries)
        ahead, middle, done = row - 1, row - 2, row - 3
        if first - 2 <= ahead < last + 2:
            predict_y(ahead, band, first, last, cells, flow, scratch, runs, dt, scheme)
        if first - 1 <= ahead < last + 2:
            flux_y(ahead, band, cells, scratch, runs, structures, left, scheme)
        if first - 1 <= middle < last + 1:
            centre_y(middle, band, first, last, cells, scratch, runs, dt, scheme)
        if first <= middle < last + 1:
            refine_y(middle, band, cells, scratch, runs, structures, left, scheme)
            if counters.first[middle + 1] > counters.first[middle] and (
                middle < last or last == bottom
            ):
                count_faces(
                    middle, False, left, peak.size, counters, scratch.faces_y[band, 0, middle & 3]
                )
        if first <= done < last:
            update_y(done, band, cells, flow, scratch, runs, x_first, half_rain, dt, scheme)
            if not x_first:
                hold_ghosts(
                    done,
                    cells.depth[done],
                    flow.x[done],
                    flow.y[done],
                    cells.carry[done],
                    boundaries,
                )


# ------------------------------------------------------------------------------------------- window


@njit(**PARALLEL_ADDRESSED)
def step_bands(
    band_kernel,
    band_rows,
    left,
    x_first,
    cells,
    flow,
    scratch,
    runs,
    structures,
    counters,
    boundaries,
    rain_depth,
    dt,
    scheme,
):
    """One step of all bands, side by side. band_kernel : addresses.Address of sweep_band."""
    bands = band_rows.size - 1
    for k in prange(bands):
        band = np.int64(
            k
        )  # prange counts in unsigned numbers: everything below would be compiled twice
        copy_halo(band, band_rows[band], band_rows[band + 1], cells, flow, scratch)
    for k in prange(bands):
        band = np.int64(k)
        call(
            band_kernel,
            (
                band,
                band_rows[band],
                band_rows[band + 1],
                band_rows[0],
                band_rows[bands],
                left,
                x_first,
                cells,
                flow,
                scratch,
                runs,
                structures,
                counters,
                boundaries,
                rain_depth,
                dt,
                scheme,
            ),
        )


@njit(**WINDOW)
def advance_window(
    step_kernel,
    band_kernel,
    start,
    stop,
    state,
    band_rows,
    left,
    columns,
    cells,
    flow,
    scratch,
    runs,
    levels,
    scheme,
    shared,
    limits,
):
    """Bring the surface from `start` to `stop` (s) in stable steps; releases the GIL for the whole
    window.

    step_kernel, band_kernel : addresses.Address of step_bands (NoAddress where there is one band)
    and sweep_band;  state : arrays.Stepping, updated;  shared : arrays.Shared;  limits :
    arrays.Limits. Returns (status, time reached s, steps, smallest step s).
    """
    real = cells.depth.dtype.type
    cell_size = np.float64(scheme.cell_size)
    bands = band_rows.size - 1
    time, steps, smallest = start, 0, stop - start
    while time < stop:
        ahead = 2.0 * math.sqrt(GRAVITY * deepest_ahead(cells, shared, cell_size * cell_size))
        coupled = math.sqrt(GRAVITY * deepest_coupled(cells, shared.inlets))
        step = stable_time_step(
            max(state.fastest[0], ahead),
            coupled,
            limits.courant,
            limits.courant_coupled,
            cell_size,
            limits.largest_step,
        )
        if not step >= limits.smallest_step:
            return TIME_STEP_COLLAPSED, time, steps, step
        count = math.ceil((stop - time) / step)
        dt = real((stop - time) / count)
        end = stop if count == 1 else time + np.float64(dt)
        choose_runs(stop, limits.wet_depth, band_rows, cells, shared, runs, levels)
        rain_depth = begin_step(
            start,
            stop,
            end,
            1.0 / count,
            dt,
            cell_size,
            cells,
            flow,
            np.bool_(True),
            shared,
            levels.fine,
            np.bool_(False),
            limits,
        )
        x_first = state.steps[0] % 2.0 == 0.0
        if bands > 1:
            call(
                step_kernel,
                (
                    band_kernel,
                    band_rows,
                    left,
                    x_first,
                    cells,
                    flow,
                    scratch,
                    runs,
                    shared.structures,
                    shared.counters,
                    shared.boundaries,
                    rain_depth,
                    dt,
                    scheme,
                ),
            )
        else:  # without threads: their start and end cost as much as a small sweep
            copy_halo(np.int64(0), band_rows[0], band_rows[1], cells, flow, scratch)
            call(
                band_kernel,
                (
                    np.int64(0),
                    band_rows[0],
                    band_rows[1],
                    band_rows[0],
                    band_rows[1],
                    left,
                    x_first,
                    cells,
                    flow,
                    scratch,
                    runs,
                    shared.structures,
                    shared.counters,
                    shared.boundaries,
                    rain_depth,
                    dt,
                    scheme,
                ),
            )
        fastest = 0.0
        for band in range(bands):
            fastest = max(fastest, np.float64(scratch.peak[band].max()))
        state.fastest[0] = fastest
        state.steps[0] += 1.0
        add_counted(shared.counters, np.float64(dt) * cell_size)
        smallest = min(smallest, np.float64(dt))
        steps += 1
        time = end
    return OK, time, steps, smallest
