"""Local inertial overland flow on a padded C grid: row functions, a band of rows, a coupling window.

Everything a cached function calls lives in this one file (Numba keys its cache by file). Arrays only; no options, no I/O.
Equations: Bates, Horritt, Fewtrell 2010, doi:10.1016/j.jhydrol.2010.03.027; de Almeida et al. 2012, doi:10.1029/2011WR011570.

Layout: all cell and face arrays share one shape (ny + 2 PAD, padded_width(nx)), C order; the model's own cells start at [PAD, PAD].
qx[j, i] is the face left of cell (j, i), qy[j, i] the face above it (between rows j-1 and j). Rows are swept over a multiple of
LANES columns, so that no scalar remainder is left; what lies beyond the ghost column is WALL. A closed edge, a building or a cell outside the city is a cell whose bed is WALL:
no face beside it is ever wet, so the rows need no branches.
"""

import math
from typing import NamedTuple

import llvmlite.binding as llvm
import numpy as np
from numba import njit, prange

# Rows of some 12 arrays need more run-time overlap checks than LLVM's vectoriser allows by default (it then stays scalar: 10 times slower).
for _option in ("runtime-memory-check-threshold", "memory-check-merge-threshold", "vectorize-memory-check-threshold"):
    llvm.set_option("", f"-{_option}=4096")

PAD = 3
LANES = 16
WALL = 1.0e6
GRAVITY = 9.80665
OK, TIME_STEP_COLLAPSED = 0, 1

# Constants that float32 holds exactly: mixed with float64 rows they do not narrow anything, with float32 rows they do not widen.
ZERO, HALF, ONE, TWO, FOUR = np.float32(0.0), np.float32(0.5), np.float32(1.0), np.float32(2.0), np.float32(4.0)


class Cells(NamedTuple):
    """State and properties of cells, padded (ny + 2 PAD, nx + 2 PAD); float32 or float64, all alike."""

    depth: np.ndarray  # m, >= 0
    carry: np.ndarray  # m, what rounding and positivity owe to depth; sum(depth + carry) is the volume / area
    bed: np.ndarray  # m above the datum; WALL where there is no cell
    friction: np.ndarray  # g n^2 / 2 (a face adds its two cells); its sign bit marks cells coupled to a sewer (their faces take theta = 1)
    rain_weight: np.ndarray  # share of the rain depth that the cell receives (roof runoff makes it > 1)


class Faces(NamedTuple):
    """Unit discharge on faces, m2/s, towards +column and +row; same shape as the cells."""

    qx: np.ndarray
    qy: np.ndarray


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


class Sources(NamedTuple):
    """Water put into cells during a window: point inflows and what the sewer returns."""

    row: np.ndarray  # int64 (n,), padded index
    column: np.ndarray
    pending: np.ndarray  # float64 (n,) m3 still to be delivered by the end of the window
    delivered: np.ndarray  # float64 (n,) m3 that reached the cell since the start


class Inlets(NamedTuple):
    """Openings from street to sewer, sorted by cell."""

    row: np.ndarray  # int64 (n,)
    column: np.ndarray
    cell: np.ndarray  # int64 (n,) index of the inlet's cell in `wanted_cell`
    node: np.ndarray  # int64 (n,)
    rim: np.ndarray  # float64 (n,) m above the datum
    perimeter: np.ndarray  # float64 (n,) m, after clogging
    area: np.ndarray  # float64 (n,) m2, after clogging
    capacity: np.ndarray  # float64 (n,) m3/s, inf where the kind has none
    wanted: np.ndarray  # float64 (n,) work space
    wanted_cell: np.ndarray  # float64 (cells,) work space
    acceptance: np.ndarray  # float64 (nodes,) m3/s the node takes in this window
    free_flow: np.ndarray  # float64 (nodes,) work space, m3/s by the inlet law alone
    offered: np.ndarray  # float64 (nodes,) m3 the inlet law alone would have taken in this window
    captured: np.ndarray  # float64 (nodes,) m3 taken from the street in this window


class Boundaries(NamedTuple):
    """Ghost cells whose depth is prescribed each step, and the faces through which they touch the model."""

    row: np.ndarray  # int64 (n,) ghost cell
    column: np.ndarray
    inner_row: np.ndarray  # int64 (n,) the cell it mirrors (free outflow)
    inner_column: np.ndarray
    mirrors: np.ndarray  # bool (n,): depth of the inner cell (free outflow) instead of the stage
    stage_start: np.ndarray  # float64 (n,) m above the datum at the start of the window
    stage_stop: np.ndarray
    face_is_x: np.ndarray  # bool (f,)
    face_row: np.ndarray  # int64 (f,)
    face_column: np.ndarray
    face_inward: np.ndarray  # float64 (f,) +1 where positive discharge enters the model, -1 where it leaves
    face_volume_in: np.ndarray  # float64 (f,) m3 that entered in this window
    face_volume_out: np.ndarray


class Rain(NamedTuple):
    """Cumulative rain as a piecewise linear series; exact at every step boundary."""

    time: np.ndarray  # float64 (n,) s
    cumulative: np.ndarray  # float64 (n,) m
    applied: np.ndarray  # float64 (1,) m given to the cells so far


class Sections(NamedTuple):
    """Lines whose discharge is summed: faces with a sign and the section each belongs to."""

    is_x: np.ndarray  # bool (n,)
    row: np.ndarray  # int64 (n,)
    column: np.ndarray
    sign: np.ndarray  # float64 (n,)
    section: np.ndarray  # int64 (n,)
    volume: np.ndarray  # float64 (sections,) m3 through each during the window


# ---------------------------------------------------------------------------------------------------------------- rows


ROW = {"cache": True, "fastmath": {"contract"}, "error_model": "numpy", "nogil": True}
# No reassoc (it would delete the carry), no nnan (a NaN must stay visible); contract only lets a*b + c be one instruction.


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
    value = max(min(braked, limit), -limit)
    return (value if wet else ZERO * value), (h_flow if wet else ZERO * h)


# The row functions get equally long contiguous slices and index them by i alone: an index i - 1 would need Numba's
# negative-index test and keep LLVM from vectorising (measured: 37 instead of 3 ns a cell).


@njit(**ROW)
def advance_faces(own, before, after, h_left, h_right, z_left, z_right, g_left, g_right, q_new, peak, push, dt, scheme):
    """All faces of a row, along x (left, right cells) or along y (above, below): `q_new` and the running maximum `peak` are written."""
    for i in range(q_new.size):
        value, flow_depth = face_discharge(
            own[i], before[i], after[i], h_left[i], h_right[i], z_left[i], z_right[i], g_left[i], g_right[i], push, dt, scheme
        )
        q_new[i] = value
        peak[i] = max(peak[i], flow_depth)


@njit(**ROW)
def share_outflow(depth, q_left, q_right, q_above, q_below, share, dx_over_dt):
    """Factor in [0, 1] by which every outgoing face of a cell is scaled so that it gives no more than it holds."""
    for i in range(share.size):
        out = (max(q_right[i], ZERO) - min(q_left[i], ZERO)) + (max(q_below[i], ZERO) - min(q_above[i], ZERO))
        share[i] = min(ONE, depth[i] * dx_over_dt / max(out, np.float32(1e-30)))


@njit(**ROW)
def scale_faces(q, share_left, share_right, scaled):
    """Apply to each face the factor of the cell that gives: the left (upper) one where the discharge is positive."""
    for i in range(scaled.size):
        scaled[i] = q[i] * (share_left[i] if q[i] > ZERO else share_right[i])


@njit(**ROW)
def update_depth(depth, carry, q_left, q_right, q_above, q_below, rain_weight, rain_depth, dt_over_dx):
    """h' = h + dt/dx (sum in - sum out) + rain; `carry` keeps what rounding lost and what an over-drained cell owes.

    sum(depth + carry) is conserved and nothing is clipped: the debt is paid from the next water that comes.
    """
    for i in range(depth.size):
        gain = carry[i] + rain_depth * rain_weight[i] + dt_over_dx * ((q_left[i] - q_right[i]) + (q_above[i] - q_below[i]))
        total = depth[i] + gain
        lost = gain - (total - depth[i])
        h = max(total, ZERO)
        carry[i] = lost + (total - h)
        depth[i] = h


# --------------------------------------------------------------------------------------------------------------- bands


@njit(**ROW)
def copy_halo(band, first, last, cells, faces, scratch):
    """Keep the rows just outside band [first, last) as they are now: the neighbour will overwrite them."""
    for k in range(2):
        scratch.depth_halo[band, k, :] = cells.depth[first - 2 + k]
        scratch.depth_halo[band, 2 + k, :] = cells.depth[last + k]
        scratch.qy_halo[band, k, :] = faces.qy[first - 2 + k]
    scratch.qx_halo[band, 0, :] = faces.qx[first - 1]
    scratch.qx_halo[band, 1, :] = faces.qx[last]
    for k in range(3):
        scratch.qy_halo[band, 2 + k, :] = faces.qy[last + k]


@njit(**ROW)
def old_row(array, halo, above, row, first, last):
    """The row as it was at the start of the step: from the halo outside the band; `above` rows are kept above it."""
    if row < first:
        return halo[row - first + above]
    if row >= last:
        return halo[row - last + above]
    return array[row]


@njit(**ROW)
def sweep_band(band, first, last, top, bottom, left, ghost, cells, faces, scratch, rain_depth, dt, scheme):
    """Advance rows first..last-1 by one step, in place, in one pass: each array is read and written once.

    top..bottom-1, left..ghost-1 are the model's own rows and columns (padded index). Row j of faces is computed, then row j-1 gets its
    outflow factors, then row j-2 its new depth: a few rows of work space roll along. Rows outside the band come from the halo, so
    bands may run side by side and their number does not change a bit of the answer.
    """
    right = left + (ghost - left + LANES) // LANES * LANES
    push, dt_over_dx, dx_over_dt = scheme.gravity * dt / scheme.cell_size, dt / scheme.cell_size, scheme.cell_size / dt
    new_qx, new_qy, share, spare = scratch.new_qx[band], scratch.new_qy[band], scratch.share[band], scratch.spare[band, left:right]
    depth_halo, qx_halo, qy_halo = scratch.depth_halo[band], scratch.qx_halo[band], scratch.qy_halo[band]
    peak = scratch.peak[band, left:right]
    peak[:] = 0.0
    for row in range(first - 1, last + 2):
        slot = row % 4
        depth = old_row(cells.depth, depth_halo, 2, row, first, last)
        if top <= row <= bottom:
            advance_faces(
                old_row(faces.qy, qy_halo, 2, row, first, last)[left:right],
                old_row(faces.qy, qy_halo, 2, row - 1, first, last)[left:right],
                old_row(faces.qy, qy_halo, 2, row + 1, first, last)[left:right],
                old_row(cells.depth, depth_halo, 2, row - 1, first, last)[left:right],
                depth[left:right],
                cells.bed[row - 1, left:right],
                cells.bed[row, left:right],
                cells.friction[row - 1, left:right],
                cells.friction[row, left:right],
                new_qy[slot, left:right],
                peak,
                push,
                dt,
                scheme,
            )
            new_qy[slot, ghost] = ZERO  # ghost cells do not flow into each other
        else:
            new_qy[slot, :] = ZERO
        if top <= row < bottom and row <= last:
            q = old_row(faces.qx, qx_halo, 1, row, first, last)
            advance_faces(
                q[left:right],
                q[left - 1 : right - 1],
                q[left + 1 : right + 1],
                depth[left - 1 : right - 1],
                depth[left:right],
                cells.bed[row, left - 1 : right - 1],
                cells.bed[row, left:right],
                cells.friction[row, left - 1 : right - 1],
                cells.friction[row, left:right],
                new_qx[slot, left:right],
                peak,
                push,
                dt,
                scheme,
            )
        else:
            new_qx[slot, :] = ZERO

        above = row - 1
        if above >= first - 1:
            here = above % 4
            if top <= above < bottom:
                share_outflow(
                    old_row(cells.depth, depth_halo, 2, above, first, last)[left:right],
                    new_qx[here, left:right],
                    new_qx[here, left + 1 : right + 1],
                    new_qy[here, left:right],
                    new_qy[slot, left:right],
                    share[here, left:right],
                    dx_over_dt,
                )
                share[here, ghost] = ONE
            else:
                share[here, :] = ONE
        done = row - 2
        if done >= first - 1:
            here, below = done % 4, (done + 1) % 4
            owned = done + 1 < last or last == bottom
            qy_below = faces.qy[done + 1, left:right] if owned else spare
            scale_faces(new_qy[below, left:right], share[here, left:right], share[below, left:right], qy_below)
            if done >= first:
                scale_faces(new_qx[here, left:right], share[here, left - 1 : right - 1], share[here, left:right], faces.qx[done, left:right])
                update_depth(
                    cells.depth[done, left:right],
                    cells.carry[done, left:right],
                    faces.qx[done, left:right],
                    faces.qx[done, left + 1 : right + 1],
                    faces.qy[done, left:right],
                    qy_below,
                    cells.rain_weight[done, left:right],
                    rain_depth,
                    dt_over_dx,
                )


# -------------------------------------------------------------------------------------------------------------- window


@njit(**ROW)
def rain_until(time, rain):
    """Cumulative rain (m) at `time` (s), linear between the points of the series, constant outside."""
    return np.interp(time, rain.time, rain.cumulative)


@njit(**ROW)
def deliver_sources(cells, sources, share_of_rest, cell_area):
    """Put a share of each source's pending water into its cell; what float32 could not hold stays pending."""
    for k in range(sources.row.size):
        if sources.pending[k] != 0.0:
            j, i = sources.row[k], sources.column[k]
            before = cells.carry[j, i]
            cells.carry[j, i] = before + sources.pending[k] * share_of_rest / cell_area
            volume = (np.float64(cells.carry[j, i]) - np.float64(before)) * cell_area
            sources.pending[k] -= volume
            sources.delivered[k] += volume


@njit(**ROW)
def capture_inlets(cells, inlets, weir_coefficient, orifice_coefficient, cell_area, dt, fullest):
    """Take from the street what the inlets draw in dt; returns the deepest coupled cell (m).

    Q_free = min(C_w P H^1.5, C_o A sqrt(2 g) phi(H)), phi(x) = sqrt(x) above 1 cm and linear below (continuous); H = head over the rim,
    at most the depth in the cell. A node takes at most its acceptance, a cell gives at most `fullest` of what it holds.
    Sources: Villemonte 1947 (weir), Rubinato et al. 2017 doi:10.1016/j.jhydrol.2017.06.024, HEC-22.
    """
    inlets.free_flow[:] = 0.0
    inlets.wanted_cell[:] = 0.0
    deepest = 0.0
    for k in range(inlets.row.size):
        j, i = inlets.row[k], inlets.column[k]
        depth = np.float64(cells.depth[j, i])
        deepest = max(deepest, depth)
        head = max(min(depth, np.float64(cells.bed[j, i]) + depth - inlets.rim[k]), 0.0)
        weir = weir_coefficient * inlets.perimeter[k] * head * math.sqrt(head)
        root = math.sqrt(head) if head > 0.01 else head / 0.1
        orifice = orifice_coefficient * inlets.area[k] * math.sqrt(2.0 * GRAVITY) * root
        free = min(min(weir, orifice), inlets.capacity[k])
        inlets.wanted[k] = free
        inlets.free_flow[inlets.node[k]] += free
    for k in range(inlets.row.size):
        node = inlets.node[k]
        if inlets.free_flow[node] > inlets.acceptance[node]:
            inlets.wanted[k] *= inlets.acceptance[node] / inlets.free_flow[node]
        inlets.wanted_cell[inlets.cell[k]] += inlets.wanted[k] * dt
    for node in range(inlets.free_flow.size):
        inlets.offered[node] += inlets.free_flow[node] * dt
    for k in range(inlets.row.size):
        holds = np.float64(cells.depth[inlets.row[k], inlets.column[k]]) * cell_area * fullest
        if inlets.wanted_cell[inlets.cell[k]] > holds:
            inlets.wanted[k] *= holds / inlets.wanted_cell[inlets.cell[k]]
    for k in range(inlets.row.size):
        if inlets.wanted[k] > 0.0:
            j, i = inlets.row[k], inlets.column[k]
            before = cells.depth[j, i]
            cells.depth[j, i] = max(before - inlets.wanted[k] * dt / cell_area, 0.0)
            inlets.captured[inlets.node[k]] += (np.float64(before) - np.float64(cells.depth[j, i])) * cell_area
    return deepest


@njit(**ROW)
def set_ghost_depths(cells, boundaries, fraction):
    """Give every ghost cell the stage at `fraction` of the window, or the depth of the cell it mirrors."""
    for k in range(boundaries.row.size):
        j, i = boundaries.row[k], boundaries.column[k]
        if boundaries.mirrors[k]:
            cells.depth[j, i] = cells.depth[boundaries.inner_row[k], boundaries.inner_column[k]]
        else:
            stage = boundaries.stage_start[k] + fraction * (boundaries.stage_stop[k] - boundaries.stage_start[k])
            cells.depth[j, i] = max(stage - np.float64(cells.bed[j, i]), 0.0)
        cells.carry[j, i] = 0.0


@njit(**ROW)
def add_boundary_volumes(faces, boundaries, volume_per_discharge):
    """Sum what the last step carried through the boundary faces (m3)."""
    for k in range(boundaries.face_row.size):
        j, i = boundaries.face_row[k], boundaries.face_column[k]
        q = faces.qx[j, i] if boundaries.face_is_x[k] else faces.qy[j, i]
        volume = boundaries.face_inward[k] * np.float64(q) * volume_per_discharge
        if volume > 0.0:
            boundaries.face_volume_in[k] += volume
        else:
            boundaries.face_volume_out[k] -= volume


@njit(**ROW)
def add_section_volumes(faces, sections, volume_per_discharge):
    """Sum what the last step carried through the recorded sections (m3)."""
    for k in range(sections.row.size):
        j, i = sections.row[k], sections.column[k]
        q = faces.qx[j, i] if sections.is_x[k] else faces.qy[j, i]
        sections.volume[sections.section[k]] += sections.sign[k] * np.float64(q) * volume_per_discharge


@njit(**ROW)
def deepest_ahead(cells, sources, boundaries, cell_area):
    """Depth (m) that may stand at a source or beyond an open edge before the faces have felt it: a dry cell about to be filled."""
    deepest = 0.0
    for k in range(sources.row.size):
        depth = np.float64(cells.depth[sources.row[k], sources.column[k]])
        deepest = max(deepest, depth + sources.pending[k] / cell_area)
    for k in range(boundaries.row.size):
        if not boundaries.mirrors[k]:
            stage = max(boundaries.stage_start[k], boundaries.stage_stop[k])
            deepest = max(deepest, stage - np.float64(cells.bed[boundaries.row[k], boundaries.column[k]]))
    return deepest


@njit(**ROW)
def stable_time_step(deepest, deepest_coupled, courant, courant_coupled, cell_size, largest):
    """alpha dx / sqrt(g h) over the wet faces, with a smaller alpha over coupled cells; at most `largest` (s)."""
    step = largest
    if deepest > 0.0:
        step = min(step, courant * cell_size / math.sqrt(GRAVITY * deepest))
    if deepest_coupled > 0.0:
        step = min(step, courant_coupled * cell_size / math.sqrt(GRAVITY * deepest_coupled))
    return step


@njit(parallel=True, **ROW)
def advance_window(start, stop, deepest, band_rows, left, ghost, cells, faces, scratch, scheme, rain, sources, inlets, boundaries, sections, limits):
    """Bring the surface from `start` to `stop` (s) in stable steps; releases the GIL for the whole window.

    deepest : m, largest flow depth known at the start; limits : (courant, courant_coupled, largest step s, smallest step s,
    weir coefficient m^0.5/s, orifice coefficient, largest share of a cell's water that inlets may take in a step).
    Returns (status, time reached s, steps, deepest m, smallest step s).
    """
    real = cells.depth.dtype.type
    cell_size = np.float64(scheme.cell_size)
    cell_area = cell_size * cell_size
    bands = band_rows.size - 1
    time, steps, smallest = start, 0, stop - start
    deepest_coupled = 0.0
    for k in range(inlets.row.size):
        deepest_coupled = max(deepest_coupled, np.float64(cells.depth[inlets.row[k], inlets.column[k]]))
    while time < stop:
        rest = stop - time
        deepest = max(deepest, deepest_ahead(cells, sources, boundaries, cell_area))
        step = stable_time_step(deepest, deepest_coupled, limits[0], limits[1], cell_size, limits[2])
        if not step >= limits[3]:
            return TIME_STEP_COLLAPSED, time, steps, deepest, step
        count = math.ceil(rest / step)
        dt = real(rest / count)
        end = stop if count == 1 else time + np.float64(dt)
        deliver_sources(cells, sources, 1.0 / count, cell_area)
        deepest_coupled = capture_inlets(cells, inlets, limits[4], limits[5], cell_area, np.float64(dt), limits[6])
        set_ghost_depths(cells, boundaries, (end - start) / (stop - start))
        rain_depth = real(rain_until(end, rain) - rain.applied[0])
        rain.applied[0] += np.float64(rain_depth)

        for band in prange(bands):
            copy_halo(band, band_rows[band], band_rows[band + 1], cells, faces, scratch)
        for band in prange(bands):
            sweep_band(
                band,
                band_rows[band],
                band_rows[band + 1],
                band_rows[0],
                band_rows[bands],
                left,
                ghost,
                cells,
                faces,
                scratch,
                rain_depth,
                dt,
                scheme,
            )
        deepest = 0.0
        for band in range(bands):
            deepest = max(deepest, np.float64(scratch.peak[band].max()))

        volume_per_discharge = np.float64(dt) * cell_size
        add_boundary_volumes(faces, boundaries, volume_per_discharge)
        add_section_volumes(faces, sections, volume_per_discharge)
        smallest = min(smallest, np.float64(dt))
        steps += 1
        time = end
    return OK, time, steps, deepest, smallest
