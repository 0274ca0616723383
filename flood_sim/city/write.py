"""The reference city as plain files that any tool opens: GeoTIFF, GeoPackage, SWMM .inp, CSV, and a
scenario that runs from them.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.city.build import DECK_M, OPEN_WIDTH, SOFFIT_BELOW_M, City
from flood_sim.city.exposure import zone_at
from flood_sim.city.ground import ditch_axis
from flood_sim.city.land_use import BUILDING, LAND_COVER, LAND_USES, OUTSIDE
from flood_sim.city.parameters import ORIGIN_M, STREET_LEVEL_M
from flood_sim.city.sites import FLOOR_HEIGHT_M, PEOPLE_PER_KM2, floors_of
from flood_sim.city.streets import LANES_OF, RIVERSIDE_OFFSET_M, Part
from flood_sim.core.files.durable import write_bytes, write_text
from flood_sim.core.files.writing import write_csv, writing
from flood_sim.surface.ditches import ENTRY_AND_EXIT, INLET, MANNING_N

NOTE = (
    "Synthetic reference city of flood_sim. Not a real place; nothing in these files was surveyed."
)


def write_city(city: City, folder: Path) -> list[Path]:
    """Write every file of the city into folder (made where it is not there); returns their
    paths.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    _write_rasters(city, folder)
    _write_tables(city, folder)
    _write_layers(city, folder)
    _text(folder / "network.inp", city.network.inp)
    built = "\n".join(f"{name}: {value:.4g}" for name, value in city.measured().items())
    _text(folder / "README.txt", f"{NOTE}\n\nBuilt:\n{built}\n")
    return sorted(folder.iterdir())


def _text(path: Path, text: str) -> None:
    with writing(path):
        write_text(path, text)


def _raster(city: City, path: Path, field: np.ndarray, kind: str, nodata: float | None) -> None:
    import rasterio

    grid = city.ground.grid
    profile = {
        "height": grid.rows,
        "width": grid.columns,
        "count": 1,
        "dtype": kind,
        "crs": grid.crs,
        "transform": grid.transform,
        "nodata": nodata,
    }
    with rasterio.MemoryFile() as memory:  # on a full disk GDAL closes a cut file without a word
        with memory.open(driver="GTiff", compress="DEFLATE", **profile) as data:
            data.write(field.astype(kind), 1)
            data.update_tags(note=NOTE)
        with writing(path):
            write_bytes(path, memory.read())


def _write_rasters(city: City, folder: Path) -> None:
    ground = city.ground
    _raster(
        city,
        folder / "terrain.tif",
        np.where(np.isfinite(ground.bed_elevation), ground.bed_elevation, -9999.0),
        "float32",
        -9999.0,
    )
    _raster(city, folder / "land_cover.tif", ground.land_use, "uint8", OUTSIDE)
    _raster(city, folder / "buildings.tif", ground.buildings, "uint8", None)
    _raster(city, folder / "initial_depth.tif", city.initial_depth(), "float32", None)
    _raster(city, folder / "population.tif", population(city), "float32", None)


def population(city: City) -> np.ndarray:
    """(rows, columns) people: 10,000 per km2, spread over homes by floor area."""
    x, y = city.ground.grid.x_m - ORIGIN_M[0], city.ground.grid.y_m - ORIGIN_M[1]
    weight = np.zeros(city.ground.grid.shape)
    for part in city.plan.parts:
        if part.use == "home":
            inside = ((y >= part.y0) & (y < part.y1))[:, None] & ((x >= part.x0) & (x < part.x1))[
                None, :
            ]
            weight[inside & city.ground.buildings] = floors_of(city.parameters, part)
    people = PEOPLE_PER_KM2 * city.parameters.side_m**2 / 1e6
    return weight * people / weight.sum() if weight.any() else weight


def _write_tables(city: City, folder: Path) -> None:
    rows: list[list[Any]] = [
        ["class", "name", "manning_n", "conductivity_mm_h", "suction_mm", "deficit"]
    ]
    for code, (roughness, *soil) in sorted(LAND_COVER.items()):
        rows.append(
            [
                code,
                LAND_USES[code],
                city.parameters.river_manning_n if LAND_USES[code] == "river" else roughness,
                *soil,
            ]
        )
    write_csv(folder / "land_cover.csv", rows)
    rows, grid = (
        [["node", "kind", "x_m", "y_m", "perimeter_m", "area_m2", "capacity_m3_s"]],
        city.ground.grid,
    )
    for i in city.network.inlets:
        place = (f"{grid.x_m[i.column]:.2f}", f"{grid.y_m[i.row]:.2f}")
        rows.append(
            [
                i.node,
                "custom",
                *place,
                f"{i.perimeter_m:.6g}",
                f"{i.area_m2:.6g}",
                f"{i.capacity_m3_s:.6g}",
            ]
        )
    write_csv(folder / "inlets.csv", rows)
    if city.ground.culverts:
        _write_culverts(city, folder / "culverts.csv")
    stages = [
        [hour, f"{STREET_LEVEL_M + stage:.3f}"] for hour, stage in city.parameters.river_stage_h_m
    ]
    write_csv(folder / "river_stage.csv", [["time_h", "level_m"], *stages])


def _write_culverts(city: City, path: Path) -> None:
    """The boxes of the open ditches as a culvert table."""
    grid, widths = city.ground.grid, {d.name: d.width for d in city.plan.ditches}
    rows = [
        [
            "name",
            "from_x_m",
            "from_y_m",
            "to_x_m",
            "to_y_m",
            "height_m",
            "width_m",
            "inlet",
            "entry_loss",
            "manning_n",
            "from_level_m",
            "to_level_m",
            "flap",
        ]
    ]
    for c in city.ground.culverts:
        ends = [
            f"{v:.2f}"
            for row, column in (c.from_cell, c.to_cell)
            for v in (grid.x_m[column], grid.y_m[row])
        ]
        law = [INLET, f"{ENTRY_AND_EXIT[0]:g}", f"{MANNING_N:g}"]
        levels = [f"{c.from_level_m:.6f}", f"{c.to_level_m:.6f}"]
        rows.append(
            [
                c.name,
                *ends,
                f"{c.height_m:g}",
                f"{widths[c.name.rpartition('.')[0]]:g}",
                *law,
                *levels,
                str(c.one_way).lower(),
            ]
        )
    write_csv(path, rows)


def _write_layers(city: City, folder: Path) -> None:
    import shapely

    _write_streets(city, folder / "roads.gpkg")
    parts = city.plan.parts
    boxes = [shapely.box(*_at(q.x0, q.y0), *_at(q.x1, q.y1)) for q in parts]
    zones = {
        "name": [q.name for q in parts],
        "zone": [_zone(city, q) for q in parts],
        "use": [q.use for q in parts],
    }
    _layer(city, folder / "zones.gpkg", boxes, zones)
    _write_buildings(city, folder / "buildings.gpkg")
    if city.plan.ditches:
        _write_ditches(city, folder / "ditches.gpkg")
    points = [shapely.Point(s.x_m, s.y_m) for s in city.sites]
    sites = {"name": [s.name for s in city.sites], "kind": [s.kind for s in city.sites]}
    _layer(city, folder / "sites.gpkg", points, sites)


def _at(x: float, y: float) -> tuple[float, float]:
    """A map point of local metres."""
    return ORIGIN_M[0] + x, ORIGIN_M[1] + y


def _write_streets(city: City, path: Path) -> None:
    import shapely

    streets = city.plan.streets
    lines = [
        shapely.LineString(
            [_at(s.start, s.at), _at(s.stop, s.at)]
            if s.axis == "x"
            else [_at(s.at, s.start), _at(s.at, s.stop)]
        )
        for s in streets
    ]
    columns: dict[str, list[Any]] = {
        "name": [s.name for s in streets],
        "class": [s.kind for s in streets],
        "lanes": [LANES_OF[s.kind] for s in streets],
        "width_m": [s.width for s in streets],
    }
    _layer(city, path, lines, columns)


def _write_buildings(city: City, path: Path) -> None:
    shapes, owners = _building_shapes(city)
    columns: dict[str, list[Any]] = {
        "part": [q.name for q in owners],
        "use": [q.use for q in owners],
        "floors": [floors_of(city.parameters, q) for q in owners],
        "floor_height_m": [FLOOR_HEIGHT_M for _ in owners],
        "year": [q.year for q in owners],
        "ground_floor_m": [
            0.15 if q.year == "old" and k % 7 == 0 else 0.30 for k, q in enumerate(owners)
        ],
    }
    _layer(city, path, shapes, columns)


def _write_ditches(city: City, path: Path) -> None:
    import shapely

    ditches = city.plan.ditches
    columns: dict[str, list[Any]] = {
        "name": [d.name for d in ditches],
        "state": ["filled" if d.filled else "open" for d in ditches],
        "width_m": [d.width for d in ditches],
    }
    _layer(city, path, [shapely.LineString(ditch_axis(d)) for d in ditches], columns)


def _zone(city: City, part: Part) -> str:
    return zone_at(
        city.parameters, city.sites, 0.5 * (part.x0 + part.x1), 0.5 * (part.y0 + part.y1)
    )


def _building_shapes(city: City) -> tuple[list[Any], list[Part]]:
    """Polygons of connected building cells and the part each stands in."""
    import shapely
    from rasterio.features import shapes

    grid, found, owners = city.ground.grid, [], []
    mask = city.ground.land_use == BUILDING
    for geometry, _ in shapes(mask.astype(np.uint8), mask=mask, transform=grid.transform):
        shape = shapely.geometry.shape(geometry)
        place = shape.representative_point()
        x, y = place.x - ORIGIN_M[0], place.y - ORIGIN_M[1]
        part = next(
            (q for q in city.plan.parts if q.x0 - 1 <= x <= q.x1 + 1 and q.y0 - 1 <= y <= q.y1 + 1),
            None,
        )
        if part is not None:
            found.append(shape)
            owners.append(part)
    return found, owners


def _layer(city: City, path: Path, shapes: list[Any], columns: dict[str, list[Any]]) -> None:
    import shapely
    from pyogrio.raw import write

    content = io.BytesIO()
    kind = (
        {"LineString": "LineString", "Point": "Point"}.get(shapes[0].geom_type, "Polygon")
        if shapes
        else "Polygon"
    )
    data = [
        np.array(values, object if isinstance(values[0], str) else None)
        for values in columns.values()
    ]
    write(
        content,
        shapely.to_wkb(np.array(shapes)),
        data,
        np.array(list(columns)),
        driver="GPKG",
        geometry_type=kind,
        crs=city.ground.grid.crs,
    )
    with writing(path):
        write_bytes(path, content.getvalue())


def files_scenario(city: City, name: str, start: str, stop: str, rainfall: str, folder: str) -> str:
    """TOML of the same run from the written files instead of [city]."""
    rivers, gauges = _river_text(city, folder), _gauge_text(city)
    return f"""# {NOTE}
schema = 1
name   = "{name}"
title  = "The same city from files"

[time]
start = {start}
stop  = {stop}

[terrain]
bed_elevation = "{folder}/terrain.tif"
manning_n     = {{ file = "{folder}/land_cover.tif", table = "{folder}/land_cover.csv" }}
buildings     = "{folder}/buildings.tif"
building_treatment = "hole"

[rainfall]
{rainfall}

[infiltration]
kind       = "green_ampt"
land_cover = {{ file = "{folder}/land_cover.tif", table = "{folder}/land_cover.csv" }}

[initial]
depth = "{folder}/initial_depth.tif"

[drainage]
kind    = "swmm"
network = "{folder}/network.inp"
inlets  = "{folder}/inlets.csv"
coupling_step_s = 4.0
routing_step_s  = 2.0
{rivers}
[output]
gauges = {{ {gauges} }}
{_tables_text(city, folder)}"""


def _river_text(city: City, folder: str) -> str:
    """Stage boundaries at both ends of each river, TOML."""
    west, south, east, _ = city.ground.grid.bounds
    return "".join(
        f'\n[[boundaries]]\nkind = "stage_series"\nedge = {{ line_m = [[{x},'
        f" {south + c - RIVERSIDE_OFFSET_M}], [{x}, {south + c + 31.0}]] }}\nfile ="
        f' "{folder}/river_stage.csv"\nbefore = "hold"\nafter = "hold"\n'
        for c in city.plan.rivers
        for x in (west, east)
    )


def _gauge_text(city: City) -> str:
    """A gauge at each site, as the inside of a TOML table."""
    grid = city.ground.grid
    return ", ".join(
        f"{s.name} = [{grid.x_m[s.column]:.2f}, {grid.y_m[s.row]:.2f}]" for s in city.sites
    )


def _tables_text(city: City, folder: str) -> str:
    """The city's structures, sites and passages as TOML; "" where it has gauges only."""
    import tomli_w

    structures: list[dict[str, Any]] = [
        {
            "kind": "bridge",
            "name": name,
            "line_m": [list(point) for point in axis],
            "soffit_m": STREET_LEVEL_M - SOFFIT_BELOW_M,
            "deck_m": STREET_LEVEL_M + DECK_M,
            "open_share": OPEN_WIDTH,
        }
        for name, axis in city.bridge_axes().items()
    ]
    if city.ground.culverts:
        structures.append(
            {"kind": "culvert_table", "name": "ditches", "file": f"{folder}/culverts.csv"}
        )
    tables = {
        key: rows for key, rows in {"structures": structures, **city.site_tables()}.items() if rows
    }
    return "\n" + tomli_w.dumps(tables) if tables else ""
