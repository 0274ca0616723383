"""The grid and the bed of a scenario: a raster clipped and resampled, a laboratory plane, or a bed
from the rims of a network.
"""

from __future__ import annotations

import numpy as np

from flood_sim.core.errors import Finding, input_error
from flood_sim.core.grid import Grid
from flood_sim.drainage.inp import InpFile, read_inp
from flood_sim.scenario.doors import systems
from flood_sim.scenario.doors.heights import read_bed
from flood_sim.scenario.doors.rasters import read_grid
from flood_sim.scenario.doors.vectors import AREA, read_geometries
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.ground import FlatBed, FromRims, TerrainSpec


def build_bed(
    scenario: Scenario, spec: TerrainSpec, findings: list[Finding]
) -> tuple[Grid, np.ndarray]:
    """Grid and bed elevation (rows, columns) m, NaN outside the model."""
    if isinstance(spec.bed_elevation, FlatBed):
        return _laboratory_bed(spec.bed_elevation)
    if isinstance(spec.bed_elevation, FromRims):
        return _bed_from_rims(scenario, spec.bed_elevation, findings)
    g = scenario.spec.grid
    own, raster = read_grid(
        scenario.map(spec.bed_elevation, "[terrain] bed_elevation"), g.crs, findings
    )
    grid = _wanted_grid(scenario, own, findings)
    bed = read_bed(raster, grid, spec.elevation_unit)
    if g.extent is not None:
        shapes = read_geometries(scenario.map(g.extent, "[grid] extent"), grid, (AREA,))
        inside = np.zeros(grid.shape, bool)
        for shape in shapes:
            inside |= grid.cells_in(shape)
        bed = np.where(inside, bed, np.nan)
    return grid, bed


def _wanted_grid(scenario: Scenario, own: Grid, findings: list[Finding]) -> Grid:
    """The raster's grid, clipped to bounds and at the asked cell size; both are said."""
    g = scenario.spec.grid
    cell = g.cell_size_m or own.cell_size_m
    bounds = g.bounds_m
    if g.extent is not None and bounds is None:
        import shapely

        shapes = read_geometries(scenario.map(g.extent, "[grid] extent"), own, (AREA,))
        bounds = tuple(shapely.total_bounds(np.array(shapes)).tolist())
    if bounds is None and cell == own.cell_size_m:
        return own
    w, s, e, n = own.bounds
    if bounds is not None:
        w, s, e, n = max(w, bounds[0]), max(s, bounds[1]), min(e, bounds[2]), min(n, bounds[3])
        if w >= e or s >= n:
            raise input_error(
                "E204",
                "[grid]",
                "the clip does not overlap the terrain",
                given=str(bounds),
                allowed=repr(own),
            )
    west = own.west_m + np.floor((w - own.west_m) / cell + 1e-9) * cell
    north = own.north_m - np.floor((own.north_m - n) / cell + 1e-9) * cell
    columns, rows = (
        max(1, int(np.ceil((e - west) / cell - 1e-9))),
        max(1, int(np.ceil((north - s) / cell - 1e-9))),
    )
    grid = Grid(rows, columns, cell, float(west), float(north), own.crs)
    if cell != own.cell_size_m:
        way = "area-weighted mean" if cell > own.cell_size_m else "bilinear"
        findings.append(
            Finding(
                "W205",
                "[grid] cell_size_m",
                f"the terrain is resampled from {own.cell_size_m:g} to {cell:g} m ({way})",
            )
        )
    return grid


def _laboratory_bed(spec: FlatBed) -> tuple[Grid, np.ndarray]:
    grid = Grid(spec.rows, spec.columns, spec.cell_size_m, 0.0, spec.rows * spec.cell_size_m)
    x, y = np.meshgrid(grid.x_m, grid.y_m)
    bed = spec.level_m + spec.slope_x * x + spec.slope_y * y
    for west, south, east, north, level, rise in spec.boxes:
        inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        bed[inside] = level + rise * x[inside]
    return grid, bed


def _bed_from_rims(
    scenario: Scenario, spec: FromRims, findings: list[Finding]
) -> tuple[Grid, np.ndarray]:
    """A bed from a network alone: inverse-distance mean of the rims of the nearest nodes."""
    from scipy.spatial import cKDTree

    points, levels = _rims(_network(scenario))
    crs, metres = _system_of_rims(scenario)
    points = metres * points
    grid = _grid_around(points, spec.cells, crs)
    x, y = np.meshgrid(grid.x_m, grid.y_m)
    distance, index = cKDTree(points).query(
        np.column_stack([x.ravel(), y.ravel()]), k=min(8, len(points))
    )
    weight = 1.0 / np.maximum(distance, 0.5 * grid.cell_size_m) ** 2
    findings.append(
        Finding(
            "W212",
            "[terrain] bed_elevation",
            f"the ground is interpolated from {len(points)} rims: depths on it are not those of a"
            " surveyed street",
        )
    )
    return grid, ((weight * levels[index]).sum(axis=1) / weight.sum(axis=1)).reshape(grid.shape)


def _system_of_rims(scenario: Scenario) -> tuple[str, float]:
    """The stated system of a network's map in metres, and metres of the unit that it is in."""
    stated = scenario.spec.grid.crs or "local"
    if stated == "local":
        return stated, 1.0
    place = f"{scenario.path.name}, [grid] crs"
    system = systems.system_of(stated, place)
    unit = systems.map_unit(system)
    if system.is_geographic:
        raise input_error(
            "E202",
            place,
            "the network's map would be in degrees",
            given=stated,
            allowed="a projected system",
            do="give the system of its [COORDINATES], or write them anew in metres",
        )
    scenario.log.map_unit = unit
    metric = system if unit[1] == 1.0 else systems.in_metres(system)
    return systems.named(metric), unit[1]


def _network(scenario: Scenario) -> InpFile:
    drainage = scenario.spec.drainage
    if drainage.kind != "swmm" or drainage.network is None:
        raise input_error(
            "E104",
            f"{scenario.path.name}, [terrain] bed_elevation",
            "from_rims needs [drainage] network",
            do='add [drainage] kind = "swmm", network = "FILE.inp"',
        )
    return read_inp(scenario.file(drainage.network, "[drainage] network"), scenario.roots)


def _rims(inp: InpFile) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) m and rims (n,) m of the nodes that have both."""
    places, rims = inp.coordinates(), inp.stated_rims()
    names = [name for name in rims if name in places]
    if len(names) < 3:
        raise input_error(
            "E104",
            inp.path.name,
            "from_rims needs at least three nodes with coordinates",
            given=str(len(names)),
            do="add places to [COORDINATES], or give a raster as bed_elevation",
        )
    points = np.array([places[name] for name in names])
    return points, np.array([rims[name] for name in names])


def _grid_around(points: np.ndarray, cells: int, crs: str) -> Grid:
    """A grid of about so many cells, of at least 1 m, around the points with a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * float(np.max(high - low)) + 20.0
    width, height = (high - low) + 2 * margin
    cell = float(max(1.0, np.ceil(np.sqrt(width * height / cells))))
    return Grid(
        int(height / cell) + 1,
        int(width / cell) + 1,
        cell,
        float(low[0] - margin),
        float(high[1] + margin),
        crs,
    )
