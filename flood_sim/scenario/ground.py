"""[grid], [terrain] and [initial] to a Terrain and a depth; with what `check` has to say about
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flood_sim.city import City
from flood_sim.core.errors import Finding, input_error
from flood_sim.core.grid import Grid
from flood_sim.ground.terrain import MOST_COVERED, Terrain, lone_extremes, terrain_of
from flood_sim.scenario.checks.levels import check_bed, check_start
from flood_sim.scenario.doors import files
from flood_sim.scenario.doors.tables import by_class
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.schema import FlatBed, FromRims, TerrainSpec
from flood_sim.scenario.spec.water import LandCover

MANNING_RANGE = (0.001, 0.5)
SMOOTHEST_N = 0.008  # glass; less is doubtful, and real rasters have it (resampled edges)
SPIKE_M = 10.0
POCKET_M2 = 200.0
FINER = 8


@dataclass(frozen=True)
class GroundInputs:
    """Terrain with its buildings taken out or raised, and their mask."""

    terrain: Terrain
    buildings: np.ndarray


def build_ground(scenario: Scenario, city: City | None, findings: list[Finding]) -> GroundInputs:
    """The ground of a scenario."""
    if city is not None:
        return _city_ground(city)
    spec = scenario.spec.terrain
    assert spec is not None
    grid, bed = _bed(scenario, spec, findings)
    walls = np.nan_to_num(bed, nan=-np.inf) > (
        np.inf if spec.walls_above_m is None else spec.walls_above_m
    )
    check_bed(np.where(walls, np.nan, bed), grid, findings)
    terrain = terrain_of(grid, bed, _manning(scenario, spec, grid, np.isfinite(bed), findings))
    _check_roughness(terrain, findings)
    _check_bed(terrain, spec, findings)
    covered = _covered(scenario, spec, terrain, findings)
    buildings = covered > (MOST_COVERED if spec.building_treatment == "porosity" else 0.5)
    solid = buildings if spec.building_treatment != "block" else np.zeros(grid.shape, bool)
    if spec.walls_above_m is not None:
        high = terrain.active & (
            np.nan_to_num(terrain.bed_elevation, nan=-np.inf) > spec.walls_above_m
        )
        findings.append(
            Finding(
                "W210",
                "[terrain] walls_above_m",
                f"{int(high.sum())} cells above {spec.walls_above_m:g} m are taken as buildings"
                " (holes)",
            )
        )
        solid, buildings = solid | high, buildings | high
    if spec.building_treatment == "block":
        terrain = terrain.with_raised_buildings(buildings & ~solid, spec.building_height_m)
    pockets = enclosed_pockets(terrain.active & ~solid, terrain.grid.cell_area_m2)
    if pockets.any():
        findings.append(
            Finding(
                "W215",
                "[terrain] buildings",
                f"{int(pockets.sum())} cells in pockets under {POCKET_M2:g} m2 that buildings"
                " enclose are taken as building: water could not leave them",
            )
        )
    terrain = terrain.with_solid_buildings(solid | pockets)
    if spec.building_treatment == "porosity":
        terrain = terrain.with_porous_buildings(covered)
    return GroundInputs(terrain, buildings | pockets)


def enclosed_pockets(open_cells: np.ndarray, cell_area_m2: float) -> np.ndarray:
    """(rows, columns) bool: open cells in pieces (four neighbours) smaller than POCKET_M2, the
    largest piece never among them.
    """
    from scipy.ndimage import label

    parts, count = label(open_cells)
    sizes: np.ndarray = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    small = (sizes * cell_area_m2 < POCKET_M2) & (sizes < np.max(sizes))
    small[0] = False
    return small[parts]


def _city_ground(city: City) -> GroundInputs:
    g = city.ground
    terrain = terrain_of(g.grid, g.bed_elevation, g.manning_n)
    return GroundInputs(terrain.with_solid_buildings(g.buildings), g.buildings)


def _bed(scenario: Scenario, spec: TerrainSpec, findings: list[Finding]) -> tuple[Grid, np.ndarray]:
    if isinstance(spec.bed_elevation, FlatBed):
        return _laboratory_bed(spec.bed_elevation)
    if isinstance(spec.bed_elevation, FromRims):
        return _bed_from_rims(scenario, spec.bed_elevation, findings)
    g = scenario.spec.grid
    path = scenario.file(spec.bed_elevation, "[terrain] bed_elevation")
    own, data = files.read_grid(path, g.crs, findings)
    grid = _wanted_grid(scenario, own, findings)
    bed = files.read_values(data, path, grid, findings)
    if g.extent is not None:
        shapes = files.read_geometries(scenario.file(g.extent, "[grid] extent"), grid)
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

        shapes = files.read_geometries(scenario.file(g.extent, "[grid] extent"), own)
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

    from flood_sim.drainage.inp import read_inp

    drainage = scenario.spec.drainage
    if drainage.kind != "swmm" or drainage.network is None:
        raise input_error(
            "E104",
            f"{scenario.path.name}, [terrain] bed_elevation",
            "from_rims needs [drainage] network",
        )
    inp = read_inp(scenario.file(drainage.network, "[drainage] network"), scenario.roots)
    places, rims = inp.coordinates(), inp.rims()
    names = [name for name in rims if name in places]
    if len(names) < 3:
        raise input_error(
            "E104", inp.path.name, "from_rims needs at least three nodes with coordinates"
        )
    points, levels = (
        np.array([places[name] for name in names]),
        np.array([rims[name] for name in names]),
    )
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * float(np.max(high - low)) + 20.0
    width, height = (high - low) + 2 * margin
    cell = float(max(1.0, np.ceil(np.sqrt(width * height / spec.cells))))
    grid = Grid(
        int(height / cell) + 1,
        int(width / cell) + 1,
        cell,
        float(low[0] - margin),
        float(high[1] + margin),
        scenario.spec.grid.crs or "local",
    )
    x, y = np.meshgrid(grid.x_m, grid.y_m)
    distance, index = cKDTree(points).query(
        np.column_stack([x.ravel(), y.ravel()]), k=min(8, len(names))
    )
    weight = 1.0 / np.maximum(distance, 0.5 * cell) ** 2
    findings.append(
        Finding(
            "W212",
            "[terrain] bed_elevation",
            f"the ground is interpolated from {len(names)} rims: depths on it are not those of a"
            " surveyed street",
        )
    )
    return grid, ((weight * levels[index]).sum(axis=1) / weight.sum(axis=1)).reshape(grid.shape)


def _manning(
    scenario: Scenario, spec: TerrainSpec, grid: Grid, active: np.ndarray, findings: list[Finding]
) -> np.ndarray | float:
    if isinstance(spec.manning_n, float):
        return spec.manning_n
    if isinstance(spec.manning_n, LandCover):
        cover = spec.manning_n
        place = "[terrain] manning_n"
        return by_class(
            scenario.file(cover.file, place),
            scenario.file(cover.table, place),
            ("manning_n",),
            grid,
            active,
            findings,
        )["manning_n"]
    path = scenario.file(spec.manning_n, "[terrain] manning_n")
    values = files.read_layer(path, grid, findings)
    holes = active & ~np.isfinite(values)
    if holes.any():
        row, column = np.argwhere(holes)[0]
        raise input_error(
            "E212",
            path.name,
            f"{int(holes.sum())} active cells have no roughness, first at row {row}, column"
            f" {column}",
            do="fill the raster or mask the cells",
            at=grid.centres(holes),
        )
    return np.where(np.isfinite(values), values, 0.03)


def _check_roughness(terrain: Terrain, findings: list[Finding]) -> None:
    low, high = MANNING_RANGE
    bad = terrain.active & ~((terrain.manning_n >= low) & (terrain.manning_n <= high))
    if bad.any():
        value = float(terrain.manning_n[bad][0])
        raise input_error(
            "E212",
            "[terrain] manning_n",
            f"{int(bad.sum())} cells are out of range",
            given=f"n = {value:g}",
            allowed=f"{low} to {high}",
            do="mend the raster or table",
            at=terrain.grid.centres(bad),
        )
    smooth = terrain.active & (terrain.manning_n < SMOOTHEST_N)
    if smooth.any():
        findings.append(
            Finding(
                "W212",
                "[terrain] manning_n",
                f"{int(smooth.sum())} cells are smoother than glass (n < {SMOOTHEST_N}), least"
                f" {terrain.manning_n[smooth].min():.4f}",
                at=terrain.grid.centres(smooth),
            )
        )


def _check_bed(terrain: Terrain, spec: TerrainSpec, findings: list[Finding]) -> None:
    if not terrain.active.any():
        raise input_error("E207", "[terrain] bed_elevation", "no cell has an elevation")
    bed = terrain.bed_elevation
    extreme = lone_extremes(bed, SPIKE_M)
    if spec.walls_above_m is not None:
        extreme &= ~(np.nan_to_num(bed, nan=-np.inf) > spec.walls_above_m)
    if extreme.any():
        row, column = np.argwhere(extreme)[0]
        places = terrain.grid.centres(extreme)
        x, y = places[0]
        findings.append(
            Finding(
                "W209",
                "[terrain] bed_elevation",
                f"{int(extreme.sum())} cells stand more than {SPIKE_M:g} m over or under all their"
                f" neighbours, first {bed[row, column]:.1f} m at x {x:.1f}, y {y:.1f}",
                do="smooth them, or set walls_above_m where they are buildings",
                at=places,
            )
        )
    values = bed[terrain.active]
    if values.size > 100 and np.all(values == np.rint(values)) and np.ptp(values) > 2.0:
        findings.append(
            Finding(
                "W210",
                "[terrain] bed_elevation",
                "elevations are whole metres: depths below 1 m mean little",
            )
        )
    _check_holes(terrain, findings)


def _check_holes(terrain: Terrain, findings: list[Finding]) -> None:
    from scipy.ndimage import label

    parts, _ = label(np.pad(terrain.outside, 1, constant_values=True))
    holes = terrain.outside & (parts[1:-1, 1:-1] != parts[0, 0])
    if holes.any():
        findings.append(
            Finding(
                "W207",
                "[terrain] bed_elevation",
                f"{int(holes.sum())} cells without elevation lie inside the model: nothing flows"
                " there",
                do="fill them if they are ground",
                at=terrain.grid.centres(holes),
            )
        )


def _covered(
    scenario: Scenario, spec: TerrainSpec, terrain: Terrain, findings: list[Finding]
) -> np.ndarray:
    """Share of each cell under buildings; 0 or 1 by the cell's centre, but for `porosity`, which
    looks at FINER x FINER points of it.
    """
    grid = terrain.grid
    if spec.buildings is None:
        return np.zeros(grid.shape)
    porous = spec.building_treatment == "porosity"
    path = scenario.file(spec.buildings, "[terrain] buildings")
    if path.suffix.lower() in files.DRIVERS:
        share = files.read_layer(path, grid, findings, mean=porous)
        wrong = terrain.active & np.isfinite(share) & ((share < 0.0) | (share > 1.0 + 1e-6))
        if wrong.any():
            raise input_error(
                "E222",
                path.name,
                f"{int(wrong.sum())} cells hold no share of a cell",
                given=f"{float(share[wrong][0]):g}",
                allowed="0 to 1, not per cent",
                do="a mask holds 1 where a building stands, 0 elsewhere",
                at=grid.centres(wrong),
            )
        return np.clip(np.nan_to_num(share), 0.0, 1.0)
    from rasterio import Affine
    from rasterio.features import rasterize

    shapes = [(shape, 1) for shape in files.read_geometries(path, grid)]
    finer = FINER if porous else 1
    t = grid.transform
    fine = Affine(t.a / finer, 0.0, t.c, 0.0, t.e / finer, t.f)
    mask = rasterize(
        shapes, out_shape=(grid.rows * finer, grid.columns * finer), transform=fine, dtype="uint8"
    )
    covered = mask.reshape(grid.rows, finer, grid.columns, finer).mean(axis=(1, 3))
    if not (covered > 0.0)[terrain.active].any():
        findings.append(
            Finding(
                "W204",
                path.name,
                "no building covers an active cell",
                do="check its coordinate system",
            )
        )
    return np.asarray(covered)


def build_initial_depth(
    scenario: Scenario, terrain: Terrain, city: City | None, findings: list[Finding]
) -> np.ndarray:
    """Depth at the start (rows, columns) m: the deepest of what [initial] and the city say."""
    spec = scenario.spec.initial
    if isinstance(spec.depth, str):
        given = files.read_layer(
            scenario.file(spec.depth, "[initial] depth"), terrain.grid, findings
        )
        if np.isinf(given).any():
            raise input_error(
                "E222", "[initial] depth", "the raster holds infinite depths", do="mend the raster"
            )
        depth = np.nan_to_num(given)
    else:
        depth = np.full(terrain.grid.shape, spec.depth)
    if (depth < 0.0).any():
        raise input_error(
            "E104",
            "[initial] depth",
            "a depth below zero",
            given=f"{depth.min():g} m",
            allowed=">= 0",
        )
    ground = np.nan_to_num(terrain.bed_elevation, nan=np.inf)
    for stage in spec.stage:
        inside = np.ones(terrain.grid.shape, bool)
        if stage.inside is not None:
            inside = np.zeros(terrain.grid.shape, bool)
            for shape in files.read_geometries(
                scenario.file(stage.inside, "[initial] stage"), terrain.grid
            ):
                inside |= terrain.grid.cells_in(shape)
        depth = np.maximum(depth, np.where(inside, np.maximum(stage.level_m - ground, 0.0), 0.0))
    check_start(terrain, depth, isinstance(spec.depth, str), findings)
    if city is not None:
        depth = np.maximum(depth, city.initial_depth())
    return np.where(terrain.active, depth, 0.0)
