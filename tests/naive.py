"""Slow twins of the kernels, written from the papers and not from the kernels: whole-array float64,
no padding tricks, no fusion.
"""

from __future__ import annotations

import numpy as np

G = 9.80665


def local_inertial_step(
    depth,
    bed,
    n,
    qx,
    qy,
    dx,
    dt,
    rain_depth,
    *,
    theta=0.9,
    froude_max=1.0,
    dry=1e-4,
    coupled=None,
    open_share=None,
    resting=None,
):
    """One step on a closed rectangle. depth, bed, n (ny, nx); qx (ny, nx + 1), qy (ny + 1, nx).
    Returns depth, qx, qy; NaN bed is a wall.

    open_share (ny, nx): of each cell; depth is then water over the whole cell, q through the whole
    width. resting: two bool arrays like qx, qy of faces that move nothing and keep their discharge.
    """
    ny, nx = depth.shape
    wall = ~np.isfinite(bed)
    coupled = np.zeros(depth.shape, bool) if coupled is None else coupled
    share = np.ones(depth.shape) if open_share is None else open_share
    stand = depth / share
    new_qx, new_qy = np.zeros_like(qx), np.zeros_like(qy)

    crossing = (qy[:-1] + qy[1:]) / (2.0 * share), (qx[:, :-1] + qx[:, 1:]) / (2.0 * share)

    def level(j, i):
        inside = 0 <= j < ny and 0 <= i < nx and not wall[j, i]
        return bed[j, i] if inside else np.nan

    def face(q, before, after, across, a, b):
        if wall[a] or wall[b]:
            return 0.0
        gap = min(share[a], share[b])
        h = max(bed[a] + stand[a], bed[b] + stand[b]) - max(bed[a], bed[b])
        if h <= dry:
            return 0.0
        use_theta = before != 0.0 and after != 0.0 and not coupled[a] and not coupled[b]
        q, before, after = q / gap, before / gap, after / gap
        mean = theta * q + 0.5 * (1 - theta) * (before + after) if use_theta else q
        mean = np.sign(q) * min(abs(mean), abs(q))
        slope = (bed[b] + stand[b] - bed[a] - stand[a]) / dx
        star = mean - G * h * dt * slope
        n_mean = np.sqrt(0.5 * (n[a] ** 2 + n[b] ** 2))
        k = G * n_mean**2 * h ** (-7.0 / 3.0)
        # size of the discharge vector, linear in the new discharge about p: s + p (q' - p) / s
        beside = max(across[a] * across[b], 0.0)  # square of the geometric mean of the two cells
        p = abs(q) + abs(star) / 32.0
        s = np.sqrt(p**2 + beside) + 1e-300
        squared, linear = dt * k * p / s, 1.0 + dt * k * (s - p * p / s)
        value = 2 * star / (linear + np.sqrt(linear**2 + 4 * squared * abs(star)))
        limit = froude_max * h * np.sqrt(G * h)
        # beyond critical speed: Manning's discharge where the bed falls at three faces in a row
        giver, taker = (a, b) if star > 0.0 else (b, a)
        along = taker[0] - giver[0], taker[1] - giver[1]
        chain = [level(giver[0] + k * along[0], giver[1] + k * along[1]) for k in (-1, 0, 1, 2)]
        fall = np.nanmin(np.subtract(chain[:-1], chain[1:]))  # what is no cell does not count
        if fall > 0.0:
            given = max(stand[giver], dry)
            squared = given ** (10.0 / 3.0) * fall / dx / n_mean**2  # q^2, were nothing across
            steady = np.sqrt((np.sqrt(beside**2 + 4.0 * squared**2) - beside) / 2.0)
            if steady > limit:
                weight = np.clip(2.5 * abs(value) / limit - 1.5, 0.0, 1.0)
                weight *= np.clip(2.0 * dx * abs(slope) * np.sign(-slope * star) / fall, 0.0, 1.0)
                value += weight * (np.sign(star) * steady - value)
                limit = steady
        return float(np.clip(value, -limit, limit)) * gap

    for j in range(ny):
        for i in range(1, nx):
            new_qx[j, i] = face(
                qx[j, i], qx[j, i - 1], qx[j, i + 1], crossing[0], (j, i - 1), (j, i)
            )
    for j in range(1, ny):
        for i in range(nx):
            new_qy[j, i] = face(
                qy[j, i], qy[j - 1, i], qy[j + 1, i], crossing[1], (j - 1, i), (j, i)
            )
    if resting is not None:
        new_qx[resting[0]] = new_qy[resting[1]] = 0.0
    out = (
        (
            np.maximum(new_qx[:, 1:], 0)
            - np.minimum(new_qx[:, :-1], 0)
            + np.maximum(new_qy[1:], 0)
            - np.minimum(new_qy[:-1], 0)
        )
        * dt
        / dx
    )
    unscaled = new_qx.copy(), new_qy.copy()
    giving = np.where(out > depth, depth / np.maximum(out, 1e-300), 1.0)
    for j in range(ny):
        for i in range(1, nx):
            new_qx[j, i] *= giving[j, i - 1] if new_qx[j, i] > 0 else giving[j, i]
    for j in range(1, ny):
        for i in range(nx):
            new_qy[j, i] *= giving[j - 1, i] if new_qy[j, i] > 0 else giving[j, i]
    for q, before in ((new_qx, unscaled[0]), (new_qy, unscaled[1])):
        q[(q != before) & (np.abs(q) <= 1e-6)] = (
            0.0  # an emptied cell's last drops do not count as flow
        )
    gain = (new_qx[:, :-1] - new_qx[:, 1:] + new_qy[:-1] - new_qy[1:]) * dt / dx + np.where(
        wall, 0.0, rain_depth
    )
    if resting is not None:
        new_qx[resting[0]], new_qy[resting[1]] = qx[resting[0]], qy[resting[1]]
    return depth + gain, new_qx, new_qy


def local_inertial_levels(depth, bed, n, qx, qy, dx, short, count, rain_depth, fine):
    """One long step of `count` short ones: faces between two `fine` cells (ny, nx) move in short
    steps, all others once; what these bring to fine cells reaches them evenly. rain_depth: of a
    short step."""
    between = np.zeros(qx.shape, bool), np.zeros(qy.shape, bool)
    between[0][:, 1:-1] = fine[:, 1:] & fine[:, :-1]
    between[1][1:-1] = fine[1:] & fine[:-1]
    after, qx, qy = local_inertial_step(
        depth, bed, n, qx, qy, dx, short * count, 0.0, resting=between
    )
    gain = after - depth
    open_ = np.isfinite(bed)
    depth = np.where(fine, depth, after + np.where(open_, rain_depth * count, 0.0))
    for _ in range(count):
        after, qx, qy = local_inertial_step(
            depth, bed, n, qx, qy, dx, short, 0.0, resting=tuple(~b for b in between)
        )
        depth = np.where(fine, after + gain / count + np.where(open_, rain_depth, 0.0), depth)
    return depth, qx, qy


def second_order_sweep(
    h, w, t, bed, n, dx, dt, rain_depth, *, theta=1.3, thin=1e-6, rough_gain=10.0, rough_from=0.2
):
    """Split MUSCL-Hancock along the last axis of a closed rectangle: w along, t across
    (docs/theory.md). Returns h, w, t; NaN bed is a wall.
    """
    wall = ~np.isfinite(bed)
    h, w, t, n = (
        np.pad(a, ((0, 0), (2, 2)), constant_values=v)
        for a, v in ((h, 0.0), (w, 0.0), (t, 0.0), (n, 0.03))
    )
    z = np.pad(np.where(wall, 1e6, bed), ((0, 0), (2, 2)), constant_values=1e6)

    def slope(a, b, theta=theta):
        mean = 0.5 * (a + b)
        return np.where(
            a * b > 0.0,
            np.sign(mean) * np.minimum(np.minimum(theta * abs(a), theta * abs(b)), abs(mean)),
            0.0,
        )

    def differences(a):
        return a[:, 1:-1] - a[:, :-2], a[:, 2:] - a[:, 1:-1]

    dh, dz, dw, dt_ = differences(h), differences(z), differences(w), differences(t)
    h, w, t, z, n = (a[:, 1:-1] for a in (h, w, t, z, n))
    slope_h, slope_stage, slope_w, slope_t = (
        slope(*dh),
        slope(
            dh[0] + dz[0],
            dh[1] + dz[1],
            np.where(2.0 * h < np.maximum(abs(dz[0]), abs(dz[1])), 1.0, theta),
        ),
        slope(*dw),
        slope(*dt_),
    )
    slope_z = slope_stage - slope_h
    wet = h > thin
    drag = 0.5 * dt * G * n**2 * np.maximum(h, thin) ** (-4.0 / 3.0)
    half = 0.5 * dt / dx
    change = -half * (w * slope_h + h * slope_w)
    free = w - half * (w * slope_w + G * slope_stage)
    held = 1.0 + drag * np.hypot(w, t)  # D at the old speed; D^2 - D = drag |free| at the new one
    newton = held - (held**2 - held - 0.25 * drag * abs(free)) / (2.0 * held - 1.0)
    middle = np.where(wet, free / np.maximum(held, newton), 0.0)
    sideways = t - half * w * slope_t
    h_low, h_high = (
        np.maximum(h - 0.5 * slope_h + change, 0.0),
        np.maximum(h + 0.5 * slope_h + change, 0.0),
    )
    h_low, h_high = np.where(wet, h_low, 0.0), np.where(wet, h_high, 0.0)
    bed_force = 0.5 * G * (h_low + h_high) * (h_high - h_low + slope_z)
    hl, hr, ul, ur = (
        h_high[:, :-1],
        h_low[:, 1:],
        (middle + 0.5 * slope_w)[:, :-1],
        (middle - 0.5 * slope_w)[:, 1:],
    )
    tl, tr = (sideways + 0.5 * slope_t)[:, :-1], (sideways - 0.5 * slope_t)[:, 1:]
    step = z[:, 1:] - z[:, :-1] - 0.5 * (slope_z[:, 1:] + slope_z[:, :-1])
    star_l, star_r = (
        np.maximum(hl - np.maximum(step, 0.0), 0.0),
        np.maximum(hr + np.minimum(step, 0.0), 0.0),
    )
    cl, cr = np.sqrt(G * hl), np.sqrt(G * hr)
    slow, fast = (
        np.minimum(np.minimum(ul - cl, ur - cr), 0.0),
        np.maximum(np.maximum(ul + cl, ur + cr), 0.0),
    )
    a = fast / np.maximum(fast - slow, 1e-30)

    def fluxes(sl, sr):
        pressure = 0.5 * G * (sr**2 - sl**2)
        mass = a * sl * ul + (1 - a) * sr * ur + a * slow * (sr - sl)
        momentum = (
            a * sl * ul**2 + (1 - a) * (sr * ur**2 + pressure) + a * slow * (sr * ur - sl * ul)
        )
        return mass, momentum, momentum - pressure

    mass, _, _ = fluxes(star_l, star_r)
    inner = slice(1, -1)
    largest = np.maximum(abs(step[:, :-1]), abs(step[:, 1:]))
    rough = np.clip(rough_gain * (largest / np.maximum(h[:, inner], thin) - rough_from), 0.0, 1.0)
    centre = np.zeros_like(h)
    centre[:, inner] = rough * (
        -half * (mass[:, 1:] - mass[:, :-1]) - (0.5 * (h_low + h_high) - h)[:, inner]
    )
    both = np.minimum(star_l, star_r) > 0.0
    shut_l, shut_r = star_l == 0.0, star_r == 0.0
    star_l = np.where(both, np.maximum(star_l + centre[:, :-1], 0.0), star_l)
    star_r = np.where(both, np.maximum(star_r + centre[:, 1:], 0.0), star_r)
    mass, for_left, for_right = fluxes(star_l, star_r)
    for_left, for_right = (
        for_left + np.where(shut_l, hl * ul * cl, 0.0),
        for_right - np.where(shut_r, hr * ur * cr, 0.0),
    )
    across = mass * np.where(mass > 0.0, tl, tr)
    h, w, t, n, bed_force = (v[:, inner] for v in (h, w, t, n, bed_force))
    ratio = dt / dx
    new = h - ratio * (mass[:, 1:] - mass[:, :-1]) + np.where(wall, 0.0, rain_depth)
    q_w = h * w - ratio * (for_left[:, 1:] - for_right[:, :-1] + bed_force)
    q_t = h * t - ratio * (across[:, 1:] - across[:, :-1])
    wet = new > thin
    safe = np.where(wet, new, thin)
    k = dt * G * n**2 * safe ** (-4.0 / 3.0)
    free = q_w / safe
    brake = np.maximum(0.5 * (1.0 + np.sqrt(1.0 + 4.0 * k * abs(free))), 1.0 + k * np.hypot(w, t))
    return np.maximum(new, 0.0), np.where(wet, free / brake, 0.0), np.where(wet, q_t / safe, 0.0)


def second_order_step(h, u, v, bed, n, dx, dt, rain_depth, x_first, **numbers):
    """One step: two sweeps, x first or y first; half of the rain with each. u along +column, v
    along +row.
    """
    for along_x in (True, False) if x_first else (False, True):
        if along_x:
            h, u, v = second_order_sweep(h, u, v, bed, n, dx, dt, 0.5 * rain_depth, **numbers)
        else:
            h, v, u = (
                a.T
                for a in second_order_sweep(
                    h.T, v.T, u.T, bed.T, n.T, dx, dt, 0.5 * rain_depth, **numbers
                )
            )
    return h, u, v


def green_ampt_implicit(conductivity, suction, deficit, time):
    """Depth infiltrated from a ponded start: F - S ln(1 + F / S) = K t, S = psi dtheta, by Newton's
    method (Chow, Maidment, Mays 1988, 4.3).
    """
    s, f = suction * deficit, conductivity * time + 1e-6
    for _ in range(100):
        f -= (f - s * np.log1p(f / s) - conductivity * time) / (f / (s + f))
    return f


def green_ampt_with_ponded_head(conductivity, suction, deficit, rain, ponding, stop, steps=20_000):
    """F at `stop` under steady rain (m/s) that ponds at `ponding` (s), the ponded depth counted in
    the head; midpoint rule.
    """
    f, dt = rain * ponding, (stop - ponding) / steps
    for k in range(steps):
        fallen = rain * (ponding + (k + 0.5) * dt)
        half = f + 0.5 * dt * conductivity * (1.0 + (suction + max(fallen - f, 0.0)) * deficit / f)
        f += dt * conductivity * (1.0 + (suction + max(fallen - half, 0.0)) * deficit / half)
    return f
