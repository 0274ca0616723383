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

from flood_kernels.arrays import FOUR, GRAVITY, HALF, INLINE, LANES, LOOP, OK, ONE, PARALLEL, ROW, TIME_STEP_COLLAPSED, WINDOW, ZERO
from flood_kernels.points import add_counted, begin_step, deepest_ahead, deepest_coupled, stable_time_step
from flood_kernels.runs import choose_runs, idle, same_runs

CELL_ROWS = 9  # depth left, right; w left, right; t left, right; bed term; bed rise; centring
FACE_ROWS = 5  # mass; momentum for the left, for the right cell; across; bed step
HALO = 3  # rows beyond a band that its answer depends on
THIN_DEPTH = 1.0e-6  # m, water below this has no velocity


class Scheme(NamedTuple):
    """Numbers of the scheme, of the cells' float type."""

    cell_size: float  # m
    limiter: float  # theta of the three-argument minmod, 1 to 1.5
    thin_depth: float  # m, water below this has no velocity
    gravity: float  # m/s2
    third: float  # 1/3 and 2/9: series of (1 - r)^(-1/3)
    two_ninths: float
    rough_gain: float  # how fast, and from which bed step over depth on, the half-step depth is centred (see centre_row)
    rough_from: float


class Scratch(NamedTuple):
    """Work space of the bands: one slab a band, nothing is allocated in a step."""

    halo: np.ndarray  # (bands, 4 fields, 2 HALO, width): depth, carry, x, y of the rows around the band
    cells_x: np.ndarray  # (bands, CELL_ROWS, width) predictions along a row
    faces_x: np.ndarray  # (bands, FACE_ROWS, width)
    cells_y: np.ndarray  # (bands, CELL_ROWS, 4, width) of the rows in flight
    faces_y: np.ndarray  # (bands, FACE_ROWS, 4, width)
    rough: np.ndarray  # bool (bands, 4) whether a row in flight has cells to be centred
    peak: np.ndarray  # (bands, width) fastest signal of a column, m/s


# ---------------------------------------------------------------------------------------------------------------- rows


@njit(**ROW)
def inverse_cube_root(h, third, two_ninths):
    """h^(-1/3) without pow: a bit trick (3.5 % off) and a cubic step in float32, one more in h's own type. Relative error < 2e-7; tested."""
    x = np.float32(h)
    seed = np.int32(np.int32(0x54A24000) - np.int32(np.float32(x.view(np.int32)) * np.float32(1.0 / 3.0))).view(np.float32)
    r = ONE - x * seed * seed * seed
    y = seed + seed * r * (np.float32(1.0 / 3.0) + np.float32(2.0 / 9.0) * r)
    rest = ONE - h * (y * y * y)
    return y + y * rest * (third + two_ninths * rest)


@njit(**ROW)
def limited(a, b, theta):
    """Three-argument minmod of theta a, (a + b) / 2, theta b: the slope of a cell from the differences to its neighbours."""
    mean, one, other = HALF * (a + b), theta * a, theta * b
    return max(min(min(one, other), mean), ZERO) + min(max(max(one, other), mean), ZERO)


# The row functions get equally long contiguous slices and index them by i alone: an index i - 1 would need Numba's
# negative-index test and keep LLVM from vectorising.


@njit(**LOOP)
def predict_row(h_b, h, h_a, z_b, z, z_a, w_b, w, w_a, t_b, t, t_a, friction, h_l, h_r, w_l, w_r, t_l, t_r, term, rise, half_ratio, half_dt, scheme):
    """Slopes of a row's cells and their state half a step on; _b, _a: the neighbour before and after along the sweep."""
    theta, g, thin = scheme.limiter, scheme.gravity, scheme.thin_depth
    for i in range(h.size):
        depth, along, across = h[i], w[i], t[i]
        back, ahead = depth - h_b[i], h_a[i] - depth
        slope_h = limited(back, ahead, theta)
        slope_stage = limited(back + (z[i] - z_b[i]), ahead + (z_a[i] - z[i]), theta)
        slope_w = limited(along - w_b[i], w_a[i] - along, theta)
        slope_t = limited(across - t_b[i], t_a[i] - across, theta)
        slope_z = slope_stage - slope_h
        wet = depth > thin
        root = inverse_cube_root(depth if wet else thin, scheme.third, scheme.two_ninths)
        square = root * root
        drag = half_dt * (abs(friction[i]) + abs(friction[i])) * (square * square) * math.sqrt(along * along + across * across)
        change = -half_ratio * (along * slope_h + depth * slope_w)
        middle = (along - half_ratio * (along * slope_w + g * slope_stage)) / (ONE + drag)
        middle = middle if wet else ZERO * middle
        sideways = across - half_ratio * along * slope_t
        left, right = max(depth - HALF * slope_h + change, ZERO), max(depth + HALF * slope_h + change, ZERO)
        left, right = (left if wet else ZERO), (right if wet else ZERO)  # a film does not creep on: dry ground stays dry
        h_l[i] = left
        h_r[i] = right
        w_l[i] = middle - HALF * slope_w
        w_r[i] = middle + HALF * slope_w
        t_l[i] = sideways - HALF * slope_t
        t_r[i] = sideways + HALF * slope_t
        term[i] = HALF * g * (left + right) * ((right - left) + slope_z)
        rise[i] = slope_z


@njit(**LOOP)
def flux_row(
    h_left, h_right, w_left, w_right, t_left, t_right, z_left, z_right, rise_left, rise_right, e_left, e_right, mass, momentum_l, momentum_r, across,
    jump, scheme,
):  # fmt: skip
    """HLL flux through a row's faces with hydrostatic reconstruction; e_left, e_right (m): centring of the depth where both sides are wet.

    Momentum is less the pressure g h*^2 / 2 of the cell that it acts on. A face that the bed closes gets the impulse of the water that hits
    it: without it a lake beside dry walls is unstable (rest noise grows to 1 m/s in some hundred steps).
    """
    g = scheme.gravity
    for i in range(mass.size):
        hl, hr, ul, ur = h_left[i], h_right[i], w_left[i], w_right[i]
        step = (z_right[i] - z_left[i]) - HALF * (rise_left[i] + rise_right[i])
        star_l, star_r = max(hl - max(step, ZERO), ZERO), max(hr + min(step, ZERO), ZERO)
        both = min(star_l, star_r) > ZERO
        cl, cr = math.sqrt(g * hl), math.sqrt(g * hr)
        slow, fast = min(min(ul - cl, ur - cr), ZERO), max(max(ul + cl, ur + cr), ZERO)
        closed_l, closed_r = star_l == ZERO, star_r == ZERO
        shift_l, shift_r = max(star_l + e_left[i], ZERO), max(star_r + e_right[i], ZERO)
        star_l, star_r = (shift_l if both else star_l), (shift_r if both else star_r)
        a = fast / max(fast - slow, np.float32(1e-30))
        b, e = ONE - a, a * slow
        ql, qr = star_l * ul, star_r * ur
        pressure = HALF * g * (star_r - star_l) * (star_r + star_l)
        f = a * ql + b * qr + e * (star_r - star_l)
        m = a * ql * ul + b * (qr * ur + pressure) + e * (qr - ql)
        hit_l, hit_r = hl * ul * cl, hr * ur * cr
        mass[i] = f
        momentum_l[i] = m + (hit_l if closed_l else ZERO * hit_l)
        momentum_r[i] = (m - pressure) - (hit_r if closed_r else ZERO * hit_r)
        ta, tb = t_left[i], t_right[i]
        across[i] = f * (ta if f > ZERO else tb)
        jump[i] = abs(step)


@njit(**LOOP)
def centre_row(h, h_l, h_r, mass, mass_a, jump, jump_a, centre, ratio, scheme):
    """Where the bed steps are large against the depth: what the fluxes really change in half a step, less what was predicted (m).

    The prediction cannot see how far a bed step closes a face. Left alone, the split scheme drives currents of some cm/s in a lake at rest
    over a bed as rough as it is deep; with the depth centred in time at those cells the noise dies out (docs/theory.md).
    """
    for i in range(h.size):
        depth = max(h[i], scheme.thin_depth)
        rough = min(max(scheme.rough_gain * (max(jump[i], jump_a[i]) / depth - scheme.rough_from), ZERO), ONE)
        predicted = HALF * (h_l[i] + h_r[i]) - h[i]
        centre[i] = rough * (-HALF * ratio * (mass_a[i] - mass[i]) - predicted)


@njit(**LOOP)
def rough_cells(h, jump, jump_a, rough_from):
    """How many wet cells of a row have a bed step over rough_from x depth; an integer sum, because a float maximum would not vectorise."""
    count = 0
    for i in range(h.size):
        step = max(jump[i], jump_a[i])
        count += (step > rough_from * h[i]) & (h[i] > ZERO)
    return count


@njit(**LOOP)
def update_row(mass, mass_a, m_r, m_l_a, cross, cross_a, term, h, w, t, carry, friction, weight, peak, ratio, dt, rain_depth, scheme):
    """New depth, velocity and carry of a row's cells from the fluxes through their two faces (_a: the face after).

    `carry` keeps what rounding lost and what an over-drained cell owes: sum(depth + carry) is conserved and nothing is clipped.
    Friction on w: w = q / (h D), D the larger of the closed-form backward Euler factor and 1 + dt K U at the old speed.
    """
    g, thin = scheme.gravity, scheme.thin_depth
    for i in range(h.size):
        depth, along, sideways = h[i], w[i], t[i]
        gain = (carry[i] - ratio * (mass_a[i] - mass[i])) + rain_depth * weight[i]
        total = depth + gain
        lost = gain - (total - depth)
        new = max(total, ZERO)
        carry[i] = lost + (total - new)
        h[i] = new
        along_q = depth * along - ratio * ((m_l_a[i] - m_r[i]) + term[i])
        across_q = depth * sideways - ratio * (cross_a[i] - cross[i])
        wet = new > thin
        root = inverse_cube_root(new if wet else thin, scheme.third, scheme.two_ninths)
        inverse = root * root * root
        drag = dt * (abs(friction[i]) + abs(friction[i])) * inverse * root
        free = along_q * inverse
        stiff = HALF * (ONE + math.sqrt(ONE + FOUR * drag * abs(free)))
        brake = max(stiff, ONE + drag * math.sqrt(along * along + sideways * sideways))
        speed, drift = free / brake, across_q * inverse
        speed, drift = (speed if wet else ZERO * speed), (drift if wet else ZERO * drift)
        w[i] = speed
        t[i] = drift
        peak[i] = max(peak[i], max(abs(speed), abs(drift)) + math.sqrt(g * new))


# --------------------------------------------------------------------------------------------------------------- faces


@njit(**ROW)
def override_faces(row, is_x, lo, hi, structures, mass, momentum_l, momentum_r, across, h_left, h_right, w_left, w_right, shift, gravity):
    """Give the faces of structures in columns lo..hi-1 of this row their own discharge; both sides see a wall that the water hits.

    h_left, w_left are indexed by the face's column - shift (x: the cell left of it, y: the same column of the row above).
    """
    for k in range(structures.first[row], structures.first[row + 1]):
        i = structures.column[k]
        if structures.is_x[k] == is_x and structures.active[k] and lo <= i < hi:
            hl, hr, ul, ur = h_left[i - shift], h_right[i], w_left[i - shift], w_right[i]
            mass[i] = structures.discharge[k]
            momentum_l[i] = hl * ul * math.sqrt(gravity * hl)
            momentum_r[i] = -hr * ur * math.sqrt(gravity * hr)
            across[i] = ZERO


@njit(**ROW)
def count_faces(row, is_x, lo, hi, counters, mass):
    """Note the discharge of the counted faces in columns lo..hi-1 of this row."""
    for k in range(counters.first[row], counters.first[row + 1]):
        i = counters.column[k]
        if counters.is_x[k] == is_x and lo <= i < hi:
            counters.discharge[k] = mass[i]


# -------------------------------------------------------------------------------------------------------------- sweeps


@njit(**ROW)
def sweep_x(row, own, h, u, v, carry, cells, peak, runs, work, faces, structures, counters, rain_depth, dt, scheme):
    """Advance one row along x, in place; own: this band owns the row (its counted faces are noted).

    The pieces of a row follow each other: a piece that touches the one before finds its first predictions and fluxes done.
    """
    ratio = dt / scheme.cell_size
    z, g, weight = cells.bed[row], cells.friction[row], cells.rain_weight[row]
    mass, m_l, m_r, cross, jump, centre = faces[0], faces[1], faces[2], faces[3], faces[4], work[8]
    before, rough_before, any_rough, built = -1, False, False, structures.first[row + 1] > structures.first[row]
    for n in range(runs.count[row]):
        a, b = runs.start[row, n], runs.stop[row, n]
        fresh = a != before
        first = a if fresh else a + 1
        begin = a - LANES if fresh else a + LANES
        _predict_x(begin, b + LANES, h, u, v, z, g, work, ratio, dt, scheme)
        _flux_x(begin + 1 if fresh else begin, b + LANES, z, work, faces, scheme)
        rough_before = rough_before and not fresh
        if built:
            override_faces(row, True, first, b + LANES, structures, mass, m_l, m_r, cross, work[1], work[0], work[3], work[2], 1, scheme.gravity)
        lo = first - 1 if first == a else first
        rough = rough_cells(h[lo : b + 1], jump[lo : b + 1], jump[lo + 1 : b + 2], scheme.rough_from) > 0
        if rough:
            s, after = slice(lo, b + 1), slice(lo + 1, b + 2)
            centre_row(h[s], work[0][s], work[1][s], mass[s], mass[after], jump[s], jump[after], centre[s], ratio, scheme)
        if rough or rough_before:
            _flux_x(first, b + 1, z, work, faces, scheme)
            if built:
                override_faces(row, True, first, b + 1, structures, mass, m_l, m_r, cross, work[1], work[0], work[3], work[2], 1, scheme.gravity)
        if own and counters.first[row + 1] > counters.first[row]:
            count_faces(row, True, first, b + 1, counters, mass)
        update_row(
            mass[a:b], mass[a + 1 : b + 1], m_r[a:b], m_l[a + 1 : b + 1], cross[a:b], cross[a + 1 : b + 1], work[6, a:b],
            h[a:b], u[a:b], v[a:b], carry[a:b], g[a:b], weight[a:b], peak[a:b], ratio, dt, rain_depth, scheme,
        )  # fmt: skip
        before, rough_before, any_rough = b, rough, any_rough or rough
    if any_rough:
        centre[:] = ZERO


@njit(**INLINE)
def _predict_x(lo, hi, h, u, v, z, g, work, ratio, dt, scheme):
    b, a = slice(lo - 1, hi - 1), slice(lo + 1, hi + 1)
    s = slice(lo, hi)
    predict_row(
        h[b], h[s], h[a], z[b], z[s], z[a], u[b], u[s], u[a], v[b], v[s], v[a], g[s],
        work[0][s], work[1][s], work[2][s], work[3][s], work[4][s], work[5][s], work[6][s], work[7][s], HALF * ratio, HALF * dt, scheme,
    )  # fmt: skip


@njit(**ROW)
def _flux_x(lo, hi, z, work, faces, scheme):
    b, s = slice(lo - 1, hi - 1), slice(lo, hi)
    flux_row(
        work[1][b], work[0][s], work[3][b], work[2][s], work[5][b], work[4][s], z[b], z[s], work[7][b], work[7][s], work[8][b], work[8][s],
        faces[0][s], faces[1][s], faces[2][s], faces[3][s], faces[4][s], scheme,
    )  # fmt: skip


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
    if scratch.rough[band, slot]:
        p[8, slot, :] = ZERO
        scratch.rough[band, slot] = False
    for n in range(runs.count[row]):
        s = slice(runs.start[row, n], runs.stop[row, n])
        predict_row(
            h_b[s], h[s], h_a[s], cells.bed[row - 1][s], cells.bed[row][s], cells.bed[row + 1][s], v_b[s], v[s], v_a[s], u_b[s], u[s], u_a[s],
            cells.friction[row][s], p[0, slot][s], p[1, slot][s], p[2, slot][s], p[3, slot][s], p[4, slot][s], p[5, slot][s], p[6, slot][s],
            p[7, slot][s], HALF * ratio, HALF * dt, scheme,
        )  # fmt: skip


@njit(**ROW)
def flux_y(row, band, cells, scratch, runs, structures, left, scheme):
    """Fluxes through the faces between rows row-1 and row into their slot."""
    here, above = row % 4, (row - 1) % 4
    p, f = scratch.cells_y[band], scratch.faces_y[band]
    if not same_runs(runs, row, row - 4 if row >= 4 else row):
        for k in range(FACE_ROWS):
            f[k, here, :] = ZERO
    for n in range(runs.count[row]):
        s = slice(runs.start[row, n], runs.stop[row, n])
        flux_row(
            p[1, above][s], p[0, here][s], p[3, above][s], p[2, here][s], p[5, above][s], p[4, here][s], cells.bed[row - 1][s], cells.bed[row][s],
            p[7, above][s], p[7, here][s], p[8, above][s], p[8, here][s], f[0, here][s], f[1, here][s], f[2, here][s], f[3, here][s], f[4, here][s],
            scheme,
        )  # fmt: skip
    if structures.first[row + 1] > structures.first[row]:
        override_faces(
            row, False, left, p.shape[2], structures, f[0, here], f[1, here], f[2, here], f[3, here], p[1, above], p[0, here], p[3, above],
            p[2, here], 0, scheme.gravity,
        )  # fmt: skip


@njit(**INLINE)
def centre_y(row, band, first, last, cells, scratch, runs, dt, scheme):
    """Centring of a row whose fluxes above and below are known; notes whether the row has any."""
    here, below = row % 4, (row + 1) % 4
    p, f = scratch.cells_y[band], scratch.faces_y[band]
    h = band_row(cells.depth, scratch.halo[band, 0], row, first, last)
    for n in range(runs.count[row]):
        s = slice(runs.start[row, n], runs.stop[row, n])
        if rough_cells(h[s], f[4, here][s], f[4, below][s], scheme.rough_from) > 0:
            scratch.rough[band, here] = True
            centre_row(
                h[s], p[0, here][s], p[1, here][s], f[0, here][s], f[0, below][s], f[4, here][s], f[4, below][s], p[8, here][s],
                dt / scheme.cell_size, scheme,
            )  # fmt: skip


@njit(**INLINE)
def update_y(row, band, cells, flow, scratch, runs, rain_depth, dt, scheme):
    """New state of one own row from the fluxes above and below it."""
    here, below = row % 4, (row + 1) % 4
    f, term = scratch.faces_y[band], scratch.cells_y[band, 6, here]
    ratio = dt / scheme.cell_size
    for n in range(runs.count[row]):
        s = slice(runs.start[row, n], runs.stop[row, n])
        update_row(
            f[0, here][s], f[0, below][s], f[2, here][s], f[1, below][s], f[3, here][s], f[3, below][s], term[s],
            cells.depth[row][s], flow.y[row][s], flow.x[row][s], cells.carry[row][s], cells.friction[row][s], cells.rain_weight[row][s],
            scratch.peak[band][s], ratio, dt, rain_depth, scheme,
        )  # fmt: skip


@njit(**ROW)
def sweep_band(band, first, last, top, bottom, left, x_first, cells, flow, scratch, runs, structures, counters, rain_depth, dt, scheme):
    """Advance rows first..last-1 by one step, in place, in one pass; rows outside the band come from its halo.

    Each sweep brings half of the rain, so that neither direction is favoured. Bands run side by side; their number does not change a bit.
    Row j: (x sweep j), predict along y j-1, first fluxes j-1, centring j-2, final fluxes j-2, update j-3 - and on odd steps x sweep j-3.
    """
    halo, peak, half_rain = scratch.halo[band], scratch.peak[band], HALF * rain_depth
    peak[:] = ZERO
    scratch.cells_y[band] = ZERO
    scratch.faces_y[band] = ZERO
    for row in range(first - 3 if x_first else first - 1, last + 3):
        if idle(runs, row, 8):
            continue
        if x_first and top <= row < bottom:
            sweep_x(
                row, first <= row < last, band_row(cells.depth, halo[0], row, first, last), band_row(flow.x, halo[2], row, first, last),
                band_row(flow.y, halo[3], row, first, last), band_row(cells.carry, halo[1], row, first, last), cells, peak, runs,
                scratch.cells_x[band], scratch.faces_x[band], structures, counters, half_rain, dt, scheme,
            )  # fmt: skip
        ahead = row - 1
        if ahead >= first - 2:
            predict_y(ahead, band, first, last, cells, flow, scratch, runs, dt, scheme)
        if ahead >= first - 1:
            flux_y(ahead, band, cells, scratch, runs, structures, left, scheme)
        middle = row - 2
        if middle >= first - 1:
            centre_y(middle, band, first, last, cells, scratch, runs, dt, scheme)
        if middle >= first:
            if scratch.rough[band, middle % 4] or scratch.rough[band, (middle - 1) % 4]:
                flux_y(middle, band, cells, scratch, runs, structures, left, scheme)
            if counters.first[middle + 1] > counters.first[middle] and (middle < last or last == bottom):
                count_faces(middle, False, left, peak.size, counters, scratch.faces_y[band, 0, middle % 4])
        done = row - 3
        if done >= first:
            update_y(done, band, cells, flow, scratch, runs, half_rain, dt, scheme)
            if not x_first:
                sweep_x(
                    done, True, cells.depth[done], flow.x[done], flow.y[done], cells.carry[done], cells, peak, runs, scratch.cells_x[band],
                    scratch.faces_x[band], structures, counters, half_rain, dt, scheme,
                )  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- window


@njit(**PARALLEL)
def step_all(band_rows, left, x_first, cells, flow, scratch, runs, structures, counters, rain_depth, dt, scheme):
    """One step of all bands, side by side."""
    bands = band_rows.size - 1
    for band in prange(bands):
        copy_halo(band, band_rows[band], band_rows[band + 1], cells, flow, scratch)
    for band in prange(bands):
        sweep_band(
            band, band_rows[band], band_rows[band + 1], band_rows[0], band_rows[bands], left, x_first, cells, flow, scratch, runs, structures, counters,
            rain_depth, dt, scheme,
        )  # fmt: skip


@njit(**WINDOW)
def advance_window(start, stop, state, band_rows, left, columns, cells, flow, scratch, runs, scheme, shared, limits):
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
        choose_runs(stop, limits[7], band_rows, cells, shared, runs)
        rain_depth = begin_step(start, stop, end, count, dt, cell_size, cells, flow, True, shared, limits)
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
