"""[[boundaries]] of a scenario to edges and inflows of the grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.boundaries import EdgeBoundary, EdgeInflow, Inflow, Series, constant, edge_faces
from flood_sim.city import City
from flood_sim.city.ground import DYKE, RIVER
from flood_sim.city.parameters import STREET_LEVEL_M
from flood_sim.errors import Finding, input_error, nearest
from flood_sim.scenario import files
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.places import open_cell
from flood_sim.scenario.schema import EdgeSpec
from flood_sim.terrain import Terrain
from flood_sim.units import hours_to_s


def build_boundaries(scenario: Scenario, terrain: Terrain, findings: list[Finding]) -> tuple[list[EdgeBoundary], list[Inflow], list[EdgeInflow]]:
    """[[boundaries]]: open edges, inflows in cells, inflows through edges. Raises InputError with number, key and way out."""
    edges: list[EdgeBoundary] = []
    through: list[EdgeInflow] = []
    inflows: list[Inflow] = []
    for number, spec in enumerate(scenario.spec.boundaries, start=1):
        place = f"{scenario.path.name}, [[boundaries]] {number} ({spec.kind})"
        boundary: Any = spec
        if spec.kind == "closed":
            continue
        if spec.kind == "point_inflow":
            inflows.append(Inflow(boundary.name, _cell(terrain, boundary.location_m, place), _series(scenario, boundary, "discharge_m3_s", place)))
        elif spec.kind == "discharge_series" and boundary.edge is not None:
            cells, sides = _edge_cells(scenario, terrain, boundary.edge, place)
            level = None if boundary.level_m is None else constant(boundary.level_m)
            through.append(EdgeInflow(f"inflow {number}", cells, sides, _series(scenario, boundary, "discharge_m3_s", place), level))
        elif spec.kind == "discharge_series":
            inflows.append(
                Inflow(f"inflow {number}", _inflow_cells(scenario, terrain, boundary, place), _series(scenario, boundary, "discharge_m3_s", place))
            )
        else:
            cells, sides = _edge_cells(scenario, terrain, boundary.edge, place)
            stage = _series(scenario, boundary, "level_m", place) if spec.kind == "stage_series" else None
            slope = (np.inf if boundary.critical else boundary.slope) if spec.kind == "free_outflow" else None
            edges.append(EdgeBoundary(f"{spec.kind} {number}", cells, sides, stage, slope))
    return edges, inflows, through


def _series(scenario: Scenario, spec: Any, key: str, place: str) -> Series:
    number = getattr(spec, key)
    if number is not None:
        return constant(float(number))
    series = files.read_series(scenario.file(spec.file, place), key, scenario.spec.time.start)
    if key == "discharge_m3_s" and (series.value < 0.0).any():
        raise input_error(
            "E408", f"{place}, {spec.file}", "a discharge below zero", given=f"{series.value.min():g} m3/s", do="an abstraction is not implemented"
        )
    return series


def _cell(terrain: Terrain, location_m: tuple[float, float], place: str) -> np.ndarray:
    return np.array([open_cell(terrain, location_m, place)], np.int64)


def _edge_cells(scenario: Scenario, terrain: Terrain, edge: Any, place: str) -> tuple[np.ndarray, np.ndarray]:
    everywhere = np.ones(terrain.grid.shape, bool)
    if edge == "all":
        cells, sides = edge_faces(terrain, everywhere)
    elif edge in ("north", "south", "west", "east"):
        cells, sides = edge_faces(terrain, everywhere, edge)
    elif isinstance(edge, str) and not Path(edge).suffix:
        names = ("all", "north", "south", "west", "east")
        raise input_error(
            "E104",
            place,
            f"unknown edge{nearest(edge, names)}",
            given=edge,
            allowed=", ".join(names) + ", a polygon or line file, { line_m = [...] }",
        )
    else:
        cells, sides = edge_faces(terrain, _selected(scenario, terrain, edge, place))
    if not len(cells):
        raise input_error(
            "E204",
            place,
            "no open cell of the model's edge lies there",
            given=str(edge),
            do="name a side, or give a line or polygon that touches edge cells",
        )
    return cells, sides


def _selected(scenario: Scenario, terrain: Terrain, edge: Any, place: str) -> np.ndarray:
    """Cells within one cell of the line or inside the polygon."""
    import shapely

    shapes = [shapely.LineString(edge.line_m)] if isinstance(edge, EdgeSpec) else files.read_geometries(scenario.file(str(edge), place), terrain.grid)
    mask = np.zeros(terrain.grid.shape, bool)
    for shape in shapes:
        wide = shape if shape.geom_type.endswith("Polygon") else shapely.buffer(shape, terrain.grid.cell_size_m, cap_style="flat")
        mask |= terrain.grid.cells_in(wide, touched=True)
    return mask


def _inflow_cells(scenario: Scenario, terrain: Terrain, spec: Any, place: str) -> np.ndarray:
    cells = np.argwhere(_selected(scenario, terrain, spec.polygon, place) & terrain.active)
    if not len(cells):
        raise input_error("E204", place, "no open cell lies in the polygon", given=str(spec.polygon))
    return cells.astype(np.int64)


def city_edges(city: City, terrain: Terrain) -> list[EdgeBoundary]:
    """The river's stage at both ends of its reach."""
    river = np.isin(city.ground.land_use, (RIVER, DYKE))
    parts = [edge_faces(terrain, river, side) for side in ("west", "east")]
    table = np.array(city.parameters.river_stage_h_m)
    stage = Series(hours_to_s(1.0) * table[:, 0], STREET_LEVEL_M + table[:, 1])
    return [EdgeBoundary("river", np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]), stage)]
