"""Which polygons the grid knows nothing of."""

from __future__ import annotations

from typing import Any

import numpy as np

from flood_sim.core.grid import Grid
from flood_sim.scenario.doors.map_source import MapSource

MOST_LOOKED = 4096  # cells of a polygon, one by one


def say_traceless(
    source: MapSource, shapes: list[Any], number: np.ndarray, grid: Grid, finer: int = 1
) -> None:
    """W245: polygons on the grid that no cell knows of."""
    lost = traceless(shapes, grid, finer)
    if not lost:
        return
    middles = [shapes[k].centroid for k in lost[:1000]]
    first = shapes[lost[0]]
    width = 2.0 * first.area / max(first.length, 1e-9)
    source.doubt(
        "W245",
        f"{len(lost)} of {len(shapes)} polygons cover no centre of a cell: they leave no trace",
        given=f"feature {number[lost[0]]}, about {width:.1f} m wide, on cells of"
        f" {grid.cell_size_m:g} m",
        do='use smaller cells; a wall is a [[structures]] kind = "wall"; houses: building_treatment'
        ' = "porosity"',
        at=tuple((float(m.x), float(m.y)) for m in middles),
    )


def traceless(shapes: list[Any], grid: Grid, finer: int = 1) -> list[int]:
    """Numbers (from 0) of the polygons that meet the grid and hold no centre of its cells, or of
    their parts.
    """
    import shapely

    size = grid.cell_size_m / finer
    gw, gs, ge, gn = grid.bounds
    lost = []
    for k, (w, s, e, n) in enumerate(shapely.bounds(np.array(shapes, object)).tolist()):
        if w > ge or e < gw or s > gn or n < gs:
            continue
        columns = np.arange(np.floor((max(w, gw) - gw) / size), np.ceil((min(e, ge) - gw) / size))
        rows = np.arange(np.floor((gn - min(n, gn)) / size), np.ceil((gn - max(s, gs)) / size))
        large = len(columns) * len(rows) > MOST_LOOKED
        if large and not shapes[k].buffer(-size).is_empty:  # wider than a cell somewhere
            continue
        x, y = np.meshgrid(gw + (columns + 0.5) * size, gn - (rows + 0.5) * size)
        if not shapely.contains_xy(shapes[k], x, y).any():
            lost.append(k)
    return lost
