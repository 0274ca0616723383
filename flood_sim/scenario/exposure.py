"""[exposure] to an Exposure: roads, buildings and people from files, or the city's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from flood_sim.city import City
from flood_sim.city.exposure import city_exposure
from flood_sim.core.errors import Finding, input_error
from flood_sim.core.files.map_keys import PeopleFile, RoadFile
from flood_sim.core.grid import Grid
from flood_sim.core.units import SQUARE_METRES_A_HECTARE
from flood_sim.ground.exposure import BEGIN, END, ZONES, Exposure, Streets, streets_of
from flood_sim.scenario.checks.features import Words, check_features, refuse_words
from flood_sim.scenario.doors.map_source import MapSource
from flood_sim.scenario.doors.rasters import read_layer
from flood_sim.scenario.doors.resampled import How
from flood_sim.scenario.doors.vectors import AREA, LINE, Features, read_features
from flood_sim.scenario.exposure_buildings import CROWD_M2, no_buildings, read_buildings
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.tables import RoadFeature

ROAD_WIDTH_M = 7.0
ZONE_WORDS = Words("zone", "roads", "zones", tuple(ZONES), "centre", "outside")
ODD_PEOPLE_M2 = 1.0  # of ground: towers of flats reach 0.3
AREAS_M2 = {"ha": SQUARE_METRES_A_HECTARE, "km2": 1e6}  # of a number of people


def build_exposure(
    scenario: Scenario, grid: Grid, city: City | None, findings: list[Finding]
) -> Exposure | None:
    """None where the scenario says nothing of what stands in the water's way. Raises InputError
    where a file is wrong.
    """
    spec = scenario.spec.exposure
    if spec is None:
        if city is None:
            return None
        return city_exposure(city.parameters, city.plan, city.ground, city.sites)
    roads, streets = (
        (np.zeros(grid.shape), None)
        if spec.roads is None
        else _roads(scenario, grid, spec.roads, findings)
    )
    building, table = (
        (np.zeros(grid.shape, np.int32), no_buildings())
        if spec.buildings is None
        else read_buildings(scenario, grid, spec.buildings, findings)
    )
    people = table["people"]
    if spec.population is not None:
        people = _people_at_home(scenario, spec.population, grid, building, len(people), findings)
    return Exposure(
        roads,
        building,
        table["use"],
        table["floors"],
        table["ground_floor_m"],
        table["area_m2"],
        people,
        streets,
        table["cell"],
    )


def _people_at_home(
    scenario: Scenario,
    key: str | PeopleFile,
    grid: Grid,
    building: np.ndarray,
    count: int,
    findings: list[Finding],
) -> np.ndarray:
    """People of each building (count,); building : (rows, columns) numbers from 1, 0: none."""
    source = scenario.map(key, "[exposure] population")
    raster = people_of_cells(source, grid)
    _check_people(source.name, raster, grid, findings)
    raster = np.nan_to_num(raster)
    people = np.bincount(building.ravel(), raster.ravel(), count + 1)[1:]
    left = float(raster.sum() - people.sum())
    if left > 0.01 * raster.sum():
        text = f"{left:.0f} of {raster.sum():.0f} people live in no building and are left out"
        findings.append(Finding("W230", "[exposure] population", text))
    return people


def people_of_cells(source: MapSource, grid: Grid) -> np.ndarray:
    """People in each cell (rows, columns). Numbers a cell are counts: their sum stays, whatever the
    cells; numbers a ha or km2 are densities: their mean stays.
    """
    if source.per == "cell":
        raster = read_layer(source, grid, How.SUM)
    else:
        raster = read_layer(source, grid, How.MEAN) * grid.cell_area_m2 / AREAS_M2[source.per]
    _refuse_below_zero(source.name, raster, grid)
    key = next(reversed(source.log.lines))
    source.log.lines[key] += f"; {np.nansum(raster):,.0f} people on the grid"
    return raster


def _refuse_below_zero(name: str, raster: np.ndarray, grid: Grid) -> None:
    wrong = np.isinf(raster) | (raster < 0.0)
    if wrong.any():
        raise input_error(
            "E222",
            name,
            f"{int(wrong.sum())} cells hold people below zero, or without end",
            given=f"{raster[wrong][0]:g}",
            allowed=">= 0",
            do="declare the NoData value of the raster",
            at=grid.centres(wrong),
        )


def _check_people(name: str, raster: np.ndarray, grid: Grid, findings: list[Finding]) -> None:
    """People a cell: not denser than people stand. Raises InputError."""
    density = raster / grid.cell_area_m2
    wrong = density > CROWD_M2
    do = 'the raster holds people a cell; others: { file = "...", per = "ha" } or "km2"'
    if wrong.any():
        raise input_error(
            "E222",
            name,
            f"{int(wrong.sum())} cells hold more people than can stand there",
            given=f"{raster[wrong][0]:g} in a cell of {grid.cell_area_m2:g} m2",
            allowed=f"0 to {CROWD_M2:g} a m2",
            do=do,
            at=grid.centres(wrong),
        )
    odd = density > ODD_PEOPLE_M2
    if odd.any():
        text = (
            f"{int(odd.sum())} cells hold more than {ODD_PEOPLE_M2:g} people a m2, at most"
            f" {np.nanmax(raster):.0f} a cell: per ha or per km2?"
        )
        findings.append(Finding("W220", name, text, do=do, at=grid.centres(odd)))


def _roads(
    scenario: Scenario, grid: Grid, key: str | RoadFile, findings: list[Finding]
) -> tuple[np.ndarray, Streets | None]:
    """Share of each cell that is road, and the lines among the roads as segments (polygons have no
    ends).
    """
    from rasterio.features import rasterize

    source = scenario.map(key, "[exposure] roads")
    features = read_features(source, grid, (LINE, AREA), ("width_m", "zone", "name"))
    check_features(RoadFeature, source.name, features, findings)
    count = len(features)
    given = features.columns.get("width_m", np.full(count, np.nan))
    widths = np.where(np.isnan(given), ROAD_WIDTH_M, given)
    areas = [
        s if s.geom_type.endswith(AREA) else s.buffer(0.5 * float(w), cap_style="flat")
        for s, w in zip(features.shapes, widths, strict=True)
    ]
    areas = [(a, 1) for a in areas if not a.is_empty]
    share = rasterize(areas, out_shape=grid.shape, transform=grid.transform, dtype="uint8").astype(
        float
    )
    rows = zip(_names(features), _zones(source, features), features.shapes, widths, strict=True)
    lines = [
        _segment(grid, label, zone, line, float(width))
        for label, zone, line, width in rows
        if line.geom_type == LINE
    ]
    return share, streets_of(lines) if lines else None


def _names(features: Features) -> list[str]:
    """Of each road; absent: its number in the file."""
    given = features.columns.get("name", np.full(len(features), None, object))
    return [
        str(name) if name is not None and str(name).strip() else f"road {number}"
        for name, number in zip(given.tolist(), features.number.tolist(), strict=True)
    ]


def _zones(source: MapSource, features: Features) -> list[int]:
    """Index into ZONES of each road; absent: centre. Raises InputError with all unknown words."""
    given = features.columns.get("zone", np.full(len(features), None, object))
    said = ["centre" if z is None or not str(z).strip() else str(z) for z in given.tolist()]
    known = dict.fromkeys(ZONES, "") | dict(source.words)
    ours = [known.get(word, source.other or word) or word for word in said]
    strange = list(dict.fromkeys(w for w, o in zip(said, ours, strict=True) if o not in ZONES))
    refuse_words(source, features, said, strange, ZONE_WORDS)
    return [ZONES.index(word) for word in ours]


def _segment(
    grid: Grid, name: str, zone: int, line: Any, width_m: float
) -> tuple[str, int, float, np.ndarray, np.ndarray]:
    """Cells under a line of a width, and those of them at its two ends."""
    import shapely

    wide = line.buffer(0.5 * width_m, cap_style="flat")
    under = grid.cells_in(line, touched=True)
    cells = np.argwhere(under if wide.is_empty else under | grid.cells_in(wide))
    along = shapely.line_locate_point(
        line, shapely.points(grid.x_m[cells[:, 1]], grid.y_m[cells[:, 0]])
    )
    end = np.where(along <= along.min(initial=np.inf) + grid.cell_size_m, BEGIN, 0)
    end |= np.where(along >= along.max(initial=-np.inf) - grid.cell_size_m, END, 0)
    return name, zone, float(line.length), cells[:, 0] * grid.columns + cells[:, 1], end
