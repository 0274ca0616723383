"""Which equations a scenario is run with: one rule from slopes, walls of water and structures, and
what the choice costs and gains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.ground.terrain import Terrain
from flood_sim.surface.structures import FaceStructure

REFERENCE_DEPTH_M = 0.1  # of street flow
# local inertial: depth within 1 % up to 0.8, 6 % off at 1.1, over 100 % at 3 (docs/theory.md)
LARGEST_FROUDE = 1.0
SLOPE_OVER_M = (
    25.0  # the bed is averaged over this width first: a kerb is no slope that street flow follows
)
STEEP_SHARE = 0.25  # of the active cells
# a step of the initial water surface between two wet neighbours, or wet against dry ground below it
WATER_WALL_M = 0.5
COST = 5.0  # times the surface's computing time a simulated second (benchmarks: 4 to 6)


@dataclass(frozen=True)
class SchemeChoice:
    """What the rule found: share of steep ground, highest wall of standing water (m), breaches, and
    the scheme it asks for.
    """

    scheme: str
    reason: str
    steep_share: float
    water_wall_m: float


def normal_froude(
    slope: np.ndarray, manning_n: np.ndarray, depth_m: float = REFERENCE_DEPTH_M
) -> np.ndarray:
    """Froude number of normal flow at a depth: sqrt(S) h^(1/6) / (n sqrt(g)) (Manning). slope (m/m)
    and manning_n (s/m^(1/3)) have one shape, which is the result's.
    """
    return np.sqrt(slope) * depth_m ** (1.0 / 6.0) / (manning_n * math.sqrt(GRAVITY_M_S2))


def ground_slope(terrain: Terrain) -> np.ndarray:
    """(rows, columns) slope of the bed averaged over SLOPE_OVER_M (active cells only), by central
    differences; 0 in inactive cells.
    """
    from scipy.ndimage import uniform_filter

    active, cell = terrain.active, terrain.grid.cell_size_m
    size = 2 * round(0.5 * SLOPE_OVER_M / cell) + 1
    level = float(terrain.bed_elevation[active].mean())
    share = uniform_filter(active.astype(float), size, mode="nearest")
    rise = uniform_filter(
        np.where(active, terrain.bed_elevation - level, 0.0), size, mode="nearest"
    )
    bed = np.where(active, rise / np.maximum(share, 1e-9), np.nan)
    parts = [_mean_difference(bed, axis) for axis in (0, 1)]
    return np.where(active, np.hypot(*parts) / cell, 0.0)


def _mean_difference(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean of the differences to the cell before and after along an axis, of those that are known;
    0 where none is.
    """
    rise = np.diff(values, axis=axis, prepend=np.nan, append=np.nan)
    count = values.shape[axis]
    before, after = (
        np.take(rise, range(count), axis=axis),
        np.take(rise, range(1, count + 1), axis=axis),
    )
    known = np.isfinite(before).astype(int) + np.isfinite(after)
    return np.asarray((np.nan_to_num(before) + np.nan_to_num(after)) / np.maximum(known, 1))


def water_wall(terrain: Terrain, depth: np.ndarray) -> float:
    """Highest step (m) of the initial water surface under depth (rows, columns) m: between wet
    cells, or from a wet cell down to dry ground beside it.
    """
    stage = np.where(terrain.active, terrain.bed_elevation + depth, np.nan)
    wet, highest = depth > 0.0, 0.0
    for axis in (0, 1):
        count = stage.shape[axis]
        if count < 2:
            continue
        a, b = (np.take(stage, r, axis=axis) for r in (range(count - 1), range(1, count)))
        wet_a, wet_b = (np.take(wet, r, axis=axis) for r in (range(count - 1), range(1, count)))
        step = np.where(np.where(a > b, wet_a, wet_b), np.abs(a - b), 0.0)
        depth_a, depth_b = (
            np.take(depth, r, axis=axis) for r in (range(count - 1), range(1, count))
        )
        step = np.minimum(
            step, np.where(a > b, depth_a, depth_b)
        )  # a film on a cliff is no wall of water
        highest = max(
            highest, float(np.nanmax(np.where(np.isfinite(step), step, 0.0), initial=0.0))
        )
    return highest


def choose_scheme(
    wanted: str, terrain: Terrain, depth: np.ndarray | float, structures: tuple[FaceStructure, ...]
) -> SchemeChoice:
    """The rule: second_order where more than a quarter of the ground carries 0.1 m of water faster
    than Froude 1, where water is let go from behind a wall (initial step over 0.5 m, a breach);
    local_inertial else. `wanted` other than "auto" is taken as it is, with the finding. depth :
    (rows, columns) m at the start, or one for all cells.
    """
    froude = normal_froude(ground_slope(terrain)[terrain.active], terrain.manning_n[terrain.active])
    steep = float((froude > LARGEST_FROUDE).mean())
    wall = water_wall(terrain, np.broadcast_to(np.asarray(depth, float), terrain.grid.shape))
    breaches = [s.name for s in structures if s.breach_begin_s is not None]
    said = (
        f"{steep:.0%} of the ground carries {REFERENCE_DEPTH_M:g} m of water faster than Froude"
        f" {LARGEST_FROUDE:g}"
    )
    if steep > STEEP_SHARE:
        found, why = "second_order", f"{said} (limit {STEEP_SHARE:.0%})"
    elif wall > WATER_WALL_M:
        found, why = (
            "second_order",
            f"a wall of water of {wall:.2f} m stands at the start (limit {WATER_WALL_M:g} m)",
        )
    elif breaches:
        found, why = "second_order", f"`{breaches[0]}` breaches"
    else:
        found, why = "local_inertial", f"{said}; from {STEEP_SHARE:.0%} on it would be second_order"
    if wanted == "auto":
        return SchemeChoice(found, f"auto: {why}", steep, wall)
    return SchemeChoice(
        wanted, f"named in the scenario; auto would take {found}: {why}", steep, wall
    )


def cost_line(scheme: str, reason: str) -> str:
    """What `check` prints: the scheme, why, and what the other one would cost or gain."""
    other = (
        f"local_inertial would take about 1/{COST:g} of the surface's time; where the flow is"
        " faster than Froude 1 its depths are 6 % off and more"
        if scheme == "second_order"
        else (
            f"second_order would take about {COST:g} times the surface's time and is right in"
            " hydraulic jumps, dam breaks and steep streets"
        )
    )
    return f"scheme: {scheme} ({reason}); {other}"
