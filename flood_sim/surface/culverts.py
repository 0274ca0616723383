"""Culverts by FHWA's HDS-5: headwater under inlet control and under outlet control, as a table of
discharge over headwater.

FHWA, Hydraulic Design of Highway Culverts, HDS-5 (FHWA-HIF-12-026, 2012), equations A.1 to A.3 and
3.1 to 3.6; the constants of its table A.1 (SWMM's culvert codes) are recalled. SI: Ku = 1.811.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flood_kernels.arrays import DEEPEST_RATED
from flood_sim.core.constants import GRAVITY_M_S2

KU = 1.811
UNSUBMERGED, SUBMERGED = (
    3.5,
    4.0,
)  # Ku Q / (A D^0.5) up to which, and from which on, the equations hold
# of a table, evenly spaced in the root of the headwater: discharge is nearly linear in it when
# drowned
POINTS = 129


@dataclass(frozen=True)
class Inlet:
    """Constants of an inlet: form 1 or 2 of the unsubmerged equation, K, M; c, Y of the submerged
    one; share of the slope in both.
    """

    form: int
    k: float
    m: float
    c: float
    y: float
    slope: float = -0.5


INLETS: dict[str, tuple[str, Inlet]] = {
    "circular_concrete_square_edge": ("circular", Inlet(1, 0.0098, 2.0, 0.0398, 0.67)),
    "circular_concrete_groove_headwall": ("circular", Inlet(1, 0.0018, 2.0, 0.0292, 0.74)),
    "circular_concrete_groove_projecting": ("circular", Inlet(1, 0.0045, 2.0, 0.0317, 0.69)),
    "circular_metal_headwall": ("circular", Inlet(1, 0.0078, 2.0, 0.0379, 0.69)),
    "circular_metal_mitred": ("circular", Inlet(1, 0.0210, 1.33, 0.0463, 0.75, 0.7)),
    "circular_metal_projecting": ("circular", Inlet(1, 0.0340, 1.5, 0.0553, 0.54)),
    "box_wingwalls_30_75": ("box", Inlet(1, 0.0260, 1.0, 0.0347, 0.81)),
    "box_wingwalls_90_15": ("box", Inlet(1, 0.0610, 0.75, 0.0400, 0.80)),
    "box_wingwalls_0": ("box", Inlet(1, 0.0610, 0.75, 0.0423, 0.82)),
    "box_headwall_chamfered": ("box", Inlet(2, 0.515, 0.667, 0.0375, 0.79)),
    "box_headwall_bevelled": ("box", Inlet(2, 0.495, 0.667, 0.0314, 0.82)),
}


@dataclass(frozen=True)
class Barrel:
    """One barrel: box of height x width, or circular (width = height = diameter), m."""

    circular: bool
    height_m: float
    width_m: float

    @property
    def area_m2(self) -> float:
        return np.pi * self.height_m**2 / 4.0 if self.circular else self.height_m * self.width_m

    @property
    def radius_m(self) -> float:
        """Hydraulic radius, full."""
        return (
            self.height_m / 4.0
            if self.circular
            else self.area_m2 / (2.0 * (self.height_m + self.width_m))
        )

    def critical(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Discharge (m3/s), critical depth and specific head (m) there, for depths from 0 to nearly
        full.
        """
        depth = np.linspace(0.0, 0.999 if self.circular else 1.0, 2000)[1:] * self.height_m
        if self.circular:
            angle = 2.0 * np.arccos(1.0 - 2.0 * depth / self.height_m)
            area = self.height_m**2 / 8.0 * (angle - np.sin(angle))
            top = self.height_m * np.sin(angle / 2.0)
        else:
            area, top = self.width_m * depth, np.full(depth.size, self.width_m)
        return area * np.sqrt(GRAVITY_M_S2 * area / top), depth, depth + 0.5 * area / top


def inlet_headwater(
    barrel: Barrel, inlet: Inlet, slope: float, discharge: np.ndarray
) -> np.ndarray:
    """Headwater over the inlet's invert (m) that a barrel needs under inlet control. Between both
    equations: a straight line.
    """
    height = barrel.height_m
    x = KU * discharge / (barrel.area_m2 * np.sqrt(height))
    flow, _, head = barrel.critical()
    critical = np.interp(discharge, flow, head)

    def open_(at: np.ndarray, critical_head: np.ndarray) -> np.ndarray:
        term = inlet.k * at**inlet.m
        return np.maximum(
            (
                critical_head + height * (term + inlet.slope * slope)
                if inlet.form == 1
                else height * term
            ),
            0.0,
        )

    def drowned(at: float | np.ndarray) -> np.ndarray:
        return np.asarray(height * (inlet.c * np.square(at) + inlet.y + inlet.slope * slope))

    limit = UNSUBMERGED / KU * barrel.area_m2 * np.sqrt(height)
    low, high = (
        open_(np.array([UNSUBMERGED]), np.interp([limit], flow, head))[0],
        drowned(SUBMERGED),
    )
    between = low + (x - UNSUBMERGED) / (SUBMERGED - UNSUBMERGED) * (high - low)
    return np.where(
        x <= UNSUBMERGED, open_(x, critical), np.where(x >= SUBMERGED, drowned(x), between)
    )


def outlet_headwater(
    barrel: Barrel, loss: float, fall_m: float, discharge: np.ndarray
) -> np.ndarray:
    """Headwater over the inlet's invert (m) under outlet control with a free outlet: (d_c + D) / 2
    + losses - fall of the barrel.
    """
    flow, depth, _ = barrel.critical()
    standing = 0.5 * (np.interp(discharge, flow, depth) + barrel.height_m)
    return standing + loss * (discharge / barrel.area_m2) ** 2 / (2.0 * GRAVITY_M_S2) - fall_m


def rating(barrel: Barrel, inlet: Inlet, loss: float, length_m: float, fall_m: float) -> np.ndarray:
    """(POINTS,) discharge of one barrel (m3/s) at headwaters 0 to DEEPEST_RATED heights, free
    outlet: the larger headwater of both controls rules.

    Outlet control counts where the barrel runs full or nearly so (headwater above 0.75 D, HDS-5
    3.3.3).
    """
    most = 4.0 * barrel.area_m2 * np.sqrt(2.0 * GRAVITY_M_S2 * DEEPEST_RATED * barrel.height_m)
    discharge = most * np.linspace(0.0, 1.0, 20_001) ** 2
    need = inlet_headwater(barrel, inlet, fall_m / length_m, discharge)
    outlet = outlet_headwater(barrel, loss, fall_m, discharge)
    need = np.where(
        outlet > 0.75 * barrel.height_m,
        np.maximum(need, np.where(discharge > 0.0, outlet, 0.0)),
        need,
    )
    need = np.maximum.accumulate(need)
    heads = table_heads(barrel.height_m)
    return np.asarray(
        np.where(
            heads > 0.0,
            discharge[np.maximum(np.searchsorted(need, heads, side="right") - 1, 0)],
            0.0,
        )
    )


def table_heads(height_m: float) -> np.ndarray:
    """Headwaters (points,) m of a table."""
    return DEEPEST_RATED * height_m * np.linspace(0.0, 1.0, POINTS) ** 2


def plain_rating(height_m: float, width_m: float) -> np.ndarray:
    """Discharge (points,) m3/s at `table_heads`, without a named inlet: the lesser of a weir and an
    orifice of the barrel's size.
    """
    heads = table_heads(height_m)
    weir = 1.7 * width_m * heads**1.5
    orifice = (
        0.6
        * width_m
        * np.minimum(heads, height_m)
        * np.sqrt(2.0 * GRAVITY_M_S2 * np.maximum(heads - 0.5 * height_m, 0.5 * heads))
    )
    return np.minimum(weir, orifice)
