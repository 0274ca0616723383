"""Inlets in a gutter with flow: what HEC-22 wants to know of each, and what the ground gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from flood_kernels import arrays
from flood_sim.core.units import FOOT_M
from flood_sim.ground.terrain import Terrain
from flood_sim.surface.faces import FaceGroup

# Splash-over speed, ft/s, of a length L in ft: a + b L - c L^2 + d L^3 (HEC-22 chart 5, as fitted
# in SWMM's source)
SPLASH_OVER: dict[str, tuple[float, float, float, float]] = {
    "p_50": (2.22, 4.03, 0.65, 0.06),
    "p_50x100": (0.74, 2.44, 0.27, 0.02),
    "p_30": (1.76, 3.12, 0.45, 0.03),
    "curved_vane": (0.30, 4.85, 1.31, 0.15),
    "tilt_bar_45": (0.99, 2.64, 0.36, 0.03),
    "tilt_bar_30": (0.51, 2.34, 0.20, 0.01),
    "reticuline": (0.28, 2.28, 0.18, 0.01),
}
LEAST_SLOPE = 0.001  # along the street: flatter ground has no gutter with flow


@dataclass(frozen=True)
class OnGrade:
    """The gutter of an inlet, and its size there. Lengths in m, slopes in m/m.

    length_m : along the kerb, of one inlet, after clogging;  grate_width_m : across the gutter, 0
    for a kerb opening or a slot;  count : inlets, each in a gutter of its own;  gutter_width_m :
    at gutter_slope, 0 where cross_slope reaches the kerb;  long_slope, manning_n : None for those
    of the cell.
    """

    length_m: float
    grate_width_m: float = 0.0
    grate: str = "reticuline"
    count: float = 1.0
    cross_slope: float = 0.02
    gutter_width_m: float = 0.0
    gutter_slope: float = 0.0
    long_slope: float | None = None
    manning_n: float | None = None


class _Opening(Protocol):
    """What is read of an Inlet."""

    @property
    def row(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def on_grade(self) -> OnGrade | None: ...


def splash_over(grate: str) -> tuple[float, ...]:
    """Coefficients of the splash-over speed in m/s for a length in m, as the kernel has them."""
    return tuple(c * FOOT_M ** (1 - power) for power, c in enumerate(SPLASH_OVER[grate]))


def bed_fall(terrain: Terrain, row: int, column: int) -> float:
    """Slope (m/m) from a cell down to its lower neighbours, along x and y together; 0 in a pit."""
    bed, fall = terrain.bed_elevation, [0.0, 0.0]
    for axis, side in ((0, -1), (0, 1), (1, -1), (1, 1)):
        cell = (row + side, column) if axis == 0 else (row, column + side)
        if bool(terrain.grid.contains(*cell)) and terrain.active[cell]:
            fall[axis] = max(fall[axis], float(bed[row, column] - bed[cell]))
    return math.hypot(*fall) / terrain.grid.cell_size_m


def make_gutters(order: Sequence[_Opening], terrain: Terrain | None) -> arrays.OnGrade:
    """The kernel's gutters of inlets in its order; terrain : of those that have a gutter."""
    table, splash = np.zeros((8, len(order))), np.zeros((len(order), 4))
    table[3:] = 1.0  # never read where there is no gutter
    for k, inlet in enumerate(order):
        if inlet.on_grade is not None and terrain is not None:
            table[:, k] = _numbers(inlet.on_grade, terrain, inlet.row, inlet.column)
            splash[k] = splash_over(inlet.on_grade.grate)
    return arrays.OnGrade(
        *table[:3].copy(),
        splash,
        *table[3:].copy(),
        np.zeros((len(order), 4), np.int64),
        *np.zeros((2, len(order))),
    )


def gutter_faces(row: np.ndarray, column: np.ndarray) -> FaceGroup:
    """The four faces of cells (n,) padded: left, right, above, below, cell after cell."""
    rows = row[:, None] + np.array([0, 0, 0, 1])
    columns = column[:, None] + np.array([0, 1, 0, 0])
    is_x = np.tile([True, True, False, False], row.size)
    return FaceGroup(is_x, rows.ravel(), columns.ravel(), np.ones(is_x.size))


def _numbers(gutter: OnGrade, terrain: Terrain, row: int, column: int) -> tuple[float, ...]:
    slope, n = gutter.long_slope, gutter.manning_n
    if slope is None:
        slope = bed_fall(terrain, row, column)
    if n is None:
        n = float(np.broadcast_to(terrain.manning_n, terrain.grid.shape)[row, column])
    return (
        gutter.count if slope >= LEAST_SLOPE else 0.0,
        gutter.length_m,
        gutter.grate_width_m,
        gutter.cross_slope,
        gutter.gutter_width_m,
        gutter.gutter_slope if gutter.gutter_width_m > 0.0 else gutter.cross_slope,
        max(slope, LEAST_SLOPE),
        n,
    )
