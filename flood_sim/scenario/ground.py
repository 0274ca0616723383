"""[grid] and [terrain] to a Terrain: bed, roughness, buildings; with what `check` has to say about
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flood_sim.city import City
from flood_sim.core.errors import Finding, input_error
from flood_sim.core.grid import Grid
from flood_sim.ground.terrain import MOST_COVERED, Terrain, terrain_of
from flood_sim.scenario.checks.ground import check_elevations, check_roughness
from flood_sim.scenario.checks.levels import check_bed
from flood_sim.scenario.doors.map_source import MapSource
from flood_sim.scenario.doors.rasters import DRIVERS, read_layer
from flood_sim.scenario.doors.resampled import How
from flood_sim.scenario.doors.tables import by_class
from flood_sim.scenario.doors.traces import say_traceless
from flood_sim.scenario.doors.vectors import AREA, read_features
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.ground import TerrainSpec
from flood_sim.scenario.spec.water import LandCover
from flood_sim.scenario.terrain_bed import build_bed

POCKET_M2 = 200.0
FINER = 8
MASK_UNKNOWN = 255.0  # of a byte that means nothing


@dataclass(frozen=True)
class GroundInputs:
    """Terrain with its buildings taken out or raised, and their mask (rows, columns) bool."""

    terrain: Terrain
    buildings: np.ndarray


def build_ground(scenario: Scenario, city: City | None, findings: list[Finding]) -> GroundInputs:
    """The ground of a scenario. Raises InputError with what is wrong in its files."""
    if city is not None:
        return _city_ground(city)
    spec = scenario.spec.terrain
    assert spec is not None
    terrain = _open_ground(scenario, spec, findings)
    covered = _covered(scenario, spec, terrain, findings)
    porous, block = spec.building_treatment == "porosity", spec.building_treatment == "block"
    buildings = covered > (MOST_COVERED if porous else 0.5)
    walls = _walls(terrain, spec, findings)
    solid = walls if block else buildings | walls
    buildings = buildings | walls
    if block:
        terrain = terrain.with_raised_buildings(buildings & ~solid, spec.building_height_m)
    pockets = _closed_pockets(terrain, solid, findings)
    terrain = terrain.with_solid_buildings(solid | pockets)
    if porous:
        terrain = terrain.with_porous_buildings(covered)
    return GroundInputs(terrain, buildings | pockets)


def _open_ground(scenario: Scenario, spec: TerrainSpec, findings: list[Finding]) -> Terrain:
    """Bed and roughness, before anything is built on them."""
    grid, bed = build_bed(scenario, spec, findings)
    walls = np.nan_to_num(bed, nan=-np.inf) > (
        np.inf if spec.walls_above_m is None else spec.walls_above_m
    )
    check_bed(np.where(walls, np.nan, bed), grid, findings)
    terrain = terrain_of(grid, bed, _manning(scenario, spec, grid, np.isfinite(bed), findings))
    check_roughness(terrain, findings)
    check_elevations(terrain, spec, findings)
    return terrain


def _walls(terrain: Terrain, spec: TerrainSpec, findings: list[Finding]) -> np.ndarray:
    """(rows, columns) bool: cells so high that they are buildings."""
    if spec.walls_above_m is None:
        return np.zeros(terrain.grid.shape, bool)
    bed = np.nan_to_num(terrain.bed_elevation, nan=-np.inf)
    high = terrain.active & (bed > spec.walls_above_m)
    findings.append(
        Finding(
            "W210",
            "[terrain] walls_above_m",
            f"{int(high.sum())} cells above {spec.walls_above_m:g} m are taken as buildings"
            " (holes)",
        )
    )
    return high


def _closed_pockets(terrain: Terrain, solid: np.ndarray, findings: list[Finding]) -> np.ndarray:
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
    return pockets


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


def _manning(
    scenario: Scenario, spec: TerrainSpec, grid: Grid, active: np.ndarray, findings: list[Finding]
) -> np.ndarray | float:
    if isinstance(spec.manning_n, float):
        return spec.manning_n
    if isinstance(spec.manning_n, LandCover):
        cover = spec.manning_n
        place = "[terrain] manning_n"
        return by_class(
            scenario.map(cover.raster, place),
            scenario.file(cover.table, place),
            ("manning_n",),
            grid,
            active,
            findings,
        )["manning_n"]
    source = scenario.map(spec.manning_n, "[terrain] manning_n")
    values = read_layer(source, grid)
    holes = active & ~np.isfinite(values)
    if holes.any():
        row, column = np.argwhere(holes)[0]
        raise input_error(
            "E212",
            source.name,
            f"{int(holes.sum())} active cells have no roughness, first at row {row}, column"
            f" {column}",
            do="fill the raster or mask the cells",
            at=grid.centres(holes),
        )
    return np.where(np.isfinite(values), values, 0.03)


def _masked(source: MapSource, terrain: Terrain, how: How) -> np.ndarray:
    """Share of each cell under buildings, of a raster of shares or a mask."""
    share = read_layer(source, terrain.grid, how, colours=True)
    _refuse_unknown(source.name, share[terrain.active])
    wrong = terrain.active & np.isfinite(share) & ((share < 0.0) | (share > 1.0 + 1e-6))
    if wrong.any():
        raise input_error(
            "E222",
            source.name,
            f"{int(wrong.sum())} cells hold no share of a cell",
            given=f"{float(share[wrong][0]):g}",
            allowed="0 to 1, not per cent",
            do="a mask holds 1 where a building stands, 0 elsewhere",
            at=terrain.grid.centres(wrong),
        )
    return np.clip(np.nan_to_num(share), 0.0, 1.0)


def _refuse_unknown(name: str, share: np.ndarray) -> None:
    """Raises InputError where a mask of 0 and 1 holds 255: nothing known, and not declared."""
    if set(np.unique(share[np.isfinite(share)]).tolist()) <= {0.0, 1.0, MASK_UNKNOWN}:
        count = int((share == MASK_UNKNOWN).sum())
        if 0 < count < share.size and (share == 1.0).any():
            raise input_error(
                "E208",
                name,
                f"{count} cells of the mask hold 255 and no NoData value is declared",
                given="0, 1 and 255",
                allowed="0 and 1",
                do=f"declare nodata = 255 in the raster: gdal_edit.py -a_nodata 255 {name}",
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
    source = scenario.map(spec.buildings, "[terrain] buildings")
    if source.path.suffix.lower() in DRIVERS:
        return _masked(source, terrain, How.MEAN if porous else How.NEAREST)
    from rasterio import Affine
    from rasterio.features import rasterize

    finer = FINER if porous else 1
    features = read_features(source, grid, (AREA,))
    say_traceless(source, features.shapes, features.number, grid, finer)
    shapes = [(shape, 1) for shape in features.shapes]
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
                source.name,
                "no building covers an active cell",
                do="check its coordinate system",
            )
        )
    return np.asarray(covered)
