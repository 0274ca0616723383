"""Rows of the second-order scheme: slopes and prediction, fluxes, centring, update. Every loop is vectorised.

Names along a sweep: w velocity along it, t across it; "left" and "right" are lower and higher index (for y: above and below).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from flood_kernels.arrays import FOUR, HALF, LOOP, ONE, ROW, TINY, TWO, ZERO

BLOCK = 128  # columns that are looked through for rough ground at a time
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
def predict_row(h_b, h, h_a, z_b, z, z_a, w_b, w, w_a, t_b, t, t_a, roughness, h_l, h_r, w_l, w_r, t_l, t_r, term, rise, half_ratio, half_dt, scheme):
    """Slopes of a row's cells and their state half a step on; _b, _a: the neighbour before and after along the sweep."""
    theta, g, thin = scheme.limiter, scheme.gravity, scheme.thin_depth
    for i in range(h.size):
        depth, along, across = h[i], w[i], t[i]
        back, ahead = depth - h_b[i], h_a[i] - depth
        slope_h = limited(back, ahead, theta)
        rise_b, rise_a = z[i] - z_b[i], z_a[i] - z[i]
        # A bed slope steeper than to either neighbour is a sill in the face, and a film on a slope that grows steeper would stand still.
        film = depth + depth < max(abs(rise_b), abs(rise_a))
        slope_stage = limited(back + rise_b, ahead + rise_a, ONE if film else theta)
        slope_w = limited(along - w_b[i], w_a[i] - along, theta)
        slope_t = limited(across - t_b[i], t_a[i] - across, theta)
        slope_z = slope_stage - slope_h
        wet = depth > thin
        root = inverse_cube_root(depth if wet else thin, scheme.third, scheme.two_ninths)
        square = root * root
        drag = half_dt * (TWO * roughness[i] * roughness[i]) * (square * square) * math.sqrt(along * along + across * across)
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
    both = min(star_l, star_r) > ZERO
    cl, cr = math.sqrt(gravity * hl), math.sqrt(gravity * hr)
    slow, fast = min(min(ul - cl, ur - cr), ZERO), max(max(ul + cl, ur + cr), ZERO)
    closed_l, closed_r = star_l == ZERO, star_r == ZERO
    shift_l, shift_r = max(star_l + el, ZERO), max(star_r + er, ZERO)
    star_l, star_r = (shift_l if both else star_l), (shift_r if both else star_r)
    a = fast / max(fast - slow, np.float32(1e-30))
    b, e = ONE - a, a * slow
    ql, qr = star_l * ul, star_r * ur
    pressure = HALF * gravity * (star_r - star_l) * (star_r + star_l)
    gap = min(open_l, open_r)
    f = gap * (a * ql + b * qr + e * (star_r - star_l))
    m = a * ql * ul + b * (qr * ur + pressure) + e * (qr - ql)
    hit_l, hit_r = open_l * (hl * ul * cl), open_r * (hr * ur * cr)
    momentum_l = gap * m + (hit_l if closed_l else ZERO * hit_l)
    momentum_r = gap * (m - pressure) - (hit_r if closed_r else ZERO * hit_r)
    return f, momentum_l, momentum_r, f * (tl if f > ZERO else tr)


@njit(**LOOP)
def flux_row(
    h_left, h_right, w_left, w_right, t_left, t_right, z_left, z_right, rise_left, rise_right, e_left, e_right, mass, momentum_l, momentum_r, across,
    jump, scheme,
):  # fmt: skip
    """Flux through a row's faces; jump : size of the bed's step there."""
    for i in range(mass.size):
        step = (z_right[i] - z_left[i]) - HALF * (rise_left[i] + rise_right[i])
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
        step = (z_right[i] - z_left[i]) - HALF * (rise_left[i] + rise_right[i])
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
def update_cell(mass, push, cross, term, fell, depth, along, sideways, owed, roughness, open_, ratio, dt, scheme):
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
    wet = standing > scheme.thin_depth
    root = inverse_cube_root(standing if wet else scheme.thin_depth, scheme.third, scheme.two_ninths)
    inverse = root * root * root
    drag = dt * (TWO * roughness * roughness) * inverse * root
    inverse = inverse / open_
    free = along_q * inverse
    stiff = HALF * (ONE + math.sqrt(ONE + FOUR * drag * abs(free)))
    brake = max(stiff, ONE + drag * math.sqrt(along * along + sideways * sideways))
    speed, drift = free / brake, across_q * inverse
    speed, drift = (speed if wet else ZERO * speed), (drift if wet else ZERO * drift)
    return new, (speed + TINY) - TINY, (drift + TINY) - TINY, lost + (total - new), max(abs(speed), abs(drift)) + math.sqrt(scheme.gravity * standing)


@njit(**LOOP)
def update_row(mass, mass_a, m_r, m_l_a, cross, cross_a, term, h, w, t, carry, roughness, weight, peak, ratio, dt, rain_depth, scheme):
    """New depth, velocity and carry of a row's cells from the fluxes through their two faces (_a: the face after)."""
    for i in range(h.size):
        h[i], w[i], t[i], carry[i], signal = update_cell(
            mass_a[i] - mass[i], m_l_a[i] - m_r[i], cross_a[i] - cross[i], term[i], rain_depth * weight[i], h[i], w[i], t[i], carry[i],
            roughness[i], ONE, ratio, dt, scheme,
        )  # fmt: skip
        peak[i] = max(peak[i], signal)


@njit(**LOOP)
def update_porous_row(
    mass, mass_a, m_r, m_l_a, cross, cross_a, term, h, w, t, carry, roughness, weight, porosity, peak, ratio, dt, rain_depth, scheme
):
    """The same where buildings leave a share of the cell open; h : water over the whole cell."""
    for i in range(h.size):
        h[i], w[i], t[i], carry[i], signal = update_cell(
            mass_a[i] - mass[i], m_l_a[i] - m_r[i], cross_a[i] - cross[i], term[i], rain_depth * weight[i], h[i], w[i], t[i], carry[i],
            roughness[i], porosity[i], ratio, dt, scheme,
        )  # fmt: skip
        peak[i] = max(peak[i], signal)
