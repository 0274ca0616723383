"""What happens at the model's edge and where water is put in: closed, free outflow, stage series,
discharge series, point inflow.

Closed is what every edge is without a boundary. Here they are resolved to cells and faces; the
surface applies them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from flood_sim.core.errors import input_error
from flood_sim.core.grid import Grid
from flood_sim.ground.terrain import Terrain

SIDES = {"north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}
LEAST_OUTFLOW_SLOPE = 1.0e-3  # free outflow where the bed does not fall towards the edge


@dataclass(frozen=True)
class Series:
    """A value in time: time_s (n,) ascending, value (n,); linear between points, constant
    outside. source : file, rows and what counts where it has none, for the reader.
    """

    time_s: np.ndarray
    value: np.ndarray
    source: str = ""

    def at(self, time_s: float) -> float:
        """The value at a time."""
        return float(np.interp(time_s, self.time_s, self.value))

    def integral(self, start_s: float, stop_s: float) -> float:
        """Exact integral of the piecewise linear series."""
        inner = self.time_s[(self.time_s > start_s) & (self.time_s < stop_s)]
        times = np.concatenate([[start_s], inner, [stop_s]])
        return float(np.trapezoid(np.interp(times, self.time_s, self.value), times))


def constant(value: float) -> Series:
    """A series that never changes."""
    return Series(np.zeros(1), np.full(1, value))


@dataclass(frozen=True)
class EdgeBoundary:
    """Open faces at the model's edge.

    cells : (n, 2) int64 row, column of the inner cells;  sides : (n, 2) step to the ghost cell
    beyond;
    stage : m, None for free outflow;  slope : fall of the bed beyond the edge (free outflow), None:
    the bed's own.
    """

    name: str
    cells: np.ndarray
    sides: np.ndarray
    stage: Series | None = None
    slope: float | None = None


@dataclass(frozen=True)
class Inflow:
    """Water put into cells, spread evenly: cells (n, 2), discharge m3/s >= 0."""

    name: str
    cells: np.ndarray
    discharge: Series


@dataclass(frozen=True)
class EdgeInflow:
    """A discharge through open faces at the model's edge, spread evenly, with the momentum of water
    that deep.

    cells (n, 2), sides (n, 2) as of an EdgeBoundary; discharge m3/s >= 0; stage m: level of what
    enters, where the flow is supercritical; None: as deep as the cell it enters, at least critical.
    """

    name: str
    cells: np.ndarray
    sides: np.ndarray
    discharge: Series
    stage: Series | None = None


@dataclass(frozen=True)
class Transect:
    """A line whose discharge is recorded: faces by (is_x, row, column of the cell right of or below
    the face, sign).
    """

    name: str
    is_x: np.ndarray
    cells: np.ndarray
    sign: np.ndarray


def edge_faces(
    terrain: Terrain, selected: np.ndarray, side: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Cells (n, 2) and sides (n, 2) where a selected active cell touches the outside (of the
    raster, or ground it does not have).

    side : "north", "south", "west", "east" keeps one direction; None takes all. Buildings and holes
    inside are never an edge.
    """
    beyond = np.pad(_connected_outside(terrain), 1, constant_values=True)
    cells, sides = [], []
    for name, (down, right) in SIDES.items():
        if side not in (None, name):
            continue
        shape = terrain.grid.shape
        neighbour = beyond[1 + down : 1 + down + shape[0], 1 + right : 1 + right + shape[1]]
        found = np.argwhere(selected & terrain.active & neighbour)
        cells.append(found)
        sides.append(np.tile([down, right], (len(found), 1)))
    return np.concatenate(cells).astype(np.int64), np.concatenate(sides).astype(np.int64)


def _connected_outside(terrain: Terrain) -> np.ndarray:
    """Cells without ground that connect to the raster's frame."""
    from scipy.ndimage import label

    parts, _ = label(np.pad(terrain.outside, 1, constant_values=True))
    return (parts == parts[0, 0])[1:-1, 1:-1]


def transect_along(
    terrain: Terrain,
    name: str,
    points_m: list[tuple[float, float]],
    place: str = "[output] sections",
) -> Transect:
    """Faces crossed by a polyline; positive discharge goes from the left of the line (seen along
    it) to its right. Raises InputError where it leaves the grid or crosses no face.
    """
    grid = terrain.grid
    at = tuple((float(x), float(y)) for x, y in points_m)
    _refuse_far(grid, name, points_m, place)
    faces = list(_crossed(_lattice_path(grid, points_m)))
    inside = [f for f in faces if 0 <= f[1] < grid.rows and 0 <= f[2] < grid.columns]
    if not inside:
        raise input_error(
            "E205",
            f"{place}, `{name}`",
            "no face of the grid lies on this line",
            allowed=repr(grid),
            at=at,
        )
    return Transect(
        name,
        np.array([f[0] for f in inside]),
        np.array([f[1:3] for f in inside], np.int64),
        np.array([f[3] for f in inside]),
    )


def _refuse_far(grid: Grid, name: str, points_m: list[tuple[float, float]], place: str) -> None:
    """Raises InputError where a line leaves the grid by more than the grid's own length."""
    west, south, east, north = grid.bounds
    beyond = max((max(west - x, x - east, south - y, y - north) for x, y in points_m), default=0.0)
    if not beyond <= max(east - west, north - south):
        raise input_error(
            "E204",
            f"{place}, `{name}`",
            f"the line leaves the grid by {beyond:.4g} m",
            allowed=repr(grid),
            do="check its coordinates and their order",
            at=tuple((float(x), float(y)) for x, y in points_m),
        )


def _lattice_path(grid: Grid, points_m: list[tuple[float, float]]) -> list[tuple[int, int]]:
    """Corners of the grid's cells (row, column) along a polyline."""
    path: list[tuple[int, int]] = []
    for (x0, y0), (x1, y1) in pairwise(points_m):
        count = max(2, int(4 * np.hypot(x1 - x0, y1 - y0) / grid.cell_size_m))
        rows = np.rint((grid.north_m - np.linspace(y0, y1, count)) / grid.cell_size_m).astype(int)
        columns = np.rint((np.linspace(x0, x1, count) - grid.west_m) / grid.cell_size_m).astype(int)
        path += list(zip(rows.tolist(), columns.tolist(), strict=True))
    return path


def _crossed(path: list[tuple[int, int]]) -> Iterator[tuple[bool, int, int, float]]:
    """Faces (is_x, row, column, sign) between the corners of a path: walking east it is a y face
    (south of it is right of the line), walking south an x face.
    """
    for (r0, c0), (r1, c1) in pairwise(path):
        while r0 != r1:
            step = 1 if r1 > r0 else -1
            yield True, min(r0, r0 + step), c0, -1.0 if step > 0 else 1.0
            r0 += step
        while c0 != c1:
            step = 1 if c1 > c0 else -1
            yield False, r0, min(c0, c0 + step), 1.0 if step > 0 else -1.0
            c0 += step
