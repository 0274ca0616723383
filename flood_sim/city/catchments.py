"""Which ground drains to which node when pipes alone are asked: the nearest one."""

from __future__ import annotations

import numpy as np

from flood_sim.simulation.inputs import DrainageInputs, ModelInputs


def nearest_node_areas(inputs: ModelInputs, drainage: DrainageInputs) -> dict[str, float]:
    """Node to the catchment (m2, roofs included) that lies nearest to one of its openings; water
    bodies at the start drain to none.
    """
    from scipy.spatial import cKDTree

    places = [(name, cell) for name, cells in drainage.return_cells.items() for cell in cells]
    if not places:
        return {}
    terrain = inputs.terrain
    land = terrain.active & (np.asarray(inputs.initial_depth) <= 0.05)
    cells = np.argwhere(land)
    _, index = cKDTree([cell for _, cell in places]).query(cells)
    weight = np.bincount(index, terrain.rain_weight[land], len(places)) * terrain.grid.cell_area_m2
    areas: dict[str, float] = {}
    for (name, _), area in zip(places, weight.tolist(), strict=True):
        areas[name] = areas.get(name, 0.0) + area
    return areas
