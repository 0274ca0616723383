"""Open channels on the grid: the cells that one digs, and the box culverts under what it may not
cut (streets, dykes).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flood_sim.core.grid import Grid
from flood_sim.surface.culverts import INLETS, Barrel, rating
from flood_sim.surface.structures import Culvert, barrel_loss

WIDEST_RISE_M = 10.0  # height over the bottom up to which sloping sides are dug
INLET = "box_wingwalls_30_75"
MANNING_N, ENTRY_AND_EXIT = (
    0.015,
    (
        0.4,
        1.0,
    ),
)  # of a concrete box with wing walls (HDS-5, table C.2)

Level = Callable[[Any], Any]  # chainage m to level of the bottom m


def channel_cells(
    grid: Grid, open_cells: np.ndarray, line: Any, bottom_m: float, side_slope: float, level: Level
) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) cells along a shapely line and (n,) level m that each is wanted at; sides of 1 to
    side_slope (0: vertical).

    On the grid a channel is as wide as its cells: those whose centre lies within half the bottom
    width.
    """
    import shapely

    reach = 0.5 * bottom_m + side_slope * WIDEST_RISE_M
    cells = np.argwhere(grid.cells_in(line.buffer(reach, cap_style="flat")) & open_cells)
    points = shapely.points(grid.x_m[cells[:, 1]], grid.y_m[cells[:, 0]])
    away, along = shapely.distance(line, points), shapely.line_locate_point(line, points)
    rise = (
        np.maximum(away - 0.5 * bottom_m, 0.0) / side_slope
        if side_slope > 0.0
        else np.where(away <= 0.5 * bottom_m, 0.0, np.inf)
    )
    return cells, level(along) + rise


def crossings(
    name: str,
    grid: Grid,
    line: Any,
    kept: np.ndarray,
    level: Level,
    barrel: Barrel,
    flap: bool,
) -> tuple[Culvert, ...]:
    """A box culvert for each run of kept cells on the line, between the cells before and behind it,
    inverts at the channel's bottom.

    kept : (rows, columns) bool, cells that stay as they are;  barrel : a box;  flap : nothing comes
    back through the last one. A run at an end of the line has no culvert: no channel waits behind
    it.
    """
    import shapely

    steps = np.linspace(0.0, line.length, max(2, int(4.0 * line.length / grid.cell_size_m) + 1))
    points = shapely.line_interpolate_point(line, steps)
    way = np.column_stack(grid.cell_at(shapely.get_x(points), shapely.get_y(points)))
    way = way[grid.contains(way[:, 0], way[:, 1])]
    way = way[np.r_[True, (np.diff(way, axis=0) != 0).any(axis=1)]]
    shut = kept[tuple(way.T)]
    starts, stops = np.flatnonzero(~shut[:-1] & shut[1:]), np.flatnonzero(shut[:-1] & ~shut[1:]) + 1
    pairs = [(a, int(stops[stops > a][0])) for a in starts.tolist() if (stops > a).any()]
    found = []
    for number, (a, b) in enumerate(pairs, start=1):
        ends = way[[a, b]]
        place = shapely.points(grid.x_m[ends[:, 1]], grid.y_m[ends[:, 0]])
        upper, lower = (float(v) for v in level(shapely.line_locate_point(line, place)))
        length = float(shapely.distance(place[0], place[1]))
        loss = barrel_loss(length, barrel.radius_m, MANNING_N, *ENTRY_AND_EXIT)
        laws = (
            rating(barrel, INLETS[INLET][1], loss, length, upper - lower),
            rating(barrel, INLETS[INLET][1], loss, length, lower - upper),
        )
        cells = [(int(r), int(c)) for r, c in ends]
        found.append(
            Culvert(
                f"{name}.{number}",
                cells[0],
                cells[1],
                upper,
                lower,
                barrel.height_m,
                barrel.area_m2,
                loss,
                laws,
                flap and number == len(pairs),
            )
        )
    return tuple(found)
