"""Rows of the second-order scheme: slopes and prediction, fluxes, centring, update. Every loop is vectorised.

Names along a sweep: w velocity along it, t across it; "left" and "right" are lower and higher index (for y: above and below).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from flood_kernels.arrays import EIGHTH, HALF, LOOP, ONE, QUARTER, ROW, TINY, TWO, ZERO
from flood_kernels.friction import friction_power

BLOCK = 128  # columns that are looked through for rough ground at a time
THIN_DEPTH = 1.0e-6  # m, water below this has no velocity


class Scheme(NamedTuple):
    """Numbers of the scheme, of the cells' float type."""

    cell_size: float  # m
    limiter: float  # theta of the three-argument minmod, 1 to 1.5
    thin_depth: float  # m, water below this has no velocity
    gravity: float  # m/s2
    rough_gain: float  # how fast, and from which bed step over depth on, the half-step depth is centred (see centre_row)
    rough_from: float
    c0: float  # friction.POWER_SERIES
    c1: float
    c2: float
    c3: float
    c4: float


@njit(**ROW)
def friction_series(dt, scheme):
    """Series of 2 dt h^(-7/3): times the square of the stored roughness and a depth and speed it is how much friction slows the water in dt."""
    return TWO * dt * scheme.c0, TWO * dt * scheme.c1, TWO * dt * scheme.c2, TWO * dt * scheme.c3, TWO * dt * scheme.c4


@njit(**ROW)
def half_slope(a, b, quarter_theta):
    """Half the slope of a cell from the differences to its neighbours: three-argument minmod of theta a, (a + b) / 2, theta b.

    Written with few minima and products: those, not sums and signs, are what processors have too few units for.
    """
    size = min(quarter_theta * min(abs(a), abs(b)), EIGHTH * abs(a + b))
    return math.copysign(size, a) + math.copysign(size, b)


# The row functions get equally long contiguous slices and index them by i alone: an index i - 1 would need Numba's
# negative-index test and keep LLVM from vectorising.


@njit(**LOOP)
def predict_row(
    h_b, h, h_a, z_b, z, z_a, w_b, w, w_a, t_b, t, t_a, roughness, h_l, h_r, w_l, w_r, t_l, t_r, term, half_rise, speed, ratio, dt, scheme
):
    """Slopes of a row's cells and their state half a step on; _b, _a: the neighbour before and after along the sweep."""
    quarter_theta, g, thin = QUARTER * scheme.limiter, scheme.gravity, scheme.thin_depth
    series = friction_series(HALF * dt, scheme)
    for i in range(h.size):
        depth, along, across = h[i], w[i], t[i]
        back, ahead = depth - h_b[i], h_a[i] - depth
        half_h = half_slope(back, ahead, quarter_theta)
        rise_b, rise_a = z[i] - z_b[i], z_a[i] - z[i]
        # A bed slope steeper than to either neighbour is a sill in the face, and a film on a slope that grows steeper would stand still.
        film = depth + depth < max(abs(rise_b), abs(rise_a))
        half_stage = half_slope(back + rise_b, ahead + rise_a, QUARTER if film else quarter_theta)
        half_w = half_slope(along - w_b[i], w_a[i] - along, quarter_theta)
        half_t = half_slope(across - t_b[i], t_a[i] - across, quarter_theta)
        half_z = half_stage - half_h
        wet = depth > thin
        least = max(depth, thin)
        size = math.sqrt(along * along + across * across)
        drag = (roughness[i] * roughness[i]) * friction_power(least, series) * (least * size)
        change = -ratio * (along * half_h + depth * half_w)
        middle = (along - ratio * (along * half_w + g * half_stage)) / (ONE + drag)
        middle = middle if wet else ZERO * middle
        sideways = across - ratio * along * half_t
        centre = depth + change
        left, right = max(centre - half_h, ZERO), max(centre + half_h, ZERO)
        left, right = (left if wet else ZERO), (right if wet else ZERO)  # a film does not creep on: dry ground stays dry
        h_l[i] = left
        h_r[i] = right
        w_l[i] = middle - half_w
        w_r[i] = middle + half_w
        t_l[i] = sideways - half_t
        t_r[i] = sideways + half_t
        term[i] = HALF * g * (left + right) * ((right - left) + (half_z + half_z))
        half_rise[i] = half_z
        speed[i] = size


@njit(**ROW)
def face_flux(hl, hr, ul, ur, tl, tr, step, el, er, open_l, open_r, gravity):
    """HLL flux through a face with hydrostatic reconstruction: mass, momentum for the left and for the right cell, momentum across.

    step : what the bed rises from left to right beyond its slopes;  el, er (m) : centring of the depth where both sides are wet;
    open_l, open_r : share of each cell that buildings leave open; the flow passes through the smaller one (Guinot, Soares-Frazao 2006,
    doi:10.1002/fld.1059, without their drag of buildings).
    Momentum is less the pressure g h*^2 / 2 of the cell that it acts on. A face that the bed closes gets the impulse of the water that hits
    it: without it a lake beside dry walls is unstable (rest noise grows to 1 m/s in some hundred steps).
    """
    star_l, star_r = max(hl - max(step, ZERO), ZERO), max(hr + min(step, ZERO), ZERO)
    closed_l, closed_r = star_l == ZERO, star_r == ZERO
    shift_l, shift_r = max(star_l + el, ZERO), max(star_r + er, ZERO)
    cl, cr = math.sqrt(gravity * hl), math.sqrt(gravity * hr)
    slow, fast = min(min(ul - cl, ur - cr), ZERO), max(max(ul + cl, ur + cr), ZERO)
    star_l, star_r = (star_l if closed_l | closed_r else shift_l), (star_r if closed_l | closed_r else shift_r)
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
def flux_row(
    h_left, h_right, w_left, w_right, t_left, t_right, z_left, z_right, rise_left, rise_right, e_left, e_right, mass, momentum_l, momentum_r, across,
    jump, scheme,
):  # fmt: skip
    """Flux through a row's faces; jump : size of the bed's step there."""
    for i in range(mass.size):
        step = (z_right[i] - z_left[i]) - (rise_left[i] + rise_right[i])
        mass[i], momentum_l[i], momentum_r[i], across[i] = face_flux(
            h_left[i], h_right[i], w_left[i], w_right[i], t_left[i], t_right[i], step, e_left[i], e_right[i], ONE, ONE, scheme.gravity
        )
        jump[i] = abs(step)


@njit(**LOOP)
def flux_porous_row(
    h_left, h_right, w_left, w_right, t_left, t_right, z_left, z_right, rise_left, rise_right, e_left, e_right, p_left, p_right, mass, momentum_l,
    momentum_r, across, jump, scheme,
):  # fmt: skip
    """The same between cells that buildings fill in part; h_left, h_right : standing depths.

    A change of the open share closes a face as a bed step does: it counts as one, by its share of the depth (see centring; without it
    rain on blocks drives currents of 6 cm/s for ever).
    """
    for i in range(mass.size):
        step = (z_right[i] - z_left[i]) - (rise_left[i] + rise_right[i])
        mass[i], momentum_l[i], momentum_r[i], across[i] = face_flux(
            h_left[i], h_right[i], w_left[i], w_right[i], t_left[i], t_right[i], step, e_left[i], e_right[i], p_left[i], p_right[i], scheme.gravity
        )
        closed = abs(p_left[i] - p_right[i]) / max(p_left[i], p_right[i])
        jump[i] = abs(step) + closed * max(h_left[i], h_right[i])


@njit(**ROW)
def centring(h, h_l, h_r, mass, mass_a, jump, jump_a, open_, ratio, scheme):
    """Where the bed steps are large against the depth: what the fluxes really change in half a step, less what was predicted (m).

    The prediction cannot see how far a bed step closes a face. Left alone, the split scheme drives currents of some cm/s in a lake at rest
    over a bed as rough as it is deep; with the depth centred in time at those cells the noise dies out (docs/theory.md).
    """
    depth = max(h, scheme.thin_depth)
    rough = min(max(scheme.rough_gain * (max(jump, jump_a) / depth - scheme.rough_from), ZERO), ONE)
    predicted = HALF * (h_l + h_r) - h
    return rough * (-HALF * ratio * (mass_a - mass) / open_ - predicted)


@njit(**LOOP)
def centre_row(h, h_l, h_r, mass, mass_a, jump, jump_a, centre, ratio, scheme):
    """Centring of a row's cells."""
    for i in range(h.size):
        centre[i] = centring(h[i], h_l[i], h_r[i], mass[i], mass_a[i], jump[i], jump_a[i], ONE, ratio, scheme)


@njit(**LOOP)
def centre_porous_row(h, h_l, h_r, mass, mass_a, jump, jump_a, porosity, centre, ratio, scheme):
    """The same; h : standing depth."""
    for i in range(h.size):
        centre[i] = centring(h[i], h_l[i], h_r[i], mass[i], mass_a[i], jump[i], jump_a[i], porosity[i], ratio, scheme)


@njit(**LOOP)
def rough_cells(h, jump, jump_a, rough_from):
    """How many wet cells of a row have a bed step over rough_from x depth; an integer sum, because a float maximum would not vectorise."""
    count = 0
    for i in range(h.size):
        step = max(jump[i], jump_a[i])
        count += (step > rough_from * h[i]) & (h[i] > ZERO)
    return count


@njit(**LOOP)
def stand_row(depth, porosity, standing):
    """Depth (m) at which water stands between the buildings of a row's cells."""
    for i in range(depth.size):
        standing[i] = depth[i] / porosity[i]


@njit(**ROW)
def update_cell(mass, push, cross, term, fell, depth, along, sideways, size, owed, roughness, open_, ratio, series, scheme):
    """New depth, velocities and carry of a cell, and its fastest signal (m/s).

    mass, push, cross : what leaves through the two faces, water and momentum along and across;  fell : rain (m).

    The carry keeps what rounding lost and what an over-drained cell owes: sum(depth + carry) is conserved and nothing is clipped.
    Friction on w: w = q / (h D), D the larger of the closed-form backward Euler factor and 1 + dt K U at the old speed.
    """
    gain = (owed - ratio * mass) + fell
    total = depth + gain
    lost = gain - (total - depth)
    new = max(total, ZERO)
    along_q, across_q = depth * along - ratio * (push + open_ * term), depth * sideways - ratio * cross
    standing = new / open_
    wet, least = standing > scheme.thin_depth, max(standing, scheme.thin_depth)
    drag = (roughness * roughness) * friction_power(least, series)
    stiff = HALF + math.sqrt(QUARTER + drag * abs(along_q) / open_)
    brake = max(stiff, ONE + drag * (least * size))
    inverse = ONE / (least * open_ * brake)
    speed, drift = along_q * inverse, across_q * (inverse * brake)
    speed, drift = (speed if wet else ZERO * speed), (drift if wet else ZERO * drift)
    return new, (speed + TINY) - TINY, (drift + TINY) - TINY, lost + (total - new)


@njit(**LOOP)
def signal_row(h, w, t, peak, scheme):
    """Raise peak (m/s) to the fastest signal of a row's cells; h : standing depth."""
    for i in range(h.size):
        peak[i] = max(peak[i], max(abs(w[i]), abs(t[i])) + math.sqrt(scheme.gravity * h[i]))


@njit(**LOOP)
def update_row(mass, mass_a, m_r, m_l_a, cross, cross_a, term, h, w, t, speed, carry, roughness, weight, ratio, dt, rain_depth, scheme):
    """New depth, velocity and carry of a row's cells from the fluxes through their two faces (_a: the face after)."""
    series = friction_series(dt, scheme)
    for i in range(h.size):
        h[i], w[i], t[i], carry[i] = update_cell(
            mass_a[i] - mass[i], m_l_a[i] - m_r[i], cross_a[i] - cross[i], term[i], rain_depth * weight[i], h[i], w[i], t[i], speed[i], carry[i],
            roughness[i], ONE, ratio, series, scheme,
        )  # fmt: skip


@njit(**LOOP)
def update_porous_row(
    mass, mass_a, m_r, m_l_a, cross, cross_a, term, h, w, t, speed, carry, roughness, weight, porosity, ratio, dt, rain_depth, scheme
):
    """The same where buildings leave a share of the cell open; h : water over the whole cell."""
    series = friction_series(dt, scheme)
    for i in range(h.size):
        h[i], w[i], t[i], carry[i] = update_cell(
            mass_a[i] - mass[i], m_l_a[i] - m_r[i], cross_a[i] - cross[i], term[i], rain_depth * weight[i], h[i], w[i], t[i], speed[i], carry[i],
            roughness[i], porosity[i], ratio, series, scheme,
        )  # fmt: skip
