"""Slow twins of the kernels, written from the papers and not from the kernels: whole-array float64, no padding tricks, no fusion."""

from __future__ import annotations

import numpy as np

G = 9.80665


def local_inertial_step(depth, bed, n, qx, qy, dx, dt, rain_depth, *, theta=0.9, froude_max=1.0, dry=1e-4, coupled=None):
    """One step on a closed rectangle. depth, bed, n (ny, nx); qx (ny, nx + 1), qy (ny + 1, nx). Returns depth, qx, qy; NaN bed is a wall."""
    ny, nx = depth.shape
    wall = ~np.isfinite(bed)
    coupled = np.zeros(depth.shape, bool) if coupled is None else coupled
    new_qx, new_qy = np.zeros_like(qx), np.zeros_like(qy)

    def face(q, before, after, a, b):
        if wall[a] or wall[b]:
            return 0.0
        h = max(bed[a] + depth[a], bed[b] + depth[b]) - max(bed[a], bed[b])
        if h <= dry:
            return 0.0
        use_theta = before != 0.0 and after != 0.0 and not coupled[a] and not coupled[b]
        mean = theta * q + 0.5 * (1 - theta) * (before + after) if use_theta else q
        slope = (bed[b] + depth[b] - bed[a] - depth[a]) / dx
        star = mean - G * h * dt * slope
        k = G * 0.5 * (n[a] ** 2 + n[b] ** 2) * h ** (-7.0 / 3.0)
        value = 2 * star / (1 + np.sqrt(1 + 4 * dt * k * abs(star)))
        limit = froude_max * h * np.sqrt(G * h)
        return float(np.clip(value, -limit, limit))

    for j in range(ny):
        for i in range(1, nx):
            new_qx[j, i] = face(qx[j, i], qx[j, i - 1], qx[j, i + 1], (j, i - 1), (j, i))
    for j in range(1, ny):
        for i in range(nx):
            new_qy[j, i] = face(qy[j, i], qy[j - 1, i], qy[j + 1, i], (j - 1, i), (j, i))
    out = (np.maximum(new_qx[:, 1:], 0) - np.minimum(new_qx[:, :-1], 0) + np.maximum(new_qy[1:], 0) - np.minimum(new_qy[:-1], 0)) * dt / dx
    share = np.where(out > depth, depth / np.maximum(out, 1e-300), 1.0)
    for j in range(ny):
        for i in range(1, nx):
            new_qx[j, i] *= share[j, i - 1] if new_qx[j, i] > 0 else share[j, i]
    for j in range(1, ny):
        for i in range(nx):
            new_qy[j, i] *= share[j - 1, i] if new_qy[j, i] > 0 else share[j, i]
    gain = (new_qx[:, :-1] - new_qx[:, 1:] + new_qy[:-1] - new_qy[1:]) * dt / dx + np.where(wall, 0.0, rain_depth)
    return depth + gain, new_qx, new_qy


def green_ampt_implicit(conductivity, suction, deficit, time):
    """Depth infiltrated from a ponded start: F - S ln(1 + F / S) = K t, S = psi dtheta, by Newton's method (Chow, Maidment, Mays 1988, 4.3)."""
    s, f = suction * deficit, conductivity * time + 1e-6
    for _ in range(100):
        f -= (f - s * np.log1p(f / s) - conductivity * time) / (f / (s + f))
    return f


def green_ampt_with_ponded_head(conductivity, suction, deficit, rain, ponding, stop, steps=20_000):
    """F at `stop` under steady rain (m/s) that ponds at `ponding` (s), the ponded depth counted in the head; midpoint rule."""
    f, dt = rain * ponding, (stop - ponding) / steps
    for k in range(steps):
        fallen = rain * (ponding + (k + 0.5) * dt)
        half = f + 0.5 * dt * conductivity * (1.0 + (suction + max(fallen - f, 0.0)) * deficit / f)
        f += dt * conductivity * (1.0 + (suction + max(fallen - half, 0.0)) * deficit / half)
    return f
