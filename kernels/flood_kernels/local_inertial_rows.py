"""Local inertial overland flow: faces and cells of a row. local_inertial.py sweeps them over a
band.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from flood_kernels.arrays import FAINT, LOOP, NEXT, ONE, QUARTER, ROW, STILL, ZERO
from flood_kernels.friction import friction_power
from flood_kernels.prefetch import AT_ONCE, fetch
from flood_kernels.roots import root, rough_root
from flood_kernels.steep_beds import STEEP_FROM, depth_of_signal, falls_on, steeply
from flood_kernels.vectors import whole

NEAR = np.float32(0.03125)  # of the driven discharge beside the old one: from rest, old ones are 0
NOTHING = np.float32(
    1.0e-6
    # m2/s: what a cell that gives its last water passes on below this is rounding (6e-8 of a metre
    # in float32)
)


class Scheme(NamedTuple):
    """Numbers of the scheme, of the cells' float type."""

    cell_size: float  # m
    theta: float  # weight of the face's own discharge, 0.8 to 1
    side: float  # (1 - theta) / 2, of each neighbour's
    froude_speed: float  # largest Froude number times sqrt(gravity), m^0.5/s
    dry_depth: float  # m, faces with less flow depth carry nothing
    gravity: float  # m/s2
    c0: float  # friction.POWER_SERIES
    c1: float
    c2: float
    c3: float
    c4: float


@njit(**ROW)
def face_discharge(
    own,
    before,
    after,
    across,
    h_left,
    h_right,
    z_left,
    z_right,
    n_left,
    n_right,
    push,
    scheme,
    drag_series,
    fall,
):
    """Unit discharge (m2/s) of one face a step on, the flow depth (m, <= 0 where dry) there, and
    whether the discharge is near its limit.

    own, before, after : discharge of the face and of its two neighbours along the flow; across :
    product of what flows across in the cells before and after the face, each the sum of two faces;
    push = g dt / dx; drag_series : POWER_SERIES dt.

    q* = [theta q + (1 - theta)/2 (q- + q+), in size at most q] - g h dt/dx (eta_R - eta_L); then
    backward Euler friction q' (1 + dt k |Q'|) = q*, k = g n^2 h^(-7/3). |Q'| = sqrt(q'^2 + t^2),
    t^2 = across / 4 (0 where the two run against each other), is taken by its tangent at p = |q| +
    |q*|/32, which is (p |q'| + t^2) / s with s = sqrt(p^2 + t^2): a quadratic in q', exact where
    nothing flows across and, to 1e-3 of |Q|, where the flow is steady. The geometric mean of the
    cells: beside a channel that runs below its bank, the bank's film is not the channel's. Only
    differences of bed and depth enter: float32 holds a lake at rest.

    No discharge is beyond the largest Froude number, but where the bed goes on falling by `fall` (m
    a cell, positive to the right; None: not looked at) it may reach Manning's (see steeply).
    """
    own = (own + FAINT) - FAINT  # else flow across brakes it down to the denormal numbers
    step = z_right - z_left
    h_flow = max(min(h_left - step, h_left), min(h_right + step, h_right))
    h = max(h_flow, scheme.dry_depth)
    weighted = (before != ZERO) & (after != ZERO) & (min(n_left, n_right) > ZERO)
    mixed = scheme.theta * own + scheme.side * (before + after)
    calmed = math.copysign(
        min(abs(mixed), abs(own)), own
    )  # an average may take momentum, not bring it: a deep neighbour would drive a film
    driven = (calmed if weighted else own) - push * h * (step + (h_right - h_left))
    size = abs(driven)
    p = abs(own) + size * NEAR
    square = max(QUARTER * across, STILL)
    s = rough_root(p * p + square)
    drag = friction_power(h, drag_series, n_left * n_left + n_right * n_right)
    linear = s + drag * square
    twice = (s + s) * size
    slowed = twice / (linear + root(linear * linear + drag * (p + p) * twice))
    limit = scheme.froude_speed * h * root(h)
    if fall is not None:
        rise = step + (h_right - h_left)
        slowed, limit = steeply(
            slowed,
            limit,
            max(fall if driven > ZERO else -fall, ZERO),
            max(h_left if driven > ZERO else h_right, scheme.dry_depth),
            -rise if driven > ZERO else rise,
            square,
            push,
            drag_series,
            n_left * n_left + n_right * n_right,
        )
    limit = limit if h_flow > scheme.dry_depth else ZERO
    fast = (slowed > STEEP_FROM * limit) & (limit > ZERO)
    return math.copysign(min(slowed, limit), driven), h_flow, fast


# The row functions take columns lo..hi-1 of whole rows and index them by unsigned numbers: a signed
# i - shift would need Numba's test for negative indices and keep LLVM from vectorising (measured:
# 37 instead of 3 ns a cell), and cutting a dozen slices costs as much as 50 cells. `shift` leads to
# the neighbour along the flow: along x it stands in the next column of the same row, along y in
# another row.


@njit(**LOOP)
def advance_faces(lo, hi, shift, soon, q, t, h, z, n, q_new, peak, push, dt, scheme):
    """The faces before a row's cells, along x (left of them) or along y (above): `q_new` and the
    running maximum `peak` are written.

    q : rows of the discharge before, at and after the faces;  t : rows of the discharge across
    them, two of the cells before and two of those after, all from before the step;  h, z, n : rows
    before and after them (z: two and two);  soon : rows that will be read next, asked for block by
    block. Returns not 0 where a face is near the largest Froude number: steep_faces then looks at
    the slope of the bed.
    """
    turned = NEXT - shift
    drag_series = (dt * scheme.c0, dt * scheme.c1, dt * scheme.c2, dt * scheme.c3, dt * scheme.c4)
    found = whole(0, q_new)
    for start in range(lo, hi, AT_ONCE):
        for row in soon:
            if row.size > 0:
                fetch(row, start)
        for k in range(start, min(start + AT_ONCE, hi)):
            i = np.uint64(k)
            b, a = i - shift, i + shift
            value, flow_depth, fast = face_discharge(
                q[1][i],
                q[0][b],
                q[2][a],
                (t[0][b] + t[1][b + turned]) * (t[2][i] + t[3][i + turned]),
                h[0][b],
                h[1][i],
                z[1][b],
                z[2][i],
                n[0][b],
                n[1][i],
                push,
                scheme,
                drag_series,
                None,
            )
            q_new[i] = value
            # with a sum: LLVM would store only where it grows, 42 operations without AVX-512
            peak[i] = max(peak[i], flow_depth) + ZERO
            found = whole(found | whole(fast, q_new), q_new)
    return found


@njit(**LOOP)
def steep_faces(lo, hi, shift, q, t, h, z, n, q_new, peak, push, dt, scheme):
    """The same faces once more, with Manning's discharge where the bed goes on falling and the flow
    is near critical; the others come out bit for bit as before. Arguments as advance_faces'.
    """
    turned = NEXT - shift
    drag_series = (dt * scheme.c0, dt * scheme.c1, dt * scheme.c2, dt * scheme.c3, dt * scheme.c4)
    for k in range(lo, hi):
        i = np.uint64(k)
        b, a = i - shift, i + shift
        value, flow_depth, _ = face_discharge(
            q[1][i],
            q[0][b],
            q[2][a],
            (t[0][b] + t[1][b + turned]) * (t[2][i] + t[3][i + turned]),
            h[0][b],
            h[1][i],
            z[1][b],
            z[2][i],
            n[0][b],
            n[1][i],
            push,
            scheme,
            drag_series,
            falls_on(z[0][b - shift], z[1][b], z[2][i], z[3][a]),
        )
        q_new[i] = value
        peak[i] = max(peak[i], depth_of_signal(value, flow_depth, scheme)) + ZERO


@njit(**LOOP)
def advance_porous_faces(lo, hi, shift, q, t, h, z, n, p, q_new, peak, push, dt, scheme):
    """The same between cells that buildings fill in part (porosity p): the flow passes through the
    smaller of the two open shares, what flows across through that of its own cell.

    h : water over the whole cell; discharge too is over the whole width. Single porosity (Guinot,
    Soares-Frazao 2006, doi:10.1002/fld.1059) without their drag of buildings.
    """
    turned = NEXT - shift
    drag_series = (dt * scheme.c0, dt * scheme.c1, dt * scheme.c2, dt * scheme.c3, dt * scheme.c4)
    for k in range(lo, hi):
        i = np.uint64(k)
        b, a = i - shift, i + shift
        before, after = ONE / p[0][b], ONE / p[1][i]
        inverse = max(before, after)
        value, flow_depth, _ = face_discharge(
            q[1][i] * inverse,
            q[0][b] * inverse,
            q[2][a] * inverse,
            (t[0][b] + t[1][b + turned]) * before * ((t[2][i] + t[3][i + turned]) * after),
            h[0][b] * before,
            h[1][i] * after,
            z[1][b],
            z[2][i],
            n[0][b],
            n[1][i],
            push,
            scheme,
            drag_series,
            falls_on(z[0][b - shift], z[1][b], z[2][i], z[3][a]),
        )
        q_new[i] = value * min(p[0][b], p[1][i])
        peak[i] = max(peak[i], depth_of_signal(value, flow_depth, scheme)) + ZERO  # as above


@njit(**ROW)
def outflow(q_left, q_right, q_above, q_below):
    """What leaves a cell through its four faces (m2/s)."""
    return (max(q_right, ZERO) - min(q_left, ZERO)) + (max(q_below, ZERO) - min(q_above, ZERO))


@njit(**LOOP)
def gives_too_much(lo, hi, depth, qx, q_above, q_below, dx_over_dt):
    """Not 0 where a cell of the row gives more than it holds; qx : through the faces left of the
    cells.
    """
    found = whole(0, depth)
    for k in range(lo, hi):
        i = np.uint64(k)
        found = whole(
            found
            | whole(
                outflow(qx[i], qx[i + NEXT], q_above[i], q_below[i]) > depth[i] * dx_over_dt, depth
            ),
            depth,
        )
    return found


@njit(**LOOP)
def share_outflow(lo, hi, depth, qx, q_above, q_below, share, dx_over_dt):
    """Factor in [0, 1] by which every outgoing face of a cell is scaled so that it gives no more
    than it holds.
    """
    for k in range(lo, hi):
        i = np.uint64(k)
        out = outflow(qx[i], qx[i + NEXT], q_above[i], q_below[i])
        share[i] = min(ONE, depth[i] * dx_over_dt / max(out, np.float32(1e-30)))


@njit(**ROW)
def fill_cell(depth, carry, gain):
    """New depth and carry of a cell. `carry` keeps what rounding lost and what an over-drained cell
    owes: depth + carry is conserved and nothing is clipped; the next water pays the debt."""
    total = depth + gain
    lost = gain - (total - depth)
    h = max(total, ZERO)
    return h, lost + (total - h)


@njit(**LOOP)
def finish_row(
    lo, hi, depth, carry, qx, q_above, q_below, rain_weight, out_x, out_y, rain_depth, dt_over_dx
):
    """Update the cells of a row: h' = h + dt/dx (sum in - sum out) + rain; out_x, out_y : what
    becomes the discharge left and below.
    """
    for k in range(lo, hi):
        i = np.uint64(k)
        left, down = qx[i], q_below[i]
        out_x[i] = left
        out_y[i] = down
        gain = (
            carry[i]
            + rain_depth * rain_weight[i]
            + dt_over_dx * ((left - qx[i + NEXT]) + (q_above[i] - down))
        )
        depth[i], carry[i] = fill_cell(depth[i], carry[i], gain)


@njit(**ROW)
def scaled(q, before, after):
    """Discharge by the factor of the cell that gives. What an emptied cell's last 1e-17 m would
    carry becomes 0. Else its rounding would switch on the average with a neighbour.
    """
    factor = before if q > ZERO else after
    value = q * factor
    return value if (factor >= ONE) | (abs(value) > NOTHING) else ZERO * value


@njit(**ROW)
def scaled_faces(q_left, q_right, q_below, own, left, right, below):
    """The left, right and lower discharge of a cell, each by the factor of the cell that gives."""
    return scaled(q_left, left, own), scaled(q_right, own, right), scaled(q_below, own, below)


@njit(**LOOP)
def finish_limited_row(
    lo,
    hi,
    depth,
    carry,
    qx,
    share,
    q_above,
    q_below,
    share_below,
    rain_weight,
    out_x,
    out_y,
    rain_depth,
    dt_over_dx,
):
    """The same where a cell would give more than it holds: each face is first scaled by the factor
    of the cell that gives.

    qx, q_below : unscaled discharge;  q_above : final. With factors of 1 the answer is
    finish_row's, bit for bit.
    """
    for k in range(lo, hi):
        i = np.uint64(k)
        left, right, down = scaled_faces(
            qx[i],
            qx[i + NEXT],
            q_below[i],
            share[i],
            share[i - NEXT],
            share[i + NEXT],
            share_below[i],
        )
        out_x[i] = left
        out_y[i] = down
        gain = (
            carry[i]
            + rain_depth * rain_weight[i]
            + dt_over_dx * ((left - right) + (q_above[i] - down))
        )
        depth[i], carry[i] = fill_cell(depth[i], carry[i], gain)


@njit(**LOOP)
def gain_row(lo, hi, qx, share, q_above, q_below, share_below, out_x, out_y, gain, dt_over_dx):
    """What the faces bring to the cells of a row (m), kept apart from their depth; arguments as
    finish_limited_row's.
    """
    for k in range(lo, hi):
        i = np.uint64(k)
        left, right, down = scaled_faces(
            qx[i],
            qx[i + NEXT],
            q_below[i],
            share[i],
            share[i - NEXT],
            share[i + NEXT],
            share_below[i],
        )
        out_x[i] = left
        out_y[i] = down
        gain[i] = dt_over_dx * ((left - right) + (q_above[i] - down))


@njit(**LOOP)
def bring_gain(lo, hi, gain, carry, share_of_rest):
    """Hand a share of the gain to the cells; what their float type cannot hold stays in the
    gain.
    """
    for k in range(lo, hi):
        i = np.uint64(k)
        before = carry[i]
        carry[i] = before + gain[i] * share_of_rest
        gain[i] -= carry[i] - before


@njit(**LOOP)
def scale_faces(lo, hi, q, share_above, share_below, out):
    """Apply to each face the factor of the cell that gives: the upper one where the discharge is
    positive.
    """
    for k in range(lo, hi):
        i = np.uint64(k)
        out[i] = scaled(q[i], share_above[i], share_below[i])
