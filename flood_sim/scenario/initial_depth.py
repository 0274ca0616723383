"""[initial] to the depth of water at the start."""

from __future__ import annotations

import numpy as np

from flood_sim.city import City
from flood_sim.core.errors import Finding, input_error
from flood_sim.core.files.map_keys import MapKeys
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.checks.levels import check_start
from flood_sim.scenario.doors.rasters import read_layer
from flood_sim.scenario.doors.vectors import AREA, read_geometries
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.ground import Initial, StageInside


def build_initial_depth(
    scenario: Scenario, terrain: Terrain, city: City | None, findings: list[Finding]
) -> np.ndarray:
    """Depth at the start (rows, columns) m: the deepest of what [initial] and the city say."""
    spec = scenario.spec.initial
    depth = _given_depth(scenario, spec, terrain)
    ground = np.nan_to_num(terrain.bed_elevation, nan=np.inf)
    for stage in spec.stage:
        inside = _inside(scenario, stage, terrain)
        depth = np.maximum(depth, np.where(inside, np.maximum(stage.level_m - ground, 0.0), 0.0))
    check_start(terrain, depth, isinstance(spec.depth, str | MapKeys), findings)
    if city is not None:
        depth = np.maximum(depth, city.initial_depth())
    return np.where(terrain.active, depth, 0.0)


def _given_depth(scenario: Scenario, spec: Initial, terrain: Terrain) -> np.ndarray:
    place = "[initial] depth"
    if isinstance(spec.depth, str | MapKeys):
        given = read_layer(scenario.map(spec.depth, place), terrain.grid)
        if np.isinf(given).any():
            raise input_error(
                "E222", place, "the raster holds infinite depths", do="mend the raster"
            )
        depth = np.nan_to_num(given)
    else:
        depth = np.full(terrain.grid.shape, spec.depth)
    if (depth < 0.0).any():
        raise input_error(
            "E104", place, "a depth below zero", given=f"{depth.min():g} m", allowed=">= 0"
        )
    return depth


def _inside(scenario: Scenario, stage: StageInside, terrain: Terrain) -> np.ndarray:
    """(rows, columns) bool: cells in which a stage stands."""
    if stage.inside is None:
        return np.ones(terrain.grid.shape, bool)
    inside = np.zeros(terrain.grid.shape, bool)
    source = scenario.map(stage.inside, "[initial] stage")
    for shape in read_geometries(source, terrain.grid, (AREA,)):
        inside |= terrain.grid.cells_in(shape)
    return inside
