"""Local inertial overland flow on a padded C grid: a band of rows, a coupling window; its rows are
in local_inertial_rows.py.

Equations: Bates, Horritt, Fewtrell 2010, doi:10.1016/j.jhydrol.2010.03.027; de Almeida et al. 2012,
doi:10.1029/2011WR011570. Flow.x[j, i] is the unit discharge through the face left of cell (j, i),
Flow.y[j, i] through the one above it (between rows j-1 and j).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from flood_kernels.addresses import call
from flood_kernels.arrays import (
    ABOVE,
    ADDRESSED,
    BELOW,
    GRAVITY,
    INLINE,
    INSIDE,
    LEFT_FACE,
    NEXT,
    OK,
    ONE,
    PARALLEL_ADDRESSED,
    PART,
    SAME,
    TIME_STEP_COLLAPSED,
    WINDOW,
    WINDOW_PART,
    ZERO,
    copy_row,
)
from flood_kernels.inlets import deepest_coupled
from flood_kernels.local_inertial_rows import (
    advance_faces,
    advance_porous_faces,
    finish_limited_row,
    finish_row,
    gain_row,
    gives_too_much,
    scale_faces,
    share_outflow,
    steep_faces,
)
from flood_kernels.local_steps import bring_gains, choose_levels, signal_ahead
from flood_kernels.pieces import idle, same_runs
from flood_kernels.points import (
    add_counted,
    begin_long_step,
    begin_step,
    deepest_ahead,
    fallen_until,
    read_faces,
    stable_time_step,
)


class Scratch(NamedTuple):
    """Work space of the bands: one slab a band, nothing is allocated in a step."""

    depth_halo: np.ndarray  # (bands, 4, width)
    qx_halo: np.ndarray  # (bands, 4, width)
    qy_halo: np.ndarray  # (bands, HALO_ROWS, width)
    new_qx: np.ndarray  # (bands, 4, width)
    new_qy: np.ndarray  # (bands, 4, width)
    share: np.ndarray  # (bands, 4, width) positivity factors of rows
    limited: np.ndarray  # bool (bands, 4) whether a factor of that row is below 1
    spare: (
        np.ndarray
    )  # (bands, 3, width) scaled faces that the next band owns, or that rest in this sweep
    closed: np.ndarray  # (width,) zeros: what passes faces that rest
    peak: np.ndarray  # (bands, width) largest depth_of_signal of a column


# -------------------------------------------------------------------------------------------- bands


@njit(**PART)
def copy_halo(band, first, last, cells, flow, scratch):
    """Keep the rows just outside band [first, last) as they are now: the neighbour will overwrite
    them.
    """
    for k in range(2):
        copy_row(cells.depth[first - 2 + k], scratch.depth_halo[band, k])
        copy_row(cells.depth[last + k], scratch.depth_halo[band, 2 + k])
        copy_row(flow.x[first - 2 + k], scratch.qx_halo[band, k])
        copy_row(flow.x[last + k], scratch.qx_halo[band, 2 + k])
        copy_row(flow.y[first - 2 + k], scratch.qy_halo[band, k])
    for k in range(3):
        copy_row(flow.y[last + k], scratch.qy_halo[band, 2 + k])


@njit(**INLINE)
def old_row(array, halo, above, row, first, last):
    """The row as it was at the start of the step: from the halo outside the band; `above` rows are
    kept above it.
    """
    if row < first:
        return halo[row - first + above]
    if row >= last:
        return halo[row - last + above]
    return array[row]


@njit(**INLINE)
def new_row(array, stored, row):
    """The stored row of a row, to be asked for; none of it where the row before has the same, so
    that it is in the cache.
    """
    values = array[stored[row]]
    return values[: 0 if stored[row] == stored[row - 1] else values.size]


@njit(**PART)
def override_faces(row, is_x, structures, q):
    """Give the faces of structures in this row their own discharge."""
    for k in range(structures.first[row], structures.first[row + 1]):
        if structures.is_x[k] == is_x and structures.active[k]:
            q[structures.column[k]] = structures.discharge[k]


@njit(**INLINE)
def faces_above(
    row,
    band,
    first,
    last,
    ghost,
    cells,
    flow,
    scratch,
    runs,
    structures,
    structures_move,
    push,
    dt,
    scheme,
):
    """New discharge through the faces between rows row-1 and row."""
    depth_halo, qy_halo, peak = scratch.depth_halo[band], scratch.qy_halo[band], scratch.peak[band]
    q = (
        old_row(flow.y, qy_halo, 2, row - 1, first, last),
        old_row(flow.y, qy_halo, 2, row, first, last),
        old_row(flow.y, qy_halo, 2, row + 1, first, last),
    )
    qx_before, qx_after = (
        old_row(flow.x, scratch.qx_halo[band], 2, row - 1, first, last),
        old_row(flow.x, scratch.qx_halo[band], 2, row, first, last),
    )
    across = (qx_before, qx_before, qx_after, qx_after)
    h = (
        old_row(cells.depth, depth_halo, 2, row - 1, first, last),
        old_row(cells.depth, depth_halo, 2, row, first, last),
    )
    z = (cells.bed[row - 2], cells.bed[row - 1], cells.bed[row], cells.bed[row + 1])
    roughness = (
        cells.roughness[cells.roughness_row[row - 1]],
        cells.roughness[cells.roughness_row[row]],
    )
    out = scratch.new_qy[band, row & 3]
    soon = (
        flow.y[row + 2],
        cells.depth[row + 1],
        cells.carry[row - 1],
        new_row(cells.rain_weight, cells.weight_row, row - 1),
    )
    for n in range(runs.count[row]):
        a, b = runs.start[row, n], runs.stop[row, n]
        if not runs.faces[row, n] & ABOVE:
            out[a:b] = ZERO
        elif cells.porosity.size > 1:
            p = (cells.porosity[row - 1], cells.porosity[row])
            advance_porous_faces(
                a, b, SAME, q, across, h, z, roughness, p, out, peak, push, dt, scheme
            )
        elif (
            advance_faces(a, b, SAME, soon, q, across, h, z, roughness, out, peak, push, dt, scheme)
            != 0
        ):
            steep_faces(a, b, SAME, q, across, h, z, roughness, out, peak, push, dt, scheme)
    out[ghost] = ZERO  # ghost cells do not flow into each other
    if structures_move and structures.first[row + 1] > structures.first[row]:
        override_faces(row, np.bool_(False), structures, out)


@njit(**INLINE)
def faces_left(
    row,
    band,
    first,
    last,
    cells,
    flow,
    scratch,
    runs,
    structures,
    structures_move,
    push,
    dt,
    scheme,
):
    """New discharge through the faces left of the cells of a row."""
    own, depth = (
        old_row(flow.x, scratch.qx_halo[band], 2, row, first, last),
        old_row(cells.depth, scratch.depth_halo[band], 2, row, first, last),
    )
    qy_above, qy_below = (
        old_row(flow.y, scratch.qy_halo[band], 2, row, first, last),
        old_row(flow.y, scratch.qy_halo[band], 2, row + 1, first, last),
    )
    rough, peak, out = (
        cells.roughness[cells.roughness_row[row]],
        scratch.peak[band],
        scratch.new_qx[band, row & 3],
    )
    q, across = (own, own, own), (qy_above, qy_below, qy_above, qy_below)
    bed = cells.bed[row]
    h, z, roughness = (depth, depth), (bed, bed, bed, bed), (rough, rough)
    soon = (
        flow.x[row + 1],
        cells.bed[row + 1],
        new_row(cells.roughness, cells.roughness_row, row + 1),
    )
    for n in range(runs.count[row]):
        a, b = runs.start[row, n], runs.stop[row, n]
        if not runs.faces[row, n] & INSIDE:
            out[a:b] = ZERO
            if not runs.faces[row, n] & LEFT_FACE:
                continue
            b = np.int32(a + 1)  # as the other: else what is called would be compiled twice
        if cells.porosity.size > 1:
            p = (cells.porosity[row], cells.porosity[row])
            advance_porous_faces(
                a, b, NEXT, q, across, h, z, roughness, p, out, peak, push, dt, scheme
            )
        elif (
            advance_faces(a, b, NEXT, soon, q, across, h, z, roughness, out, peak, push, dt, scheme)
            != 0
        ):
            steep_faces(a, b, NEXT, q, across, h, z, roughness, out, peak, push, dt, scheme)
        if not runs.faces[row, n] & LEFT_FACE:
            out[a] = ZERO
    if structures_move and structures.first[row + 1] > structures.first[row]:
        override_faces(row, np.bool_(True), structures, out)


@njit(**INLINE)
def share_row(row, band, first, last, top, bottom, ghost, cells, scratch, runs, dx_over_dt):
    """Factors of the cells of a row by which their outgoing faces are scaled."""
    here, below = row & 3, (row + 1) & 3
    share, new_qx, new_qy = (
        scratch.share[band, here],
        scratch.new_qx[band, here],
        scratch.new_qy[band],
    )
    depth = old_row(cells.depth, scratch.depth_halo[band], 2, row, first, last)
    found = np.int32(0)
    if top <= row < bottom:
        for n in range(runs.count[row]):
            a, b = runs.start[row, n], runs.stop[row, n]
            found |= gives_too_much(a, b, depth, new_qx, new_qy[here], new_qy[below], dx_over_dt)
    if found != 0:
        for n in range(runs.count[row]):
            a, b = runs.start[row, n], runs.stop[row, n]
            share_outflow(a, b, depth, new_qx, new_qy[here], new_qy[below], share, dx_over_dt)
        share[ghost] = ONE
    elif scratch.limited[band, here]:
        share[:] = ONE
    scratch.limited[band, here] = found != 0


@njit(**INLINE)
def finish_piece(n, done, band, owned, cells, flow, scratch, runs, gain, rain_depth, dt_over_dx):
    """New depth of the cells of piece n of row `done`, and what becomes the discharge of the faces
    left of and below them that move.
    """
    here, below = done & 3, (done + 1) & 3
    new_qx, new_qy, share, spare = (
        scratch.new_qx[band, here],
        scratch.new_qy[band, below],
        scratch.share[band],
        scratch.spare[band],
    )
    a, b, faces = runs.start[done, n], runs.stop[done, n], runs.faces[done, n]
    factor, factor_below = share[here], share[below]
    q_above = flow.y[done] if faces & ABOVE else scratch.closed
    out_y = spare[1]
    if faces & BELOW:
        out_y = flow.y[done + 1] if owned else spare[0]
    if not faces & INSIDE:
        gain_row(
            a,
            b,
            new_qx,
            factor,
            q_above,
            new_qy,
            factor_below,
            spare[2],
            out_y,
            gain[done],
            dt_over_dx,
        )
        if faces & LEFT_FACE:
            flow.x[done, a] = spare[2, a]
        return
    kept = flow.x[done, a]
    depth, carry, weight = (
        cells.depth[done],
        cells.carry[done],
        cells.rain_weight[cells.weight_row[done]],
    )
    if scratch.limited[band, here] | scratch.limited[band, below]:
        finish_limited_row(
            a,
            b,
            depth,
            carry,
            new_qx,
            factor,
            q_above,
            new_qy,
            factor_below,
            weight,
            flow.x[done],
            out_y,
            rain_depth,
            dt_over_dx,
        )
    else:
        finish_row(
            a,
            b,
            depth,
            carry,
            new_qx,
            q_above,
            new_qy,
            weight,
            flow.x[done],
            out_y,
            rain_depth,
            dt_over_dx,
        )
    if not faces & LEFT_FACE:
        flow.x[done, a] = kept


@njit(**ADDRESSED)
def sweep_band(
    band,
    first,
    last,
    top,
    bottom,
    ghost,
    cells,
    flow,
    scratch,
    runs,
    gain,
    structures,
    structures_move,
    rain_depth,
    dt,
    scheme,
):
    """Advance rows first..last-1 by one step, in place, in one pass: each array is read and written
    once.

    top..bottom-1 are the model's own rows, `ghost` the column after its last (padded). Row j of
    faces is computed, then row j-1 gets its outflow factors, then row j-2 its new depth: a few rows
    of work space roll along. Rows outside the band come from the halo, so bands may run side by
    side and their number does not change a bit of the answer. Work space of columns that a row does
    not compute is zero: beyond the runs the ground is dry for two cells at least.
    """
    push, dt_over_dx, dx_over_dt = (
        scheme.gravity * dt / scheme.cell_size,
        dt / scheme.cell_size,
        scheme.cell_size / dt,
    )
    new_qx, new_qy, share, spare = (
        scratch.new_qx[band],
        scratch.new_qy[band],
        scratch.share[band],
        scratch.spare[band],
    )
    scratch.peak[band, :] = ZERO
    scratch.new_qx[band] = ZERO
    scratch.new_qy[band] = ZERO
    for row in range(first - 1, last + 2):
        if idle(runs, row, 4):
            continue
        slot = row & 3
        if row > first + 2 and not same_runs(runs, row, row - 4):
            new_qx[slot, :] = ZERO
            new_qy[slot, :] = ZERO
        if top <= row <= bottom:
            faces_above(
                row,
                band,
                first,
                last,
                ghost,
                cells,
                flow,
                scratch,
                runs,
                structures,
                structures_move,
                push,
                dt,
                scheme,
            )
        else:
            new_qy[slot, :] = ZERO
        if top <= row < bottom and row <= last:
            faces_left(
                row,
                band,
                first,
                last,
                cells,
                flow,
                scratch,
                runs,
                structures,
                structures_move,
                push,
                dt,
                scheme,
            )
        else:
            new_qx[slot, :] = ZERO
        if row - 1 >= first - 1:
            share_row(
                row - 1, band, first, last, top, bottom, ghost, cells, scratch, runs, dx_over_dt
            )
        done = row - 2
        below = (done + 1) & 3
        owned = done + 1 < last or last == bottom
        if done == first - 1 or (
            done >= first and not same_runs(runs, done, done + 1)
        ):  # faces that no cell of row `done` finishes
            out_y = flow.y[done + 1] if owned else spare[0]
            for n in range(runs.count[done + 1]):
                if runs.faces[done + 1, n] & ABOVE:
                    scale_faces(
                        runs.start[done + 1, n],
                        runs.stop[done + 1, n],
                        new_qy[below],
                        share[done & 3],
                        share[below],
                        out_y,
                    )
        if done >= first:
            for n in range(runs.count[done]):
                finish_piece(
                    n, done, band, owned, cells, flow, scratch, runs, gain, rain_depth, dt_over_dx
                )


# ------------------------------------------------------------------------------------------- window


@njit(**PARALLEL_ADDRESSED)
def step_bands(
    band_kernel,
    band_rows,
    ghost,
    cells,
    flow,
    scratch,
    runs,
    gain,
    structures,
    structures_move,
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
                ghost,
                cells,
                flow,
                scratch,
                runs,
                gain,
                structures,
                structures_move,
                rain_depth,
                dt,
                scheme,
            ),
        )


@njit(**INLINE)
def step_all(
    step_kernel,
    band_kernel,
    band_rows,
    ghost,
    cells,
    flow,
    scratch,
    runs,
    gain,
    structures,
    structures_move,
    rain_depth,
    dt,
    scheme,
):
    """One step. A single band needs no threads: their start and end cost as much as a small
    sweep.
    """
    if band_rows.size > 2:
        call(
            step_kernel,
            (
                band_kernel,
                band_rows,
                ghost,
                cells,
                flow,
                scratch,
                runs,
                gain,
                structures,
                structures_move,
                rain_depth,
                dt,
                scheme,
            ),
        )
        return
    band, first, last = np.int64(0), band_rows[0], band_rows[1]
    copy_halo(band, first, last, cells, flow, scratch)
    call(
        band_kernel,
        (
            band,
            first,
            last,
            first,
            last,
            ghost,
            cells,
            flow,
            scratch,
            runs,
            gain,
            structures,
            structures_move,
            rain_depth,
            dt,
            scheme,
        ),
    )


@njit(**WINDOW_PART)
def fastest_signal(scratch, bands):
    """Speed (m/s) of the fastest wave on the faces that the last sweep moved."""
    deepest = 0.0
    for band in range(bands):
        deepest = max(deepest, np.float64(scratch.peak[band].max()))
    return math.sqrt(GRAVITY * deepest)


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
    real, cell_size = cells.depth.dtype.type, np.float64(scheme.cell_size)
    bands = band_rows.size - 1
    time, long_end, steps, smallest = start, start, 0, stop - start
    # sweeps are told `local` or `not local`: with True and False all under them is compiled twice
    local = False
    while time < stop:
        ahead = math.sqrt(GRAVITY * deepest_ahead(cells, shared, cell_size * cell_size))
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
        if time >= long_end:
            ratio = min(limits.step_ratio, (stop - start) / step)
            local = choose_levels(
                stop,
                limits.wet_depth,
                scheme.dry_depth,
                ratio,
                state,
                band_rows,
                cells,
                shared,
                runs,
                levels,
            )
            long_end = stop
            if local:
                ahead = signal_ahead(cells, shared, cell_size * cell_size, levels.fine)
                long_step = stable_time_step(
                    max(state.fastest_long[0], ahead),
                    0.0,
                    limits.courant,
                    limits.courant_coupled,
                    cell_size,
                    limits.largest_step,
                )
                count = math.ceil((stop - time) / long_step)
                long_end = stop if count == 1 else time + (stop - time) / count
                dt = real(long_end - time)
                rain_depth = begin_long_step(
                    long_end, dt, cell_size, cells, flow, shared, levels.fine, limits
                )
                step_all(
                    step_kernel,
                    band_kernel,
                    band_rows,
                    left + columns,
                    cells,
                    flow,
                    scratch,
                    runs,
                    levels.gain,
                    shared.structures,
                    not local,
                    rain_depth,
                    dt,
                    scheme,
                )
                state.fastest_long[0] = fastest_signal(scratch, bands)
                state.long_steps[0] += 1.0
        count = math.ceil((long_end - time) / step)
        dt = real((long_end - time) / count)
        end = long_end if count == 1 else time + np.float64(dt)
        share_of_rest = 1.0 / count if long_end == stop else (end - time) / (stop - time)
        rain_depth = begin_step(
            start,
            stop,
            end,
            share_of_rest,
            dt,
            cell_size,
            cells,
            flow,
            np.bool_(False),
            shared,
            levels.fine,
            local,
            limits,
        )
        rows, moving = band_rows, runs
        if local:
            bring_gains(cells, runs, levels.gain, real(1.0 / count))
            rows, moving = levels.band_rows, levels.runs
        step_all(
            step_kernel,
            band_kernel,
            rows,
            left + columns,
            cells,
            flow,
            scratch,
            moving,
            levels.gain,
            shared.structures,
            np.bool_(True),
            rain_depth,
            dt,
            scheme,
        )
        if not local:
            fallen_until(end, np.int64(1), cells, shared.rain)
            long_end = end
        state.fastest[0] = fastest_signal(scratch, bands)
        state.steps[0] += 1.0
        read_faces(flow, shared.counters)
        add_counted(shared.counters, np.float64(dt) * cell_size)
        smallest = min(smallest, np.float64(dt))
        steps += 1
        time = end
    return OK, time, steps, smallest
