"""[exposure] to an Exposure: roads, buildings and people from files, or the city's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from flood_sim.city import City
from flood_sim.city.exposure import city_exposure
from flood_sim.errors import Finding, input_error, nearest
from flood_sim.exposure import BEGIN, END, USES, ZONES, Exposure, Streets, streets_of
from flood_sim.grid import Grid
from flood_sim.scenario import files
from flood_sim.scenario.loader import Scenario

ROAD_WIDTH_M, FLOOR_M = 7.0, 0.15


def build_exposure(scenario: Scenario, grid: Grid, city: City | None, findings: list[Finding]) -> Exposure | None:
    """None where the scenario says nothing of what stands in the water's way. Raises InputError where a file is wrong."""
    spec = scenario.spec.exposure
    if spec is None:
        return city_exposure(city.parameters, city.plan, city.ground, city.sites) if city is not None else None
    roads, streets = (np.zeros(grid.shape), None) if spec.roads is None else _roads(scenario, grid, spec.roads)
    building, table = (np.zeros(grid.shape, np.int32), _empty(0)) if spec.buildings is None else _buildings(scenario, grid, spec.buildings)
    people = table["people"]
    if spec.population is not None:
        raster = np.nan_to_num(files.read_layer(scenario.file(spec.population, "[exposure] population"), grid, findings, mean=False))
        people = np.bincount(building.ravel(), raster.ravel(), len(people) + 1)[1:]
        left = float(raster.sum() - people.sum())
        if left > 0.01 * raster.sum():
            findings.append(Finding("W230", "[exposure] population", f"{left:.0f} of {raster.sum():.0f} people live in no building and are left out"))
    return Exposure(roads, building, table["use"], table["floors"], table["ground_floor_m"], table["area_m2"], people, streets)


def _roads(scenario: Scenario, grid: Grid, name: str) -> tuple[np.ndarray, Streets | None]:
    """Share of each cell that is road, and the lines among the roads as segments (polygons have no ends)."""
    from rasterio.features import rasterize

    place = "[exposure] roads"
    shapes, columns = files.read_features(scenario.file(name, place), grid, ("width_m", "zone", "name"))
    count = len(shapes)
    widths = columns.get("width_m", np.full(count, ROAD_WIDTH_M))
    zones = [_zone(str(z), f"{scenario.path.name}, {place}, zone") for z in columns.get("zone", ["centre"] * count)]
    names = [str(n) for n in columns.get("name", [f"road {k + 1}" for k in range(count)])]
    areas = [s if s.geom_type.endswith("Polygon") else s.buffer(0.5 * float(w), cap_style="flat") for s, w in zip(shapes, widths, strict=True)]
    share = rasterize([(a, 1) for a in areas], out_shape=grid.shape, transform=grid.transform, dtype="uint8").astype(float)
    lines = [
        _segment(grid, label, zone, line, float(width))
        for label, zone, line, width in zip(names, zones, shapes, widths, strict=True)
        if line.geom_type == "LineString"
    ]
    return share, streets_of(lines) if lines else None


def _segment(grid: Grid, name: str, zone: int, line: Any, width_m: float) -> tuple[str, int, float, np.ndarray, np.ndarray]:
    """Cells under a line of a width, and those of them at its two ends."""
    import shapely

    cells = np.argwhere(grid.cells_in(line.buffer(0.5 * width_m, cap_style="flat")) | grid.cells_in(line, touched=True))
    along = shapely.line_locate_point(line, shapely.points(grid.x_m[cells[:, 1]], grid.y_m[cells[:, 0]]))
    end = np.where(along <= along.min(initial=np.inf) + grid.cell_size_m, BEGIN, 0)
    end |= np.where(along >= along.max(initial=-np.inf) - grid.cell_size_m, END, 0)
    return name, zone, float(line.length), cells[:, 0] * grid.columns + cells[:, 1], end


def _zone(text: str, place: str) -> int:
    if text not in ZONES:
        raise input_error("E104", place, f"no such zone{nearest(text, ZONES)}", given=text, allowed=", ".join(ZONES))
    return ZONES.index(text)


def _empty(count: int) -> dict[str, np.ndarray]:
    return {
        "use": np.zeros(count, np.int64), "floors": np.ones(count), "ground_floor_m": np.full(count, FLOOR_M), "area_m2": np.zeros(count),
        "people": np.zeros(count),
    }  # fmt: skip


def _buildings(scenario: Scenario, grid: Grid, name: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    from rasterio.features import rasterize

    place = "[exposure] buildings"
    shapes, columns = files.read_features(scenario.file(name, place), grid, ("use", "floors", "ground_floor_m", "people"))
    table = _empty(len(shapes))
    for key in ("floors", "ground_floor_m", "people"):
        if key in columns:
            table[key] = np.nan_to_num(np.asarray(columns[key], float), nan=float(table[key][0]))
    table["use"] = np.array(
        [_use(str(u), f"{scenario.path.name}, {place}, use") for u in columns.get("use", ["residential"] * len(shapes))], np.int64
    )
    table["area_m2"] = np.array([float(s.area) for s in shapes])
    building: Any = rasterize([(s, k) for k, s in enumerate(shapes, start=1)], out_shape=grid.shape, transform=grid.transform, dtype="int32")
    return building, table


def _use(text: str, place: str) -> int:
    """Index into USES; "home" and "industry" are understood, what is neither is commercial."""
    word = {
        "home": "residential",
        "house": "residential",
        "industry": "industrial",
        "factory": "industrial",
        "shop": "commercial",
        "office": "commercial",
    }.get(text, text)
    if word in USES:
        return USES.index(word)
    if word in ("school", "hospital", "public", "park", "market", "None", ""):
        return USES.index("commercial")
    raise input_error("E104", place, f"no such use{nearest(word, USES)}", given=text, allowed=", ".join(USES))
