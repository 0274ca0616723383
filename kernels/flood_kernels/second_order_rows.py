"""Rows of the second-order scheme: slopes and prediction, fluxes, centring, update. Every loop is
vectorised.

Names along a sweep: w velocity along it, t across it; "left" and "right" are lower and higher index
(for y: above and below).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from flood_kernels.arrays import EIGHTH, HALF, LOOP, ONE, QUARTER, ROW, TINY, TWO, ZERO
from flood_kernels.friction import friction_power
from flood_kernels.prefetch import AT_ONCE, fetch
from flood_kernels.vectors import choose, whole

BLOCK = 128  # columns that are looked through for rough ground at a time
THIN_DEPTH = 1.0e-6  # m, water below this has no velocity


class Scheme(NamedTuple):
    """Numbers of the scheme, of the cells' float type."""

    cell_size: float  # m
    limiter: float  # theta of the three-argument minmod, 1 to 1.5
    thin_depth: float  # m, water below this has no velocity
    gravity: float  # m/s2
    # how fast, and from which bed step over depth on, the half-step depth is centred (see
    # centre_row)
    rough_gain: float
    rough_from: float
    c0: float  # friction.POWER_SERIES
    c1: float
    c2: float
    c3: float
    c4: float


class Prediction(NamedTuple):
    """Rows of what is predicted half a step on, on the two sides of each cell."""

    h_l: np.ndarray  # m; "left" and "right": lower and higher index along the sweep
    h_r: np.ndarray
    w_l: np.ndarray  # m/s along the sweep
    w_r: np.ndarray
    t_l: np.ndarray  # m/s across
    t_r: np.ndarray
    term: np.ndarray  # m2/s2, force of the bed within the cell
    half_rise: np.ndarray  # m, half of what the bed rises within the cell
    centre: np.ndarray  # m, centring
    speed: np.ndarray  # m/s before the step


class Fluxes(NamedTuple):
    """Rows of fluxes through the faces before the cells: left of them or above."""

    mass: np.ndarray  # m2/s
    m_l: np.ndarray  # m3/s2, momentum for the cell before the face
    m_r: np.ndarray  # and for the one after
    cross: np.ndarray  # momentum across
    jump: np.ndarray  # m, size of the bed's step


@njit(**ROW)
def friction_series(dt, scheme):
    """Series of 2 dt h^(-7/3): times the square of the stored roughness and a depth and speed it is
    how much friction slows the water in dt.
    """
    return (
        TWO * dt * scheme.c0,
        TWO * dt * scheme.c1,
        TWO * dt * scheme.c2,
        TWO * dt * scheme.c3,
        TWO * dt * scheme.c4,
    )


@njit(**ROW)
def half_slope(a, b, quarter_theta):
    """Half the slope of a cell from the differences to its neighbours: three-argument minmod of
    theta a, (a + b) / 2, theta b.

    Written with few minima and products: those, not sums and signs, are what processors have too
    few units for. Where the signs differ the two terms cancel, whatever their size.
    """
    size_a, size_b = abs(a), abs(b)
    size = min(quarter_theta * min(size_a, size_b), EIGHTH * (size_a + size_b))
    return math.copysign(size, a) + math.copysign(size, b)


# The row functions take columns lo..hi-1 of whole rows and index them by unsigned numbers: a signed
# i - shift would need Numba's test for negative indices and keep LLVM from vectorising, and cutting
# some twenty slices costs as much as 50 cells. `shift` leads to the neighbour along the sweep: in x
# it stands in the next column of the same row, in y in the same column of another row.


@njit(**LOOP)
def predict_row(lo, hi, shift, soon, h, z, w, t, roughness, out, ratio, dt, scheme):
    """Slopes of a row's cells and their state half a step on; h, z, w, t : rows before, at and
    after the cells along the sweep;
    soon : rows that will be read next, asked for block by block."""
    quarter_theta, g, thin = QUARTER * scheme.limiter, scheme.gravity, scheme.thin_depth
    series = friction_series(HALF * dt, scheme)
    for start in range(lo, hi, AT_ONCE):
        for row in soon:
            fetch(row, start)
        for k in range(start, min(start + AT_ONCE, hi)):
            i = np.uint64(k)
            b, a = i - shift, i + shift
            depth, along, across = h[1][i], w[1][i], t[1][i]
            back, ahead = depth - h[0][b], h[2][a] - depth
            half_h = half_slope(back, ahead, quarter_theta)
            rise_b, rise_a = z[1][i] - z[0][b], z[2][a] - z[1][i]
            # A bed slope steeper than to either neighbour is a sill in the face, and a film on a
            # slope that grows steeper would stand still.
            film = depth + depth < max(abs(rise_b), abs(rise_a))
            half_stage = half_slope(
                back + rise_b, ahead + rise_a, QUARTER if film else quarter_theta
            )
            half_w = half_slope(along - w[0][b], w[2][a] - along, quarter_theta)
            half_t = half_slope(across - t[0][b], t[2][a] - across, quarter_theta)
            half_z = half_stage - half_h
            wet = depth > thin
            least = max(depth, thin)
            size = math.sqrt(along * along + across * across)
            drag = friction_power(least, series, (roughness[i] * roughness[i]) * least)
            change = -ratio * (along * half_h + depth * half_w)
            free = along - ratio * (along * half_w + g * half_stage)
            # A film at rest on a slope has no speed that could brake it yet: one step of Newton
            # towards backward Euler from the factor at the old speed, and no less than that. A
            # quarter: near steady flow the old speed is the better guess.
            held = ONE + drag * size
            square = held * held
            brake = square + max(QUARTER * drag * abs(free), square - held)
            middle = free * (held + held - ONE) / brake
            middle = middle if wet else ZERO * middle
            sideways = across - ratio * along * half_t
            centre = depth + change
            left, right = max(centre - half_h, ZERO), max(centre + half_h, ZERO)
            left, right = (
                (left if wet else ZERO),
                (right if wet else ZERO),
            )  # a film does not creep on: dry ground stays dry
            out.h_l[i] = left
            out.h_r[i] = right
            out.w_l[i] = middle - half_w
            out.w_r[i] = middle + half_w
            out.t_l[i] = sideways - half_t
            out.t_r[i] = sideways + half_t
            out.term[i] = HALF * g * (left + right) * ((right - left) + TWO * half_z)
            out.half_rise[i] = half_z
            out.speed[i] = size


@njit(**ROW)
def face_flux(hl, hr, ul, ur, tl, tr, step, el, er, open_l, open_r, gravity):
    """HLL flux through a face with hydrostatic reconstruction: mass, momentum for the left and for
    the right cell, momentum across.

    step : what the bed rises from left to right beyond its slopes;  el, er (m) : centring of the
    depth where both sides are wet, or None (a sixth of the time less);
    open_l, open_r : share of each cell that buildings leave open; the flow passes through the
    smaller one (Guinot, Soares-Frazao 2006, doi:10.1002/fld.1059, without their drag of buildings).
    Momentum is less the pressure g h*^2 / 2 of the cell that it acts on. A face that the bed closes
    gets the impulse of the water that hits it: without it a lake beside dry walls is unstable (rest
    noise grows to 1 m/s in some hundred steps).
    """
    star_l, star_r = max(hl - max(step, ZERO), ZERO), max(hr + min(step, ZERO), ZERO)
    closed_l, closed_r = star_l == ZERO, star_r == ZERO
    cl, cr = math.sqrt(gravity * hl), math.sqrt(gravity * hr)
    slow, fast = min(min(ul - cl, ur - cr), ZERO), max(max(ul + cl, ur + cr), ZERO)
    if el is not None:
        shift_l, shift_r = max(star_l + el, ZERO), max(star_r + er, ZERO)
        closed = closed_l | closed_r
        star_l, star_r = choose(closed, star_l, shift_l), choose(closed, star_r, shift_r)
    a = fast / max(fast - slow, np.float32(1e-30))
    b, e = ONE - a, a * slow
    ql, qr = star_l * ul, star_r * ur
    more = star_r - star_l
    pressure = HALF * gravity * more * (star_r + star_l)
    gap = min(open_l, open_r)
    given = a * ql
    f = gap * (given + b * qr + e * more)
    m = given * ul + b * (qr * ur + pressure) + e * (qr - ql)
    hit_l, hit_r = open_l * (hl * ul * cl), open_r * (hr * ur * cr)
    momentum_l = gap * m + (hit_l if closed_l else ZERO)
    momentum_r = gap * (m - pressure) - (hit_r if closed_r else ZERO)
    return f, momentum_l, momentum_r, f * (tl if f > ZERO else tr)


@njit(**LOOP)
def flux_row(lo, hi, shift, left, right, z_left, z_right, centre_left, centre_right, out, scheme):
    """Flux through the faces before a row's cells; left, right : predictions of the cells on either
    side; centre_left, centre_right : their rows of centring, or None before the cells have been
    centred."""
    for k in range(lo, hi):
        i = np.uint64(k)
        b = i - shift
        step = (z_right[i] - z_left[b]) - (left.half_rise[b] + right.half_rise[i])
        el, er = None, None
        if centre_left is not None:
            el, er = centre_left[b], centre_right[i]
        out.mass[i], out.m_l[i], out.m_r[i], out.cross[i] = face_flux(
            left.h_r[b],
            right.h_l[i],
            left.w_r[b],
            right.w_l[i],
            left.t_r[b],
            right.t_l[i],
            step,
            el,
            er,
            ONE,
            ONE,
            scheme.gravity,
        )
        out.jump[i] = abs(step)


@njit(**LOOP)
def flux_porous_row(
    lo, hi, shift, left, right, z_left, z_right, open_left, open_right, out, scheme
):
    """The same between cells that buildings fill in part; predicted depths stand between the
    buildings.

    A change of the open share closes a face as a bed step does: it counts as one, by its share of
    the depth (see centring; without it rain on blocks drives currents of 6 cm/s for ever).
    """
    for k in range(lo, hi):
        i = np.uint64(k)
        b = i - shift
        step = (z_right[i] - z_left[b]) - (left.half_rise[b] + right.half_rise[i])
        out.mass[i], out.m_l[i], out.m_r[i], out.cross[i] = face_flux(
            left.h_r[b],
            right.h_l[i],
            left.w_r[b],
            right.w_l[i],
            left.t_r[b],
            right.t_l[i],
            step,
            left.centre[b],
            right.centre[i],
            open_left[b],
            open_right[i],
            scheme.gravity,
        )
        closed = abs(open_left[b] - open_right[i]) / max(open_left[b], open_right[i])
        out.jump[i] = abs(step) + closed * max(left.h_r[b], right.h_l[i])


@njit(**ROW)
def centring(h, h_l, h_r, mass, mass_a, jump, jump_a, open_, ratio, scheme):
    """Where the bed steps are large against the depth: what the fluxes really change in half a
    step, less what was predicted (m).

    The prediction cannot see how far a bed step closes a face. Left alone, the split scheme drives
    currents of some cm/s in a lake at rest over a bed as rough as it is deep; with the depth
    centred in time at those cells the noise dies out (docs/theory.md).
    """
    depth = max(h, scheme.thin_depth)
    rough = min(max(scheme.rough_gain * (max(jump, jump_a) / depth - scheme.rough_from), ZERO), ONE)
    predicted = HALF * (h_l + h_r) - h
    return rough * (-HALF * ratio * (mass_a - mass) / open_ - predicted)


@njit(**LOOP)
def centre_row(lo, hi, shift, h, p, before, after, ratio, scheme):
    """Centring of a row's cells between the fluxes before and after them."""
    for k in range(lo, hi):
        i = np.uint64(k)
        a = i + shift
        p.centre[i] = centring(
            h[i],
            p.h_l[i],
            p.h_r[i],
            before.mass[i],
            after.mass[a],
            before.jump[i],
            after.jump[a],
            ONE,
            ratio,
            scheme,
        )


@njit(**LOOP)
def centre_porous_row(lo, hi, shift, h, porosity, p, before, after, ratio, scheme):
    """The same; h : standing depth."""
    for k in range(lo, hi):
        i = np.uint64(k)
        a = i + shift
        p.centre[i] = centring(
            h[i],
            p.h_l[i],
            p.h_r[i],
            before.mass[i],
            after.mass[a],
            before.jump[i],
            after.jump[a],
            porosity[i],
            ratio,
            scheme,
        )


@njit(**LOOP)
def rough_cells(lo, hi, shift, h, before, after, rough_from):
    """How many wet cells of a row have a bed step over rough_from x depth; an integer sum, because
    a float maximum would not vectorise.
    """
    count = whole(0, h)
    for k in range(lo, hi):
        i = np.uint64(k)
        step = max(before.jump[i], after.jump[i + shift])
        count = whole(count + whole((step > rough_from * h[i]) & (h[i] > ZERO), h), h)
    return count


@njit(**LOOP)
def stand_row(lo, hi, depth, porosity, standing):
    """Depth (m) at which water stands between the buildings of a row's cells."""
    for k in range(lo, hi):
        i = np.uint64(k)
        standing[i] = depth[i] / porosity[i]


@njit(**ROW)
def update_cell(
    mass,
    push,
    cross,
    term,
    fell,
    depth,
    along,
    sideways,
    size,
    owed,
    roughness,
    open_,
    ratio,
    series,
    scheme,
):
    """New depth, velocities and carry of a cell.

    mass, push, cross : what leaves through the two faces, water and momentum along and across;
    fell : rain (m);  size : speed before the step.

    The carry keeps what rounding lost and what an over-drained cell owes: sum(depth + carry) is
    conserved and nothing is clipped. Friction on w: w = q / (h D), D the larger of the closed-form
    backward Euler factor and 1 + dt K U at the old speed.
    """
    gain = (owed - ratio * mass) + fell
    total = depth + gain
    lost = gain - (total - depth)
    new = max(total, ZERO)
    along_q, across_q = (
        depth * along - ratio * (push + open_ * term),
        depth * sideways - ratio * cross,
    )
    standing = new / open_
    wet, least = standing > scheme.thin_depth, max(standing, scheme.thin_depth)
    drag = friction_power(least, series, roughness * roughness)
    stiff = HALF + math.sqrt(QUARTER + drag * abs(along_q) / open_)
    brake = max(stiff, ONE + drag * (least * size))
    inverse = ONE / (least * open_ * brake)
    speed, drift = along_q * inverse, across_q * (inverse * brake)
    speed, drift = (speed if wet else ZERO * speed), (drift if wet else ZERO * drift)
    return new, (speed + TINY) - TINY, (drift + TINY) - TINY, lost + (total - new)


@njit(**LOOP)
def update_row(
    lo,
    hi,
    shift,
    before,
    after,
    p,
    h,
    w,
    t,
    carry,
    roughness,
    weight,
    ratio,
    dt,
    rain_depth,
    scheme,
):
    """New depth, velocity and carry of a row's cells from the fluxes before and after them."""
    series = friction_series(dt, scheme)
    for k in range(lo, hi):
        i = np.uint64(k)
        a = i + shift
        h[i], w[i], t[i], carry[i] = update_cell(
            after.mass[a] - before.mass[i],
            after.m_l[a] - before.m_r[i],
            after.cross[a] - before.cross[i],
            p.term[i],
            rain_depth * weight[i],
            h[i],
            w[i],
            t[i],
            p.speed[i],
            carry[i],
            roughness[i],
            ONE,
            ratio,
            series,
            scheme,
        )


@njit(**LOOP)
def update_porous_row(
    lo,
    hi,
    shift,
    before,
    after,
    p,
    h,
    w,
    t,
    carry,
    roughness,
    weight,
    porosity,
    ratio,
    dt,
    rain_depth,
    scheme,
):
    """The same where buildings leave a share of the cell open; h : water over the whole cell."""
    series = friction_series(dt, scheme)
    for k in range(lo, hi):
        i = np.uint64(k)
        a = i + shift
        h[i], w[i], t[i], carry[i] = update_cell(
            after.mass[a] - before.mass[i],
            after.m_l[a] - before.m_r[i],
            after.cross[a] - before.cross[i],
            p.term[i],
            rain_depth * weight[i],
            h[i],
            w[i],
            t[i],
            p.speed[i],
            carry[i],
            roughness[i],
            porosity[i],
            ratio,
            series,
            scheme,
        )


@njit(**LOOP)
def signal_row(lo, hi, h, w, t, peak, scheme):
    """Raise peak (m/s) to the fastest signal of a row's cells; h : standing depth."""
    for k in range(lo, hi):
        i = np.uint64(k)
        peak[i] = max(peak[i], max(abs(w[i]), abs(t[i])) + math.sqrt(scheme.gravity * h[i]))
