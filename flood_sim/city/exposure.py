"""Roads, buildings and people of the reference city on its grid."""

from __future__ import annotations

import numpy as np

from flood_sim.city.ground import LANE, PRIMARY, SECONDARY, Ground
from flood_sim.city.parameters import ORIGIN_M, CityParameters, draw
from flood_sim.city.sites import PEOPLE_PER_KM2, floors_of
from flood_sim.city.streets import Plan
from flood_sim.exposure import USES, Exposure

USE_OF = {"home": "residential", "factory": "industrial"}  # all else is commercial
LOW_FLOOR_M, FLOOR_M, LOW_FLOOR_SHARE = 0.15, 0.30, 0.15  # ground floors over the pavement; low ones in the old parts


def city_exposure(p: CityParameters, plan: Plan, ground: Ground) -> Exposure:
    """Buildings are connected pieces of building cells; people live in homes, by floor area."""
    from scipy.ndimage import label

    building, count = label(ground.buildings)
    part = _part_of(plan, ground)
    first = np.unique(building, return_index=True)[1][1:] if count else np.zeros(0, np.int64)
    parts = [plan.parts[k] if k >= 0 else None for k in part.ravel()[first]]
    cells = np.bincount(building.ravel(), minlength=count + 1)[1:].astype(float)
    area = cells * ground.grid.cell_area_m2
    use = np.array([USES.index(USE_OF.get(q.use, "commercial") if q is not None else "commercial") for q in parts], np.int64)
    floors = np.array([floors_of(p, q) if q is not None else 1 for q in parts], float)
    old = np.array([q is not None and q.year == "old" and draw(p.seed, q.name, k, "low floor") < LOW_FLOOR_SHARE for k, q in enumerate(parts)], bool)
    homes = np.where(use == USES.index("residential"), area * floors, 0.0)
    people = PEOPLE_PER_KM2 * p.side_m**2 / 1e6 * homes / homes.sum() if homes.any() else homes
    roads = np.isin(ground.land_use, (PRIMARY, SECONDARY, LANE)).astype(float)
    return Exposure(roads, building.astype(np.int32), use, floors, np.where(old, LOW_FLOOR_M, FLOOR_M), area, people)


def _part_of(plan: Plan, ground: Ground) -> np.ndarray:
    """(rows, columns) index of the part that a cell's centre lies in, -1 outside all."""
    x, y = ground.grid.x_m - ORIGIN_M[0], ground.grid.y_m - ORIGIN_M[1]
    part = np.full(ground.grid.shape, -1, np.int64)
    for k, q in enumerate(plan.parts):
        rows, columns = np.flatnonzero((y >= q.y0) & (y < q.y1)), np.flatnonzero((x >= q.x0) & (x < q.x1))
        if rows.size and columns.size:
            part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = k
    return part
