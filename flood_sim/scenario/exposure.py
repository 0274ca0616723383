"""[exposure] to an Exposure: roads, buildings and people from files, or the city's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.city import City
from flood_sim.city.exposure import city_exposure
from flood_sim.core.errors import Finding, InputError, input_error, nearest
from flood_sim.core.files.checked_tables import check_columns
from flood_sim.core.files.table_rows import Row
from flood_sim.core.grid import Grid
from flood_sim.ground.exposure import BEGIN, END, USES, ZONES, Exposure, Streets, streets_of
from flood_sim.scenario.doors import files
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.tables import BuildingFeature, RoadFeature

ROAD_WIDTH_M, FLOOR_M = 7.0, 0.15
ODD_PEOPLE_M2, CROWD_M2 = 1.0, 5.0  # of ground: towers of flats reach 0.3; 5 stand in a crowd


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
        (np.zeros(grid.shape, np.int32), _empty(0))
        if spec.buildings is None
        else _buildings(scenario, grid, spec.buildings, findings)
    )
    people = table["people"]
    if spec.population is not None:
        path = scenario.file(spec.population, "[exposure] population")
        people = _people_at_home(path, grid, building, len(people), findings)
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
    path: Path, grid: Grid, building: np.ndarray, count: int, findings: list[Finding]
) -> np.ndarray:
    """People of each building (count,); building : (rows, columns) numbers from 1, 0: none."""
    raster = _people(path, grid, findings)
    _check_people(path.name, raster, grid, findings)
    raster = np.nan_to_num(raster)
    people = np.bincount(building.ravel(), raster.ravel(), count + 1)[1:]
    left = float(raster.sum() - people.sum())
    if left > 0.01 * raster.sum():
        text = f"{left:.0f} of {raster.sum():.0f} people live in no building and are left out"
        findings.append(Finding("W230", "[exposure] population", text))
    return people


def _people(path: Path, grid: Grid, findings: list[Finding]) -> np.ndarray:
    """People a cell of the model, of a raster of people a cell of its own: what lives on a larger
    or smaller cell is spread by area.
    """
    with files.open_raster(path) as data:
        own = abs(float(data.transform.a))
    raster = files.read_layer(path, grid, findings, mean=grid.cell_size_m > own)
    if abs(own - grid.cell_size_m) > 1e-6 * own:
        text = (
            f"people are spread by area from cells of {own:g} m to those of {grid.cell_size_m:g} m:"
            f" {np.nansum(raster) * (grid.cell_size_m / own) ** 2:,.0f} people"
        )
        findings.append(Finding("W230", path.name, text, do="check their number"))
    return raster * (grid.cell_size_m / own) ** 2


def _refuse_no_shape(name: str, shapes: list[Any]) -> None:
    gone = [k + 1 for k, shape in enumerate(shapes) if shape is None or shape.is_empty]
    if gone:
        given = f"feature {gone[0]}" + (f" and {len(gone) - 1} more" if len(gone) > 1 else "")
        raise input_error(
            "E204",
            f"{name}, feature {gone[0]}",
            f"{len(gone)} features have no geometry",
            given=given,
            do="draw or remove them",
        )


def _check_people(name: str, raster: np.ndarray, grid: Grid, findings: list[Finding]) -> None:
    """People a cell: not below zero, not denser than people stand. Raises InputError."""
    density = raster / grid.cell_area_m2
    wrong = np.isinf(raster) | (density < 0.0) | (density > CROWD_M2)
    if wrong.any():
        k = np.argwhere(wrong)[0]
        what = "people below zero" if raster[tuple(k)] < 0.0 else "more people than can stand there"
        raise input_error(
            "E222",
            name,
            f"{int(wrong.sum())} cells hold {what}",
            given=f"{raster[tuple(k)]:g} in a cell of {grid.cell_area_m2:g} m2",
            allowed=f"0 to {CROWD_M2:g} a m2",
            do="the raster holds people a cell, not per km2 or per ha",
            at=grid.centres(wrong),
        )
    odd = density > ODD_PEOPLE_M2
    if odd.any():
        text = (
            f"{int(odd.sum())} cells hold more than {ODD_PEOPLE_M2:g} people a m2, at most"
            f" {np.nanmax(raster):.0f} a cell: per ha or per km2?"
        )
        findings.append(
            Finding("W220", name, text, do="the raster holds people a cell", at=grid.centres(odd))
        )


def _checked(
    model: type[Row], name: str, columns: dict[str, np.ndarray], findings: list[Finding]
) -> None:
    """Numbers of a layer's features by their row model. Raises InputError with all faults."""
    numbers, faults = {}, []
    for key, values in columns.items():
        if key in model.model_fields and model.model_fields[key].annotation != (str | None):
            try:
                numbers[key] = np.asarray(values, float)
            except (TypeError, ValueError):
                k, text = next((k, v) for k, v in enumerate(values.tolist()) if _no_number(v))
                faults.append(
                    Finding(
                        "E104",
                        f"{name}, feature {k + 1}, `{key}`",
                        "this is no number",
                        given=repr(text)[:60],
                        do="give a number",
                    )
                )
                continue
            if np.isinf(numbers[key]).any():
                faults.append(
                    Finding(
                        "E104",
                        f"{name}, `{key}`",
                        "this is no finite number",
                        do="mend the feature",
                    )
                )
    faults += check_columns(
        model, numbers, lambda k, key: f"{name}, feature {k + 1}, `{key}`", findings
    )
    if faults:
        raise InputError(faults)


def _no_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return True
    return False


def _roads(
    scenario: Scenario, grid: Grid, name: str, findings: list[Finding]
) -> tuple[np.ndarray, Streets | None]:
    """Share of each cell that is road, and the lines among the roads as segments (polygons have no
    ends).
    """
    from rasterio.features import rasterize

    place = "[exposure] roads"
    shapes, columns = files.read_features(
        scenario.file(name, place), grid, ("width_m", "zone", "name")
    )
    count = len(shapes)
    _refuse_no_shape(name, shapes)
    _checked(RoadFeature, name, columns, findings)
    given = np.asarray(columns.get("width_m", np.full(count, ROAD_WIDTH_M)), float)
    widths = np.where(np.isnan(given), ROAD_WIDTH_M, given)
    zones = [
        _zone(str(z), f"{scenario.path.name}, {place}, zone")
        for z in columns.get("zone", ["centre"] * count)
    ]
    names = [str(n) for n in columns.get("name", [f"road {k + 1}" for k in range(count)])]
    areas = [
        s if s.geom_type.endswith("Polygon") else s.buffer(0.5 * float(w), cap_style="flat")
        for s, w in zip(shapes, widths, strict=True)
    ]
    share = rasterize(
        [(a, 1) for a in areas], out_shape=grid.shape, transform=grid.transform, dtype="uint8"
    ).astype(float)
    lines = [
        _segment(grid, label, zone, line, float(width))
        for label, zone, line, width in zip(names, zones, shapes, widths, strict=True)
        if line.geom_type == "LineString"
    ]
    return share, streets_of(lines) if lines else None


def _segment(
    grid: Grid, name: str, zone: int, line: Any, width_m: float
) -> tuple[str, int, float, np.ndarray, np.ndarray]:
    """Cells under a line of a width, and those of them at its two ends."""
    import shapely

    cells = np.argwhere(
        grid.cells_in(line.buffer(0.5 * width_m, cap_style="flat"))
        | grid.cells_in(line, touched=True)
    )
    along = shapely.line_locate_point(
        line, shapely.points(grid.x_m[cells[:, 1]], grid.y_m[cells[:, 0]])
    )
    end = np.where(along <= along.min(initial=np.inf) + grid.cell_size_m, BEGIN, 0)
    end |= np.where(along >= along.max(initial=-np.inf) - grid.cell_size_m, END, 0)
    return name, zone, float(line.length), cells[:, 0] * grid.columns + cells[:, 1], end


def _zone(text: str, place: str) -> int:
    if text not in ZONES:
        raise input_error(
            "E104",
            place,
            f"no such zone{nearest(text, ZONES)}",
            given=text,
            allowed=", ".join(ZONES),
        )
    return ZONES.index(text)


def _empty(count: int) -> dict[str, np.ndarray]:
    return {
        "use": np.zeros(count, np.int64),
        "floors": np.ones(count),
        "ground_floor_m": np.full(count, FLOOR_M),
        "area_m2": np.zeros(count),
        "people": np.full(count, np.nan),
        "cell": np.full(count, -1, np.int64),
    }


def _buildings(
    scenario: Scenario, grid: Grid, name: str, findings: list[Finding]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    from rasterio.features import rasterize

    place = "[exposure] buildings"
    shapes, columns = files.read_features(
        scenario.file(name, place), grid, ("use", "floors", "ground_floor_m", "people")
    )
    _refuse_no_shape(name, shapes)
    _checked(BuildingFeature, name, columns, findings)
    table = _empty(len(shapes))
    for key in ("floors", "ground_floor_m", "people"):
        if key in columns:
            usual = 0.0 if key == "people" else float(table[key][0])
            table[key] = _or_usual(name, key, np.asarray(columns[key], float), usual, findings)
    table["use"] = np.array(
        [
            _use(str(u), f"{scenario.path.name}, {place}, use")
            for u in columns.get("use", ["residential"] * len(shapes))
        ],
        np.int64,
    )
    table["area_m2"] = np.array([float(s.area) for s in shapes])
    _check_crowds(name, table, findings)
    building: Any = rasterize(
        [(s, k) for k, s in enumerate(shapes, start=1)],
        out_shape=grid.shape,
        transform=grid.transform,
        dtype="int32",
    )
    table["cell"] = _middle_cells(name, grid, shapes, building, findings)
    return building, table


def _or_usual(
    name: str, key: str, values: np.ndarray, usual: float, findings: list[Finding]
) -> np.ndarray:
    """Values (n,) of a column, and what is taken where a feature gives none. A column without any
    number of people says nothing of people.
    """
    empty = np.isnan(values)
    if key == "people" and empty.all():
        return values
    if empty.any():
        text = f"{int(empty.sum())} of {len(values)} buildings give no {key}: {usual:g} is taken"
        findings.append(Finding("W540", f"{name}, `{key}`", text, do="fill in the column"))
    return np.where(empty, usual, values)


def _middle_cells(
    name: str, grid: Grid, shapes: list[Any], building: np.ndarray, findings: list[Finding]
) -> np.ndarray:
    """(buildings,) flat index of the cell of each middle, -1 outside the grid; those that own no
    cell are counted (W541), those outside too (W542).
    """
    middles = [s.representative_point() for s in shapes]
    row, column = grid.cell_at([p.x for p in middles], [p.y for p in middles])
    cell = np.where(grid.contains(row, column), row * grid.columns + column, -1)
    owned = np.bincount(building.ravel(), minlength=len(shapes) + 1)[1:] > 0
    small, away = ~owned & (cell >= 0), ~owned & (cell < 0)
    if small.any():
        text = (
            f"{int(small.sum())} of {len(shapes)} buildings are smaller than a cell, or behind"
            " others: the water beside them is that of the cell of their middle"
        )
        at = tuple((middles[k].x, middles[k].y) for k in np.flatnonzero(small)[:1000])
        findings.append(Finding("W541", name, text, do="a smaller cell shows them", at=at))
    if away.any():
        text = (
            f"{int(away.sum())} of {len(shapes)} buildings lie outside the terrain: no water"
            " reaches them"
        )
        at = tuple((middles[k].x, middles[k].y) for k in np.flatnonzero(away)[:1000])
        findings.append(Finding("W542", name, text, do="a larger terrain", at=at))
    return np.asarray(cell, np.int64)


def _check_crowds(name: str, table: dict[str, np.ndarray], findings: list[Finding]) -> None:
    """People against the floors that they have."""
    room = table["area_m2"] * table["floors"]
    odd = (table["people"] > 10.0) & (table["people"] > CROWD_M2 * room)
    if odd.any():
        k = int(np.flatnonzero(odd)[0])
        text = f"{int(odd.sum())} buildings hold more than {CROWD_M2:g} people a m2 of floor"
        given = f"{table['people'][k]:g} people on {room[k]:.0f} m2"
        findings.append(
            Finding(
                "W220",
                f"{name}, feature {k + 1}, `people`",
                text,
                given=given,
                do="people are those of one building",
            )
        )


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
    raise input_error(
        "E104", place, f"no such use{nearest(word, USES)}", given=text, allowed=", ".join(USES)
    )
