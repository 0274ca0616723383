"""Local inertial beyond critical speed, on beds that go on falling: Manning's discharge.
Trials: docs/decisions/015-steep-flow.md.
"""

import numpy as np
from numba import njit

from flood_kernels.arrays import FAINT, ONE, ROW, STILL, WALL, ZERO
from flood_kernels.friction import friction_power
from flood_kernels.roots import root

NO_CELL = np.float32(0.5 * WALL)  # m: beds above are none
# Where Manning's discharge for the bed begins to replace the driven one, as a share of the limit,
# and how fast: as a whole at the limit.
STEEP_FROM, STEEP_START, STEEP_SLOPE = (np.float32(v) for v in (0.6, 1.5, 2.5))
TWO_THIRDS, FIVE_THIRDS = np.float32(2.0 / 3.0), np.float32(5.0 / 3.0)


@njit(**ROW)
def steeply(slowed, limit, fall, h, surface_fall, across, push, drag_series, roughness):
    """Discharge of a face and its limit (m2/s) where the bed goes on falling by `fall` (m a cell)
    in the flow's direction.

    limit : of the largest Froude number;  h : depth (m) of the cell that gives;  surface_fall (m);
    across : square of what flows across, t^2 (m4/s2);  roughness : sum of the two cells' squares.

    Beyond critical speed the equation without advection lets waves grow (the flood wave, 5/3 u,
    outruns sqrt(g h) from Froude 0.6 on) and a limit at Froude 1 makes the water too deep. There
    the flow is kinematic: Manning's discharge for the bed's slope and the upstream depth, k q
    sqrt(q^2 + t^2) = g h fall / dx. It replaces the discharge between 0.6 and 1 of the limit, as
    far as the surface falls by half of the bed's fall: not in a jump, not in a pond.
    """
    drag = friction_power(h, drag_series, roughness)
    rough = drag > STILL
    a = max((push * h * fall if rough else ZERO) / max(drag, STILL), FAINT)
    steady = root((a + a) * a / (across + root(across * across + (a + a) * (a + a))))
    share = min(max(STEEP_SLOPE * slowed / max(limit, FAINT) - STEEP_START, ZERO), ONE)
    share *= min(max((surface_fall + surface_fall) / max(fall, FAINT), ZERO), ONE)
    slowed += (share if steady > limit else ZERO) * (steady - slowed)
    return slowed, max(limit, steady)


@njit(**ROW)
def falls_on(z_before, z_left, z_right, z_after):
    """What the bed falls through a face (m, positive to the right): the least of three faces in a
    row, 0 where they do not fall alike. A kerb or a sill alone is no slope: over it the flow is
    critical. What lies behind an open edge, or a wall, does not count.
    """
    first, middle, last = z_before - z_left, z_left - z_right, z_right - z_after
    down = min(min(first, middle), last if z_after < NO_CELL else middle)
    up = max(max(first if z_before < NO_CELL else middle, middle), last)
    return max(down, ZERO) + min(up, ZERO)


@njit(**ROW)
def depth_of_signal(discharge, h_flow, scheme):
    """Depth (m) whose wave runs as fast as the fastest signal of a face: the flow depth, or of a
    flow beyond critical speed, u, that of 5/3 u - 2/3 sqrt(g h) (the flood wave runs with 5/3 u).
    """
    h = max(h_flow, scheme.dry_depth)
    speed, wave = abs(discharge) / h, root(scheme.gravity * h)
    signal = FIVE_THIRDS * speed - TWO_THIRDS * wave
    return signal * signal / scheme.gravity if speed > wave else h_flow
